#include "schema/find_rows.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "column/builder.h"

namespace roost::schema {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Schema Rules() {
  return {.columns = {{.name = "delay", .type = Type::kInteger, .missing = MissingRule{}},
                      {.name = "speed",
                       .type = Type::kNumber,
                       .nan = Policy::kWarning,
                       .infinity = Policy::kError,
                       .range = RangeRule{.min = 0, .max = 10}},
                      {.name = "origin", .type = Type::kText, .values = ValuesRule{.allowed = {"ABE", "ATL"}}},
                      {.name = "old", .type = Type::kInteger, .presence = Presence::kDeprecated},
                      {.name = "absent", .type = Type::kText}}};
}

column::OwnedBatch Rows() {
  column::BatchBuilder builder;
  return builder.Texts("delay", {"1", "late", std::nullopt, "2.5", "n/a"})
      .Numbers("speed", {11.0, std::nan(""), -1.0, kInfinity, std::nullopt})
      .Texts("origin", {"ATL", std::nullopt, "XYZ", "", "ABE"})
      .Texts("old", {"a", "b", "c", "d", "e"})
      .Build();
}

std::string Told(const std::vector<RowFinding>& findings) {
  std::string text;
  for (const RowFinding& finding : findings) {
    text += std::to_string(finding.row) + " " + finding.column + " " + std::string(RuleName(finding.rule)) + " '" +
            finding.value + "' " + std::string(SeverityName(finding.severity)) + "\n";
  }
  return text;
}

TEST(FindRows, NamesEveryRowThatBreaksARule) {
  const auto batch = Rows();
  EXPECT_EQ(Told(FindRows(Rules(), batch.view(), 101, 10)),
            "102 delay type 'late' error\n"
            "104 delay type '2.5' error\n"
            "105 delay type 'n/a' error\n"
            "103 delay missing '' error\n"
            "102 speed nan 'nan' warning\n"
            "104 speed infinity 'inf' error\n"
            "103 speed min '-1' warning\n"
            "101 speed max '11' warning\n"
            "103 origin values 'XYZ' warning\n"
            "104 origin values '' warning\n");
}

TEST(FindRows, LooksIntoListsAndStructs) {
  ColumnRules tags{.name = "tags", .type = Type::kList};
  tags.lengths = LengthsRule{.min = 1, .max = 2};
  ColumnRules tag{.name = "tags[]", .type = Type::kInteger, .range = RangeRule{.max = 5}};
  ColumnRules city{.name = "address.city", .type = Type::kText, .values = ValuesRule{.allowed = {"Oslo"}}};
  column::BatchBuilder values;
  column::BatchBuilder fields;
  column::BatchBuilder builder;
  const column::OwnedBatch batch =
      builder.Lists("tags", {2, 0, std::nullopt, 3}, values.Integers("item", {1, 9, 2, 3, 4}).Build())
          .Structs("address", {true, true, false, true}, fields.Texts("city", {"Oslo", "Rome", "Rome", "Oslo"}).Build())
          .Build();
  EXPECT_EQ(Told(FindRows({.columns = {tags, tag, city}}, batch.view(), 1, 10)),
            "2 tags lengths '' error\n"
            "4 tags lengths '' error\n"
            "1 tags[] max '' warning\n"
            "2 address.city values '' warning\n");
}

TEST(FindRows, ShapesAndEmbeddingsAreOfEachList) {
  ColumnRules shape{.name = "x", .type = Type::kList};
  shape.shape = ShapeRule{.dims = {2}};
  ColumnRules embedding{.name = "x", .type = Type::kList};
  embedding.embedding = EmbeddingRule{.size = 2};
  column::BatchBuilder values;
  column::BatchBuilder builder;
  const column::OwnedBatch batch =
      builder.Lists("x", {2, 1, 2}, values.Numbers("item", {1.0, 2.0, 3.0, 4.0, std::nullopt}).Build()).Build();
  EXPECT_EQ(Told(FindRows({.columns = {shape}}, batch.view(), 1, 10)), "2 x shape '' error\n");
  EXPECT_EQ(Told(FindRows({.columns = {embedding}}, batch.view(), 1, 10)),
            "2 x embedding '' error\n3 x embedding '' error\n");
}

TEST(FindRows, StopsAtTheLimitOfEachRule) {
  const auto batch = Rows();
  EXPECT_EQ(FindRows(Rules(), batch.view(), 0, 1).size(), 7u);
  EXPECT_TRUE(FindRows(Rules(), batch.view(), 0, 0).empty());
}

TEST(JudgeRows, ARowIsBadByRulesThatAreErrors) {
  const auto batch = Rows();
  const RowVerdicts verdicts = JudgeRows(Rules(), batch.view(), 101);
  EXPECT_EQ(verdicts.bad, (std::vector<uint8_t>{0, 1, 1, 1, 1}));
  EXPECT_EQ(Told(verdicts.reasons),
            "102 delay type 'late' error\n"
            "103 delay missing '' error\n"
            "104 delay type '2.5' error\n"
            "104 speed infinity 'inf' error\n"
            "105 delay type 'n/a' error\n");
  Schema schema = Rules();
  schema.columns[0].missing->max_share = 0.5;
  EXPECT_EQ(JudgeRows(schema, batch.view()).bad, (std::vector<uint8_t>{0, 1, 0, 1, 1}));
}

TEST(FindRows, AnomaliesGetTheRowsOfTheirRuleUpToFive) {
  Report report{.rows = 10, .anomalies = {{.column = "origin", .rule = Rule::kValues}, {.column = "delay"}}};
  const auto batch = Rows();
  for (int64_t first_row = 1; first_row <= 11; first_row += 5) {
    AddRows(report, FindRows(Rules(), batch.view(), first_row, 5));
  }
  EXPECT_EQ(report.anomalies[0].rows, (std::vector<int64_t>{3, 4, 8, 9, 13}));
  EXPECT_TRUE(report.anomalies[1].rows.empty());
}

}  // namespace
}  // namespace roost::schema
