// Rules that TensorFlow Data Validation has no name for, and what holds for all columns: stages, environments, shared
// domains. The others: tfx_names_test.cc.

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "schema/row_scan.h"
#include "schema/summaries_for_test.h"
#include "schema/validate.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using column::Type::kFloat64;
using column::Type::kInt64;
using column::Type::kTimestamp;
using profile::ColumnSummary;

ColumnRules Column(Type type) { return {.name = "x", .type = type}; }

Report Check(const ColumnRules& rules, const ColumnSummary& seen) {
  return Validate({.columns = {rules}}, Summary({seen}));
}

std::string Told(const Report& report) {
  std::string text;
  for (const Anomaly& anomaly : report.anomalies) {
    text += std::string(SeverityName(anomaly.severity)) + " " + std::string(RuleName(anomaly.rule)) +
            (anomaly.detail.empty() ? "" : " " + anomaly.detail) + ": " + anomaly.message + "\n";
  }
  return text;
}

// What is proposed makes the data pass.
void ExpectAccepted(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls = {}) {
  const Schema accepted = *Accept(schema, Validate(schema, summary, controls).anomalies);
  EXPECT_EQ(Told(Validate(accepted, summary, controls)), "");
  EXPECT_EQ(*FromYaml(ToYaml(accepted), "schema.yaml"), accepted);
}

ColumnRules Banded() {
  ColumnRules rules = Column(Type::kNumber);
  rules.bands = {{.of = Statistic::kMissing, .max = 0.1},
                 {.of = Statistic::kZeros, .max = 0.25},
                 {.of = Statistic::kSpread, .min = 10, .max = 300, .error_below = 5, .error_above = 1000},
                 {.of = Statistic::kP50, .min = 20, .severity = Severity::kError}};
  return rules;
}

TEST(Bands, AStatisticMayLieAtItsBounds) {
  ColumnSummary seen = Numbers("x", kFloat64, 0, 100, 1000, 100);
  seen.number->zeros = 225;
  EXPECT_EQ(Told(Check(Banded(), seen)), "");
}

TEST(Bands, OutsideItIsWhatTheSeveritySaysAndFarOutsideAnError) {
  ColumnSummary seen = Numbers("x", kFloat64, 0, 8, 1000, 101);
  seen.number->zeros = 226;
  EXPECT_EQ(Told(Check(Banded(), seen)),
            "error band p50: the median is 4, want at least 20\n"
            "warning band missing: the share of missing values is 10.1 %, want at most 10 %\n"
            "warning band zeros: the share of zeros is 25.1 %, want at most 25 %\n"
            "warning band spread: the spread (from p1 to p99) is 7.84, want at least 10\n");
  EXPECT_EQ(Told(Check(Banded(), Numbers("x", kFloat64, 20, 24, 1000))),
            "error band spread: the spread (from p1 to p99) is 3.92, want at least 10; so far off is another unit or "
            "another quantity\n");
  EXPECT_EQ(Told(Check(Banded(), Numbers("x", kFloat64, 0, 2000, 1000))),
            "error band spread: the spread (from p1 to p99) is 1960, want at most 300; so far off is another unit or "
            "another quantity\n");
  ExpectAccepted({.columns = {Banded()}}, Summary({seen}));
  ExpectAccepted({.columns = {Banded()}}, Summary({Numbers("x", kFloat64, 0, 2000, 1000)}));
}

TEST(Bands, AColumnThatIsAllZerosHasNoSpread) {
  ColumnSummary zeros = Numbers("x", kFloat64, 0, 0, 1000);
  zeros.number->zeros = 1000;
  ColumnRules rules = Column(Type::kNumber);
  rules.bands = {{.of = Statistic::kSpread, .min = 10, .error_below = 1}};
  EXPECT_TRUE(HasErrors(Check(rules, zeros)));
}

