#include "schema/row_scan.h"

#include <random>

#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "schema/summaries_for_test.h"
#include "schema/validate.h"

namespace roost::schema {
namespace {

class RowScanTest : public ::testing::Test {
 protected:
  RowScanTest() : pool_(1) { context_.pool = &pool_; }

  RowVerdicts Add(RowScan& scan, const column::OwnedBatch& batch) {
    auto verdicts = scan.Add(batch.view(), context_);
    EXPECT_TRUE(verdicts.ok()) << verdicts.status();
    return *std::move(verdicts);
  }

  ThreadPool pool_;
  Context context_;
};

Schema Flights() {
  ColumnRules number{.name = "number", .type = Type::kInteger};
  number.duplicates = Policy::kWarning;
  number.order = OrderRule{.max_gap = 10, .severity = Severity::kError};
  ColumnRules code{.name = "code", .type = Type::kText};
  code.pattern = PatternRule{.regex = "[A-Z]{3}", .severity = Severity::kError};
  Schema schema{.columns = {number, code}};
  schema.dataset.keys = {{.columns = {"number", "code"}}};
  schema.dataset.foreign_keys = {{.columns = {"code"}, .dataset = "airports", .references = {"iata"}}};
  schema.rules = {{.name = "short", .check = "length(code) <= 3 or number > 100"}};
  return schema;
}

column::OwnedBatch Rows(std::vector<std::optional<int64_t>> numbers, std::vector<std::optional<std::string>> codes) {
  column::BatchBuilder builder;
  return builder.Integers("number", std::move(numbers)).Texts("code", std::move(codes)).Build();
}

TEST_F(RowScanTest, FindsWhatDependsOnOtherRowsOverBatches) {
  KeySet airports({"iata"});
  column::BatchBuilder builder;
  ASSERT_TRUE(airports.Add(builder.Texts("iata", {"ATL", "ABE"}).Build().view()).ok());
  const Schema schema = Flights();
  RowScan scan(schema, {.foreign_keys = {&airports}});
  EXPECT_EQ(Add(scan, Rows({1, 2}, {"ATL", "ABE"})).bad, (std::vector<uint8_t>{0, 0}));
  const RowVerdicts verdicts = Add(scan, Rows({2, 1, 50, std::nullopt}, {"ABE", "late", "XYZ", std::nullopt}));
  EXPECT_EQ(verdicts.bad, (std::vector<uint8_t>{1, 1, 1, 1}));
  std::string reasons;
  for (const RowFinding& reason : verdicts.reasons) {
    reasons += std::to_string(reason.row) + " " + std::string(RuleName(reason.rule)) + " " + reason.value + "\n";
  }
  EXPECT_EQ(reasons,
            "3 key 2, ABE\n"
            "4 pattern late\n4 order 1\n4 foreign_key late\n4 custom late, 1\n"
            "5 order 50\n5 foreign_key XYZ\n"
            "6 key null, null\n");
  const RowCounts counts = scan.Counts();
  EXPECT_EQ(counts.rows, 6);
  EXPECT_EQ(counts.Find("number", Rule::kDuplicates)->broken, 2);
  EXPECT_EQ(counts.Find("number", Rule::kDuplicates)->rows, (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(counts.Find("", Rule::kKey, "number, code")->broken, 2);
}

TEST_F(RowScanTest, ValidateTakesCountsRowsAndSamplesFromTheScan) {
  const Schema schema = Flights();
  RowScan scan(schema);
  const column::OwnedBatch batch = Rows({1, 1, 3}, {"ATL", "x", "x"});
  Add(scan, batch);
  const RowCounts counts = scan.Counts();
  profile::Profile profile;
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  const Report report = Validate(schema, profile.Summarize(), {.rows = &counts});
  std::string told;
  for (const Anomaly& anomaly : report.anomalies) told += anomaly.column + ": " + anomaly.message + "\n";
  EXPECT_EQ(told,
            "code: 2 of 3 values (66.7 %) do not look like '[A-Z]{3}': 'x' (2)\n"
            ": the rule 'foreign_key code' was not checked: the rows of 'airports' are not at hand\n"
            "number: 1 of 3 values (33.3 %) was there before, none may be\n");
  EXPECT_EQ(report.anomalies[0].rows, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(report.anomalies[0].broken, 2);
}

TEST_F(RowScanTest, PartsOfAFeatureAreEquallyLongInEachRow) {
  Schema schema{.columns = {{.name = "at"}, {.name = "value"}}};
  schema.sparse_features = {{.name = "both", .index_columns = {"at"}, .value_column = "value"}};
  schema.weighted_features = {{.name = "weighed", .column = "value", .weight_column = "at"}};
  column::BatchBuilder builder, at, value;
  const column::OwnedBatch batch = builder.Lists("at", {2, 1, 0, std::nullopt}, at.Integers("v", {1, 2, 3}).Build())
                                       .Lists("value", {1, 2, 0, 1}, value.Integers("v", {1, 2, 3, 4}).Build())
                                       .Build();
  RowScan scan(schema);
  EXPECT_EQ(Add(scan, batch).bad, (std::vector<uint8_t>{1, 1, 0, 1}));
  const RowCounts counts = scan.Counts();
  profile::Profile profile;
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  // In sum there are as many of the one as of the other, from 0 to 2 a row.
  std::string told;
  for (const Anomaly& anomaly : Validate(schema, profile.Summarize(), {.rows = &counts}).anomalies) {
    if (anomaly.column.empty()) told += anomaly.tfx + ": " + anomaly.message + "\n";
  }
  EXPECT_EQ(
      told,
      "SPARSE_FEATURE_MISSING_INDEX: the sparse feature 'both': 1 row has no value in 'at' where 'value' has one\n"
      "SPARSE_FEATURE_LENGTH_MISMATCH: the sparse feature 'both': 2 rows have not as many values in 'at' as in "
      "'value'\n"
      "WEIGHTED_FEATURE_MISSING_WEIGHT: the weighted feature 'weighed': 1 row has no value in 'at' where 'value' "
      "has one\n"
      "WEIGHTED_FEATURE_LENGTH_MISMATCH: the weighted feature 'weighed': 2 rows have not as many values in "
      "'value' as in 'at'\n");
}

TEST_F(RowScanTest, WhatCannotBeCheckedSaysWhy) {
  Schema schema = Flights();
  schema.rules = {{.name = "late", .check = "delay > 15"}};
  schema.dataset.keys = {{.columns = {"flight"}}};
  RowScan scan(schema);
  Add(scan, Rows({1}, {"ATL"}));
  const RowCounts counts = scan.Counts();
  EXPECT_NE(counts.Find("", Rule::kKey, "flight")->problem, "");
  const Report report = Validate(schema, Summary({Plain("number", column::Type::kInt64, 1)}), {.rows = &counts});
  int64_t unchecked = 0;
  for (const Anomaly& anomaly : report.anomalies) unchecked += anomaly.rule == Rule::kNotCounted ? 1 : 0;
  EXPECT_GE(unchecked, 2);
}

// What each rule told of rows that a nested column cannot have is what the profile knows, or that it was not checked.
TEST_F(RowScanTest, RulesOfNestedColumnsThatRowsDoNotTellAreNotPassed) {
  ColumnRules tags{.name = "tags", .type = Type::kList};
  ColumnRules tag{.name = "tags[]", .type = Type::kInteger};
  tag.duplicates = Policy::kError;
  tag.order = OrderRule{.severity = Severity::kError};
  const Schema schema{.columns = {tags, tag}};
  column::BatchBuilder values;
  column::BatchBuilder builder;
  const column::OwnedBatch batch = builder.Lists("tags", {2, 2}, values.Integers("item", {7, 7, 5, 4}).Build()).Build();
  RowScan scan(schema);
  Add(scan, batch);
  const RowCounts counts = scan.Counts();
  profile::ColumnSummary lists = Lists("tags", 2, 2, 4, 2);
  lists.children[0].type = column::Type::kInt64;
  lists.children[0].distinct = 3.9;
  std::string told;
  for (const Anomaly& anomaly : Validate(schema, Summary({lists}), {.rows = &counts}).anomalies) {
    told += anomaly.column + ": " + anomaly.message + "\n";
  }
  EXPECT_EQ(told,
            "tags[]: the rule 'duplicates' was not checked: no column 'tags[]' in the data; its columns are tags\n"
            "tags[]: the rule 'order' was not checked: only values of a column of its own follow each other\n");
}

TEST_F(RowScanTest, TwoForeignKeysOfTheSameColumnsAreTwo) {
  Schema schema{.columns = {{.name = "code", .type = Type::kText}}};
  schema.dataset.foreign_keys = {{.columns = {"code"}, .dataset = "airports", .references = {"iata"}},
                                 {.columns = {"code"}, .dataset = "airlines", .references = {"iata"}}};
  KeySet airports({"iata"});
  KeySet airlines({"iata"});
  column::BatchBuilder builder;
  ASSERT_TRUE(airports.Add(builder.Texts("iata", {"ATL", "ABE"}).Build().view()).ok());
  ASSERT_TRUE(airlines.Add(builder.Texts("iata", {"ATL"}).Build().view()).ok());
  RowScan scan(schema, {.foreign_keys = {&airports, &airlines}});
  const column::OwnedBatch batch = Rows({1, 2}, {"ATL", "ABE"});
  Add(scan, batch);
  const RowCounts counts = scan.Counts();
  profile::Profile profile;
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  schema.new_columns = Policy::kAllow;
  const Report report = Validate(schema, profile.Summarize(), {.rows = &counts});
  ASSERT_EQ(report.anomalies.size(), 1u);
  EXPECT_EQ(report.anomalies[0].message,
            "1 of 2 rows refer to nothing in 'airlines' (code in airlines (iata)): 'ABE' (1)");
  EXPECT_EQ(report.anomalies[0].detail, "code in airlines (iata)");
  EXPECT_EQ(Accept(schema, report.anomalies)->dataset.foreign_keys,
            (std::vector<ForeignKey>{schema.dataset.foreign_keys[0]}));
}

TEST_F(RowScanTest, AFeatureOfNestedColumnsIsLeftToTheProfile) {
  Schema schema{.columns = {{.name = "item", .type = Type::kStruct},
                            {.name = "item.value", .type = Type::kInteger},
                            {.name = "weight", .type = Type::kInteger}}};
  schema.weighted_features = {{.name = "w", .column = "item.value", .weight_column = "weight"}};
  column::BatchBuilder fields;
  column::BatchBuilder builder;
  const column::OwnedBatch batch = builder.Structs("item", {true, true}, fields.Integers("value", {1, 2}).Build())
                                       .Integers("weight", {3, 4})
                                       .Build();
  RowScan scan(schema);
  EXPECT_EQ(Add(scan, batch).bad, (std::vector<uint8_t>{0, 0}));
  const RowCounts counts = scan.Counts();
  profile::Profile profile;
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  EXPECT_TRUE(Validate(schema, profile.Summarize(), {.rows = &counts}).anomalies.empty());
}

// More different values than the profile keeps: what the scan counted is told.
TEST_F(RowScanTest, CountsTakeThePlaceOfValuesThatTheProfileDoesNotKeep) {
  ColumnRules code{.name = "code", .type = Type::kText};
  code.values = ValuesRule{.allowed = {"ATL"}, .severity = Severity::kError};
  ColumnRules delay{.name = "delay", .type = Type::kText, .holds = Content::kInteger};
  delay.range = RangeRule{.min = 0, .max = 10, .severity = Severity::kError};
  const Schema schema{.columns = {code, delay}};
  column::BatchBuilder builder;
  const column::OwnedBatch batch =
      builder.Texts("code", {"ATL", "x", "", "y"}).Texts("delay", {"1", "11", "-3", "12"}).Build();
  RowScan scan(schema);
  Add(scan, batch);
  const RowCounts counts = scan.Counts();
  profile::ProfileSummary summary = Summary({Texts("code", {{"ATL", 1}}), Texts("delay", {{"1", 1}})});
  for (profile::ColumnSummary& column : summary.columns) {
    column.rows = 4;
    column.text->exact = false;
  }
  const auto told = [&](const RowCounts* rows) {
    std::string text;
    for (const Anomaly& anomaly : Validate(schema, summary, {.rows = rows}).anomalies) text += anomaly.message + "\n";
    return text;
  };
  EXPECT_EQ(told(&counts),
            "2 new values in 3 of 4 rows (75 %): 'x' (1), 'y' (1)\n"
            "values such as -3 are below the bound 0, with 1 of 4 values (25 %)\n"
            "values such as 12 are above the bound 10, with 2 of 4 values (50 %)\n");
  EXPECT_EQ(told(nullptr),
            "the rule 'values' was not checked: the profile does not have every value\n"
            "the rule 'holds' was not checked: the profile does not have every value\n"
            "the rule 'range' was not checked: the profile does not have every value\n");
  const Report report = Validate(schema, summary, {.rows = &counts});
  EXPECT_EQ(report.anomalies[0].broken, 3);
  EXPECT_EQ(Accept(schema, report.anomalies)->columns[1].range, (RangeRule{.severity = Severity::kError}));
}

TEST_F(RowScanTest, ARuleThatAllowsAShareMakesNoRowBad) {
  Schema schema{.columns = {{.name = "code", .type = Type::kText}}};
  schema.columns[0].values = ValuesRule{.allowed = {"ATL"}, .min_share = 0.5, .severity = Severity::kError};
  RowScan scan(schema);
  EXPECT_EQ(Add(scan, Rows({1, 2}, {"ATL", "XYZ"})).bad, (std::vector<uint8_t>{0, 0}));
  EXPECT_EQ(scan.Counts().Find("code", Rule::kValues)->broken, 1);
  schema.columns[0].values->min_share = 1;
  RowScan strict(schema);
  EXPECT_EQ(Add(strict, Rows({1, 2}, {"ATL", "XYZ"})).bad, (std::vector<uint8_t>{0, 1}));
}

TEST_F(RowScanTest, OnlySomeSchemasNeedIt) {
  EXPECT_TRUE(NeedsRows(Flights()));
  Schema schema{.columns = {{.name = "x", .type = Type::kInteger, .range = RangeRule{.min = 0}}}};
  EXPECT_FALSE(NeedsRows(schema));
  schema.columns[0].order = OrderRule{};
  EXPECT_FALSE(NeedsRows(schema));
  schema.columns[0].duplicates = Policy::kError;
  EXPECT_TRUE(NeedsRows(schema));
  schema.columns[0].stage = Stage::kPlanned;
  EXPECT_FALSE(NeedsRows(schema));
  schema.columns = {{.name = "note", .type = Type::kText, .words = WordsRule{}}};
  EXPECT_FALSE(NeedsRows(schema));
  schema.columns[0].words->min_words = 1;
  EXPECT_TRUE(NeedsRows(schema));
}

// The same rows give the same counts, however they are cut into batches.
TEST_F(RowScanTest, DoesNotDependOnHowRowsAreCut) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::optional<int64_t>> numbers;
    std::vector<std::optional<std::string>> codes;
    for (int i = 0; i < 60; ++i) {
      numbers.push_back(random() % 8 == 0 ? std::optional<int64_t>() : static_cast<int64_t>(random() % 20));
      codes.push_back(random() % 8 == 0 ? std::optional<std::string>() : std::string(random() % 5, 'A'));
    }
    const Schema schema = Flights();
    RowScan whole(schema);
    const RowVerdicts all = Add(whole, Rows(numbers, codes));
    RowScan cut(schema);
    std::vector<uint8_t> bad;
    for (size_t begin = 0; begin < numbers.size();) {
      const size_t end = std::min(numbers.size(), begin + 1 + random() % 20);
      const auto part = [&](auto& values) {
        return std::decay_t<decltype(values)>(values.begin() + begin, values.begin() + end);
      };
      const RowVerdicts verdicts = Add(cut, Rows(part(numbers), part(codes)));
      bad.insert(bad.end(), verdicts.bad.begin(), verdicts.bad.end());
      begin = end;
    }
    EXPECT_EQ(bad, all.bad);
    const RowCounts a = whole.Counts();
    const RowCounts b = cut.Counts();
    ASSERT_EQ(a.counts.size(), b.counts.size());
    for (size_t i = 0; i < a.counts.size(); ++i) {
      EXPECT_EQ(a.counts[i].broken, b.counts[i].broken);
      EXPECT_EQ(a.counts[i].rows, b.counts[i].rows);
      EXPECT_EQ(a.counts[i].samples, b.counts[i].samples);
    }
  }
}

TEST(KeySet, ANumberIsTheSameKeyHoweverItIsStored) {
  column::BatchBuilder builder;
  KeySet keys({"x"});
  ASSERT_TRUE(keys.Add(builder.Integers("x", {1, 2, std::nullopt}).Build().view()).ok());
  column::BatchBuilder other;
  const auto found = keys.Contains(other.Numbers("y", {1.0, 2.5, -0.0, std::nullopt}).Build().view(), {"y"});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (std::vector<uint8_t>{1, 0, 0, 2}));
}

TEST(KeySet, PartsOfAKeyDoNotRunIntoEachOther) {
  column::BatchBuilder builder;
  KeySet keys({"a", "b"});
  const auto repeats = keys.Add(builder.Texts("a", {"x", "xy", "x"}).Texts("b", {"yz", "z", "yz"}).Build().view());
  ASSERT_TRUE(repeats.ok());
  EXPECT_EQ(*repeats, (std::vector<uint8_t>{0, 0, 1}));
}

TEST(KeySet, BeyondItsMemoryItStillKnowsWhatItHas) {
  column::BatchBuilder builder;
  KeySet keys({"x"}, 2);
  const auto repeats = keys.Add(builder.Integers("x", {1, 2, 3, 3, 1}).Build().view());
  ASSERT_TRUE(repeats.ok());
  EXPECT_EQ(*repeats, (std::vector<uint8_t>{0, 0, 0, 0, 1}));
  EXPECT_FALSE(keys.is_exact());
}

}  // namespace
}  // namespace roost::schema
