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

TEST(FindRows, StopsAtTheLimitOfEachRule) {
  const auto batch = Rows();
  EXPECT_EQ(FindRows(Rules(), batch.view(), 0, 1).size(), 7u);
  EXPECT_TRUE(FindRows(Rules(), batch.view(), 0, 0).empty());
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