// Bounds are a person's, and any double: they are shown, not cast.
TEST(Bands, MayHaveBoundsBeyondWhatAnIntegerHolds) {
  ColumnRules rules = Column(Type::kNumber);
  rules.bands = {{.of = Statistic::kDistinct, .min = 1e300}};
  ColumnSummary seen = Numbers("x", kFloat64, 0, 1, 10);
  seen.distinct = 5;
  EXPECT_EQ(Told(Check(rules, seen)),
            "warning band distinct: the number of different values is 5, want at least 1e+300\n");
  ColumnRules times = Column(Type::kTime);
  times.bands = {{.of = Statistic::kP50, .max = -1e300}};
  EXPECT_EQ(Told(Check(times, Numbers("x", kTimestamp, 0, 0, 10))),
            "warning band p50: the median is 1970-01-01T00:00:00Z, want at most -1e+300 s\n");
}

TEST(Order, IsReadFromTheProfile) {
  ColumnRules rules = Column(Type::kTime);
  rules.order = OrderRule{.strict = true, .max_gap = 60};
  ColumnSummary seen = Numbers("x", kTimestamp, 0, 100, 1000);
  EXPECT_EQ(
      Told(Check(rules, seen)),
      "warning not_counted order: the rule 'order' was not checked: the profile does not know how the rows follow "
      "each other\n");
  seen.number->order = profile::OrderSummary{.rises = 999, .greatest_gap = 60};
  EXPECT_EQ(Told(Check(rules, seen)), "");
  seen.number->order = profile::OrderSummary{.rises = 996, .falls = 1, .repeats = 2, .greatest_gap = 60};
  EXPECT_EQ(Told(Check(rules, seen)),
            "warning order: 3 of 1,000 values do not follow the one before as they should: strictly ascending, by at "
            "most 60\n");
  ExpectAccepted({.columns = {rules}}, Summary({seen}));
  rules.order->strict = false;
  rules.order->direction = Direction::kDescending;
  seen.number->order = profile::OrderSummary{.falls = 997, .repeats = 2, .greatest_gap = 61};
  EXPECT_EQ(Check(rules, seen).anomalies.size(), 1u);
  seen.number->order->greatest_gap = 60;
  EXPECT_EQ(Told(Check(rules, seen)), "");
}

TEST(Duplicates, AreCountedWhereTheProfileIsExactOrFarOff) {
  ColumnRules rules = Column(Type::kText);
  rules.duplicates = Policy::kError;
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"a", 1}, {"b", 1}}))), "");
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"a", 3}, {"b", 1}}))),
            "error duplicates: 2 of 4 values (50 %) were there before, none may be\n");
  ColumnSummary many = Texts("x", {{"a", 1000}});
  many.distinct_is_exact = false;
  many.distinct = 995;
  EXPECT_EQ(Check(rules, many).anomalies.at(0).rule, Rule::kNotCounted);
  many.distinct = 800;
  EXPECT_EQ(Told(Check(rules, many)),
            "error duplicates: about 200 of 1,000 values (20 %) were there before, none may be\n");
}

TEST(Patterns, AreOfWholeTexts) {
  ColumnRules rules = Column(Type::kText);
  rules.pattern = PatternRule{.regex = "[A-Z]{3}", .min_share = 0.9};
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"ATL", 9}, {"ATLX", 1}}))), "");
  const ColumnSummary broken = Texts("x", {{"ATL", 8}, {"ATLX", 1}, {"at", 1}});
  EXPECT_EQ(Told(Check(rules, broken)),
            "warning pattern: 2 of 10 values (20 %) do not look like '[A-Z]{3}': 'ATLX' (1), 'at' (1)\n");
  ExpectAccepted({.columns = {rules}}, Summary({broken}));
  rules.pattern = PatternRule{.shapes = {"A-9", "AAA"}};
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"ATL", 9}, {"B-7", 1}}))), "");
  EXPECT_EQ(Check(rules, Texts("x", {{"ATL", 9}, {"B-77", 1}})).anomalies.at(0).broken, 1);
}

