#include "schema/row_scan.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/thread_pool.h"
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

// What a scan of `batch` found, and what it judged.
struct Scanned {
  std::string told;
  RowVerdicts verdicts;
  RowCounts counts;
};

Scanned Scan(const Schema& schema, const column::OwnedBatch& batch, int batches = 1) {
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  RowScan scan(schema);
  Scanned scanned;
  for (int i = 0; i < batches; ++i) {
    auto verdicts = scan.Add(batch.view(), context);
    EXPECT_TRUE(verdicts.ok()) << verdicts.status();
    scanned.verdicts = *std::move(verdicts);
  }
  scanned.counts = scan.Counts();
  for (const RowCount& count : scanned.counts.counts) {
    if (count.broken == 0) continue;
    scanned.told +=
        count.column + " " + std::string(RuleName(count.rule)) + " " + std::string(SeverityName(count.severity)) + ":";
    for (const int64_t row : count.rows) scanned.told += " " + std::to_string(row);
    for (const profile::ValueCount& sample : count.samples) scanned.told += " '" + sample.value + "'";
    scanned.told += "\n";
  }
  return scanned;
}

std::string Told(const Schema& schema, const column::OwnedBatch& batch) { return Scan(schema, batch).told; }

std::string ReasonsIn(const RowVerdicts& verdicts) {
  std::string text;
  for (const RowFinding& finding : verdicts.reasons) {
    text += std::to_string(finding.row) + " " + finding.column + " " + std::string(RuleName(finding.rule)) + " '" +
            finding.value + "' " + std::string(SeverityName(finding.severity)) + "\n";
  }
  return text;
}

TEST(RowRules, NameEveryRowThatBreaksOne) {
  EXPECT_EQ(Told(Rules(), Rows()),
            "delay type error: 2 4 5 '2.5' 'late' 'n/a'\n"
            "delay missing error: 3\n"
            "speed nan warning: 2 'nan'\n"
            "speed infinity error: 4 'inf'\n"
            "speed min warning: 3 '-1'\n"
            "speed max warning: 1 '11'\n"
            "origin values warning: 3 4 'XYZ'\n");
}

// One text makes a column of texts; the numbers among them are out of the range as before.
TEST(RowRules, ARangeHoldsForTheNumbersAmongTexts) {
  const Schema schema{.columns = {{.name = "delay",
                                   .type = Type::kInteger,
                                   .range = RangeRule{.min = 0, .max = 10, .severity = Severity::kError}}}};
  column::BatchBuilder builder;
  const column::OwnedBatch batch = builder.Texts("delay", {"1", "late", "11", "-2.5", "inf", "10"}).Build();
  const Scanned scanned = Scan(schema, batch);
  EXPECT_EQ(scanned.verdicts.bad, (std::vector<uint8_t>{0, 1, 1, 1, 1, 0}));
  EXPECT_EQ(scanned.told,
            "delay type error: 2 4 5 '-2.5' 'inf' 'late'\ndelay min error: 4 '-2.5'\ndelay max error: 3 '11'\n");
}

TEST(RowRules, ATextThatIsNotUtf8IsNoNewValueToo) {
  const Schema schema{.columns = {{.name = "x", .type = Type::kText, .values = ValuesRule{.allowed = {"a"}}}}};
  column::BatchBuilder builder;
  const Scanned scanned = Scan(schema, builder.Texts("x", {"a", "b", "\xff"}).Build());
  EXPECT_EQ(scanned.counts.Find("x", Rule::kEncoding)->rows, (std::vector<int64_t>{3}));
  EXPECT_EQ(scanned.counts.Find("x", Rule::kValues)->rows, (std::vector<int64_t>{2}));
}

TEST(RowRules, ADeprecatedColumnHasNone) {
  ColumnRules old{.name = "old", .type = Type::kInteger, .presence = Presence::kDeprecated};
  old.duplicates = Policy::kError;
  old.order = OrderRule{.severity = Severity::kError};
  const Schema schema{.columns = {old}};
  column::BatchBuilder builder;
  const Scanned scanned = Scan(schema, builder.Integers("old", {2, 2, 1}).Build());
  EXPECT_EQ(scanned.verdicts.bad, (std::vector<uint8_t>{0, 0, 0}));
  EXPECT_TRUE(scanned.counts.counts.empty());
}

TEST(RowRules, LookIntoListsAndStructs) {
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
  EXPECT_EQ(Told({.columns = {tags, tag, city}}, batch),
            "tags lengths error: 2\n"
            "tags lengths error: 4\n"
            "tags[] max warning: 1\n"
            "address.city values warning: 2\n");
}

TEST(RowRules, ShapesAndEmbeddingsAreOfEachList) {
  ColumnRules shape{.name = "x", .type = Type::kList};
  shape.shape = ShapeRule{.dims = {2}};
  ColumnRules embedding{.name = "x", .type = Type::kList};
  embedding.embedding = EmbeddingRule{.size = 2};
  column::BatchBuilder values;
  column::BatchBuilder builder;
  const column::OwnedBatch batch =
      builder.Lists("x", {2, 1, 2}, values.Numbers("item", {1.0, 2.0, 3.0, 4.0, std::nullopt}).Build()).Build();
  EXPECT_EQ(Told({.columns = {shape}}, batch), "x shape error: 2\n");
  EXPECT_EQ(Told({.columns = {embedding}}, batch), "x embedding error: 2 3\n");
}

TEST(RowRules, ARowIsBadByThoseThatAreErrors) {
  const Scanned scanned = Scan(Rules(), Rows());
  EXPECT_EQ(scanned.verdicts.bad, (std::vector<uint8_t>{0, 1, 1, 1, 1}));
  EXPECT_EQ(ReasonsIn(scanned.verdicts),
            "2 delay type 'late' error\n"
            "3 delay missing '' error\n"
            "4 delay type '2.5' error\n"
            "4 speed infinity 'inf' error\n"
            "5 delay type 'n/a' error\n");
  Schema schema = Rules();
  schema.columns[0].missing->max_share = 0.5;
  EXPECT_EQ(Scan(schema, Rows()).verdicts.bad, (std::vector<uint8_t>{0, 1, 0, 1, 1}));
}

TEST(RowRules, TheFirstFiveRowsAreNamedOverAllBatches) {
  const Scanned scanned = Scan(Rules(), Rows(), 3);
  EXPECT_EQ(scanned.counts.Find("origin", Rule::kValues)->rows, (std::vector<int64_t>{3, 4, 8, 9, 13}));
  EXPECT_EQ(scanned.counts.Find("origin", Rule::kValues)->broken, 6);
}

}  // namespace
}  // namespace roost::schema