TEST(Times, HaveOneOfTheFormats) {
  ColumnRules rules = Column(Type::kText);
  rules.times = TimesRule{.formats = {"%Y-%m-%d", "week %m of %Y"}};
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"2001-05-31", 5}, {"week 05 of 2001", 2}}))), "");
  const ColumnSummary broken = Texts("x", {{"2001-05-31", 5}, {"2001-02-30", 1}, {"31.05.2001", 2}});
  EXPECT_EQ(Told(Check(rules, broken)),
            "error times: 3 of 8 values (37.5 %) are no times as %Y-%m-%d or week %m of %Y: '2001-02-30' (1), "
            "'31.05.2001' (2)\n");
  ExpectAccepted({.columns = {rules}}, Summary({broken}));
}

TEST(TextsOfNumbers, HaveARange) {
  ColumnRules rules = Column(Type::kText);
  rules.holds = Content::kNumber;
  rules.range = RangeRule{.min = 0, .max = 10};
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"0", 5}, {"10.0", 2}}))), "");
  EXPECT_EQ(Told(Check(rules, Texts("x", {{"-1", 5}, {"1e3", 2}}))),
            "warning min: the smallest value -1 is below the bound 0\n"
            "warning max: the largest value 1000 is above the bound 10\n");
}

TEST(DuplicateRows, AreAShare) {
  Schema schema{.columns = {Column(Type::kAny)}};
  schema.dataset.duplicate_rows = MissingRule{.max_share = 0.01};
  profile::ProfileSummary summary = Summary({Plain("x", column::Type::kBool, 10)});
  EXPECT_EQ(Validate(schema, summary).anomalies.at(0).rule, Rule::kNotCounted);
  summary.duplicate_share = 0.01;
  EXPECT_EQ(Told(Validate(schema, summary)), "");
  summary.duplicate_share = 0.02;
  EXPECT_EQ(Told(Validate(schema, summary)),
            "error duplicate_rows: about 2 % of the rows repeat another one, at most 1 % may\n");
  ExpectAccepted(schema, summary);
}

TEST(Rows, TheEditIsOneOfTheDataset) {
  Schema schema{.columns = {Column(Type::kAny)}};
  schema.dataset.rows = RowsRule{.min = 100};
  const profile::ProfileSummary summary = Summary({Plain("x", column::Type::kBool, 10)});
  const Report report = Validate(schema, summary);
  EXPECT_EQ(Told(report), "error few_rows: the data has 10 rows, want at least 100\n");
  EXPECT_EQ(report.anomalies[0].edit,
            (Edit{.removed = {"rows: {min: 100, severity: error}"}, .added = {"rows: {min: 10, severity: error}"}}));
  ExpectAccepted(schema, summary);
}

TEST(Environments, AColumnIsMissedOnlyWhereItBelongs) {
  ColumnRules label{.name = "label", .type = Type::kBool};
  label.not_in_environments = {"serving"};
  ColumnRules night{.name = "night", .type = Type::kBool};
  night.in_environments = {"night"};
  Schema schema{.columns = {label, night}, .default_environments = {"serving", "training"}};
  schema.columns[1].not_in_environments = {"serving", "training"};
  const profile::ProfileSummary nothing = Summary({Plain("other", column::Type::kInt64, 1)});
  schema.new_columns = Policy::kAllow;
  const auto missed = [&](std::string environment) {
    std::string names;
    for (const Anomaly& anomaly : Validate(schema, nothing, {.environment = std::move(environment)}).anomalies) {
      names += anomaly.column + "/" + std::string(RuleName(anomaly.rule)) + " ";
    }
    return names;
  };
  EXPECT_EQ(missed("training"), "label/column ");
  EXPECT_EQ(missed("serving"), "");
  EXPECT_EQ(missed("night"), "night/column ");
  EXPECT_EQ(missed(""), "label/column night/column ");
  EXPECT_EQ(missed("nigth"), "/schema ");
}

TEST(Environments, WithoutDefaultsEveryColumnIsInEach) {
  Schema schema{.columns = {Column(Type::kBool), {.name = "y", .type = Type::kBool}}};
  EXPECT_TRUE(IsIn(schema, schema.columns[0], "training"));
  schema.columns[1].in_environments = {"serving"};
  EXPECT_FALSE(IsIn(schema, schema.columns[1], "training"));
  EXPECT_TRUE(IsIn(schema, schema.columns[0], "training"));
}

TEST(Stages, OnlySomeAreChecked) {
  for (const auto& [stage, checked] : std::vector<std::pair<Stage, bool>>{{Stage::kPlanned, false},
                                                                          {Stage::kAlpha, false},
                                                                          {Stage::kBeta, true},
                                                                          {Stage::kProduction, true},
                                                                          {Stage::kDeprecated, false},
                                                                          {Stage::kDebugOnly, false},
                                                                          {Stage::kDisabled, false}}) {
    ColumnRules rules = Column(Type::kInteger);
    rules.stage = stage;
    EXPECT_EQ(!Check(rules, Texts("x", {{"late", 1}})).anomalies.empty(), checked) << StageName(stage);
    EXPECT_EQ(!Validate({.new_columns = Policy::kAllow, .columns = {rules}}, Summary({Plain("y", kInt64, 1)}))
                   .anomalies.empty(),
              checked);
  }
}

TEST(Domains, NewValuesAreProposedForTheDomain) {
  ColumnRules from{.name = "from", .type = Type::kText, .values = ValuesRule{.domain = "airports"}};
  ColumnRules to{.name = "to", .type = Type::kText, .values = ValuesRule{.domain = "airports"}};
  const Schema schema{.columns = {from, to}, .domains = {{.name = "airports", .values = {"ABE", "ATL"}}}};
  const profile::ProfileSummary summary =
      Summary({Texts("from", {{"ATL", 9}, {"LWB", 1}}), Texts("to", {{"GST", 10}})});
  const Report report = Validate(schema, summary);
  ASSERT_EQ(report.anomalies.size(), 2u);
  EXPECT_EQ(report.anomalies[0].edit, (Edit{.removed = {}, .added = {"    - LWB"}}));
  const Schema accepted = *Accept(schema, report.anomalies);
  EXPECT_EQ(accepted.domains[0].values, (std::vector<std::string>{"ABE", "ATL", "GST", "LWB"}));
  EXPECT_EQ(Told(Validate(accepted, summary)), "");
}

TEST(Accept, WhatOneProposalTookAwayNoOtherBringsBack) {
  ColumnRules rules = Column(Type::kText);
  rules.values = ValuesRule{.allowed = {"a"}};
  ColumnSummary seen = Texts("x", {{"a", 5}, {"b", 4}, {"\xff", 1}});
  seen.text->invalid_utf8 = 1;
  const Schema schema{.columns = {rules}};
  ASSERT_EQ(Validate(schema, Summary({seen})).anomalies.size(), 2u);
  ExpectAccepted(schema, Summary({seen}));
  Report report = Validate(schema, Summary({seen}));
  std::reverse(report.anomalies.begin(), report.anomalies.end());
  EXPECT_EQ(Told(Validate(*Accept(schema, report.anomalies), Summary({seen}))), "");
}

TEST(Accept, RefusesWhatCouldNotBeReadAgain) {
  ColumnRules rules = Column(Type::kList);
  rules.nesting = 1;
  rules.shape = ShapeRule{.dims = {3}};
  const Schema schema{.columns = {rules}};
  Anomaly nesting{.column = "x", .rule = Rule::kNesting, .proposed = rules};
  nesting.proposed->nesting = 2;
  const absl::Status refused = Accept(schema, std::vector{nesting}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.message(),
            "the schema would contradict itself, and was not changed: the shape [3] of column 'x' does not go with its "
            "lengths or nesting");
  Anomaly shape{.column = "x", .rule = Rule::kShape, .proposed = rules};
  shape.proposed->shape.reset();
  EXPECT_TRUE(Accept(schema, std::vector{nesting, shape}).ok());
}

TEST(Accept, AColumnThatServingLacksIsNotInItAnyMore) {
  ColumnRules rules = Column(Type::kInteger);
  rules.in_environments = {"serving", "training"};
  const Schema schema{.columns = {rules, {.name = "y", .type = Type::kInteger}}};
  column::BatchBuilder builder;
  profile::Profile serving;
  ASSERT_TRUE(serving.Add(builder.Integers("y", {1}).Build().view()).ok());
  const profile::ProfileSummary summary = Summary({Plain("x", kInt64, 1), Plain("y", kInt64, 1)});
  ExpectAccepted(schema, summary, {.serving = &serving});
  const Schema accepted = *Accept(schema, Validate(schema, summary, {.serving = &serving}).anomalies);
  EXPECT_EQ(accepted.columns[0].in_environments, (std::vector<std::string>{"training"}));
  EXPECT_EQ(accepted.columns[0].not_in_environments, (std::vector<std::string>{"serving"}));
}

TEST(Drift, TheSchemaSaysHowManyFalseAlarmsThereMayBe) {
  ColumnRules rules = Column(Type::kText);
  rules.drift = DistanceRule{.limits = {{profile::Measure::kLInfinity, 0.01}}};
  Schema schema{.columns = {rules}};
  const auto profile_of = [](int a) {
    std::vector<std::optional<std::string>> texts(100, "b");
    std::fill_n(texts.begin(), a, "a");
    column::BatchBuilder builder;
    profile::Profile profile;
    EXPECT_TRUE(profile.Add(builder.Texts("x", texts).Build().view()).ok());
    return profile;
  };
  // p = 0.0047.
  const profile::Profile now = profile_of(58), before = profile_of(38);
  const Controls controls{.now = &now, .previous_span = &before};
  EXPECT_EQ(Validate(schema, now.Summarize(), controls).anomalies.size(), 1u);
  schema.dataset.false_alarms = 0.004;
  EXPECT_EQ(Told(Validate(schema, now.Summarize(), controls)), "");
  EXPECT_EQ(*FromYaml(ToYaml(schema), "schema.yaml"), schema);
}

TEST(CustomRules, NameTheFiguresThatTheyCompared) {
  Schema schema{.columns = {{.name = "delay", .type = Type::kInteger}}};
  schema.rules = {{.name = "late", .check = "delay.mean < 3 and rows > 5", .scope = Scope::kProfile},
                  {.name = "unknown", .check = "delay.meen < 3", .scope = Scope::kProfile},
                  {.name = "empty", .check = "delay.mean < 3 or delay.entropy > 1", .scope = Scope::kProfile}};
  ColumnSummary delay = Numbers("delay", kInt64, 0, 10, 10);
  delay.number->mean = 4.5;
  EXPECT_EQ(
      Told(Validate(schema, Summary({delay}))),
      "error custom late: the rule 'late' is broken: delay.mean < 3 and rows > 5 is false, as delay.mean is 4.5, "
      "rows is 10\n"
      "warning not_counted unknown: the rule 'unknown' was not checked: 'delay.meen' is no figure of the profile: "
      "want 'rows', or a column, a dot and a figure such as 'mean'\n");
  delay.number->mean = 2.5;
  schema.rules.resize(1);
  EXPECT_EQ(Told(Validate(schema, Summary({delay}))), "");
}

TEST(Rules, HaveNamesThatReadBack) {
  for (int i = 0; i <= static_cast<int>(Rule::kNotCounted); ++i) {
    EXPECT_EQ(RuleOfName(RuleName(static_cast<Rule>(i))), static_cast<Rule>(i));
  }
  EXPECT_EQ(RuleOfName("tpye"), std::nullopt);
}

TEST(Nested, ColumnsAreFoundByTheirPaths) {
  ColumnRules tags{.name = "tags", .type = Type::kList};
  ColumnRules tag{.name = "tags[]", .type = Type::kNumber, .missing = MissingRule{}};
  const Schema schema{.columns = {tags, tag}};
  ColumnSummary lists = Lists("tags", 1, 2, 15, 10);
  EXPECT_EQ(Told(Validate(schema, Summary({lists}))), "");
  lists.children[0].missing = 3;
  EXPECT_EQ(Told(Validate(schema, Summary({lists}))),
            "error missing: 3 of 15 rows (20 %) have no value, at most 0 % may be missing\n");
  // The list is missing: what it would hold is not said to be missing too.
  EXPECT_EQ(Validate(schema, Summary({Plain("other", kInt64, 1)})).Count(Severity::kError), 1);
}

}  // namespace
}  // namespace roost::schema
