#include "schema/validate.h"

#include <gtest/gtest.h>

#include "schema/infer.h"
#include "schema/summaries_for_test.h"

namespace roost::schema {
namespace {

using column::Type::kFloat64;
using column::Type::kInt16;
using column::Type::kTimestamp;

profile::ProfileSummary April() {
  return Summary({Plain("date", kTimestamp, 1000), Numbers("delay", kInt16, -67, 1233, 1000),
                  Numbers("speed", kFloat64, 0.5, 2.5, 1000), Texts("origin", {{"ATL", 600}, {"ABE", 400}})});
}

// What April gives, as a person settles it: nothing on trial, and no bands, which have tests of their own.
Schema AprilRules() {
  Schema schema = Infer(April());
  for (ColumnRules& column : schema.columns) {
    column.bands.clear();
    if (column.range.has_value()) column.range->confirmed.reset();
    if (column.values.has_value()) column.values->confirmed.reset();
  }
  return schema;
}

// April with another column of the same place.
profile::ProfileSummary With(size_t place, profile::ColumnSummary column) {
  profile::ProfileSummary summary = April();
  summary.columns[place] = std::move(column);
  return summary;
}

// The one anomaly of `summary` under April's schema.
Anomaly Only(const profile::ProfileSummary& summary) {
  const Report report = Validate(AprilRules(), summary);
  EXPECT_EQ(report.anomalies.size(), 1u);
  return report.anomalies.empty() ? Anomaly{.message = "none"} : report.anomalies[0];
}

void ExpectAnomaly(const Anomaly& anomaly, Rule rule, Severity severity, std::string_view message, const Edit& edit) {
  EXPECT_EQ(RuleName(anomaly.rule), RuleName(rule));
  EXPECT_EQ(anomaly.severity, severity);
  EXPECT_EQ(anomaly.message, message);
  EXPECT_EQ(anomaly.edit, edit);
}

TEST(Validate, TheSameDataHasNoAnomalies) { EXPECT_TRUE(Validate(AprilRules(), April()).anomalies.empty()); }

TEST(Validate, NoRows) {
  const Report report = Validate({}, {});
  ASSERT_EQ(report.anomalies.size(), 1u);
  ExpectAnomaly(report.anomalies[0], Rule::kRows, Severity::kError, "the data has no rows", {});
}

TEST(Validate, AMissingColumn) {
  profile::ProfileSummary summary = April();
  summary.columns.erase(summary.columns.begin() + 1);
  const Anomaly anomaly = Only(summary);
  EXPECT_EQ(anomaly.column, "delay");
  ExpectAnomaly(anomaly, Rule::kColumn, Severity::kError, "the column is missing", {.added = {"presence: optional"}});
}

TEST(Validate, ANewColumn) {
  profile::ProfileSummary summary = April();
  summary.columns.push_back(Numbers("gate", kInt16, 1, 40, 1000));
  const Anomaly anomaly = Only(summary);
  EXPECT_EQ(anomaly.column, "gate");
  ExpectAnomaly(anomaly, Rule::kNewColumn, Severity::kWarning, "a column of type int16 that the schema does not know",
                {.added = {"name: gate", "type: integer", "missing: {max_share: 0, severity: error}",
                           "range: {min: 0, max: 60, severity: warning, confirmed: 0}", "bands:",
                           "  - {of: spread, min: 12, max: 120, error_below: 3.8, error_above: 390, severity: warning}",
                           "  - {of: p50, min: 10, max: 31, severity: warning}"}});
}

TEST(Validate, ARenamedColumnIsOneStory) {
  const Anomaly anomaly = Only(With(1, Numbers("dep_delay", kInt16, -60, 900, 1000)));
  EXPECT_EQ(anomaly.column, "delay");
  ExpectAnomaly(anomaly, Rule::kRenamed, Severity::kError,
                "the column is missing, and the new column 'dep_delay' looks like the same under another name: both "
                "are integer, the "
                "names are similar, its values lie in the same range, no other pair of missing and new columns fits",
                {.removed = {"name: delay"}, .added = {"name: dep_delay"}});
}

TEST(Validate, AColumnIsKnownByItsValues) {
  profile::ProfileSummary summary = With(3, Texts("from", {{"ATL", 700}, {"ABE", 270}, {"XYZ", 30}}));
  summary.columns.push_back(Texts("to", {{"x", 1000}}));
  const Report report = Validate(AprilRules(), summary);
  ASSERT_EQ(report.anomalies.size(), 2u);
  EXPECT_EQ(report.anomalies[0].message,
            "the column is missing, and the new column 'from' looks like the same under another name: both are text, "
            "97 % of its values "
            "are among the known ones");
  EXPECT_EQ(report.anomalies[1].column, "to");
}

TEST(Validate, AColumnIsKnownByTheValuesOfItsDomain) {
  Schema schema = AprilRules();
  schema.domains = {{.name = "airports", .values = schema.columns[3].values->allowed}};
  schema.columns[3].values = ValuesRule{.domain = "airports"};
  profile::ProfileSummary summary = With(3, Texts("from", {{"ATL", 700}, {"ABE", 300}}));
  summary.columns.push_back(Texts("to", {{"x", 1000}}));
  const Report report = Validate(schema, summary);
  ASSERT_EQ(report.anomalies.size(), 2u);
  EXPECT_EQ(report.anomalies[0].rule, Rule::kRenamed);
  EXPECT_EQ(report.anomalies[0].observed, "from");
}

TEST(Validate, AColumnOfAnotherTypeOrRangeIsNoRename) {
  EXPECT_EQ(Validate(AprilRules(), With(1, Texts("dep_delay", {{"1", 1000}}))).anomalies.size(), 2u);
  EXPECT_EQ(Validate(AprilRules(), With(1, Numbers("year", kInt16, 2001, 2002, 1000))).anomalies.size(), 2u);
}

TEST(Validate, TextInANumberColumn) {
  const Anomaly anomaly = Only(With(1, Texts("delay", {{"12", 900}, {"late", 60}, {" -3 ", 35}, {"1.5", 5}})));
  ExpectAnomaly(
      anomaly, Rule::kType, Severity::kError,
      "text where the schema wants an integer: 65 of 1,000 values (6.5 %) are no integers: 'late' (60), '1.5' (5)",
      {.removed = {"type: integer", "range: {min: -800, max: 1900, severity: warning}"}, .added = {"type: text"}});
  EXPECT_EQ(anomaly.observed, "text");
  EXPECT_EQ(anomaly.bound, "integer");
  EXPECT_EQ(anomaly.samples, (std::vector<profile::ValueCount>{{"late", 60}, {"1.5", 5}}));
}

TEST(Validate, NumbersOutOfRangeAmongTexts) {
  const Report report = Validate(AprilRules(), With(1, Texts("delay", {{"12", 900}, {"late", 60}, {"9999", 40}})));
  ASSERT_EQ(report.anomalies.size(), 2u);
  EXPECT_EQ(report.anomalies[0].rule, Rule::kType);
  EXPECT_EQ(report.anomalies[1].message, "the largest value 9999 is above the bound 1900");
  EXPECT_FALSE(Accept(AprilRules(), report.anomalies)->columns[1].range.has_value());
}

TEST(Validate, NumbersStoredAsText) {
  EXPECT_EQ(Only(With(1, Texts("delay", {{"12", 1000}}))).message,
            "text where the schema wants an integer: all its values read as integers, it was stored as text");
  EXPECT_EQ(Only(With(0, Texts("date", {{"May 1", 999}, {"\x1b[31m", 1}}))).message,
            "text where the schema wants a time, such as 'May 1' (999), '\\x1b[31m' (1)");
}

TEST(Validate, AnotherType) {
  const Anomaly anomaly = Only(With(0, Plain("date", column::Type::kBool, 1000)));
  ExpectAnomaly(anomaly, Rule::kType, Severity::kError, "bool where the schema wants a time",
                {.removed = {"type: time"}, .added = {"type: bool"}});
}

TEST(Validate, ATextColumnWithoutValuesMayBeOfAnyType) {
  const Schema schema{.columns = {{.name = "x", .type = Type::kInteger}}};
  EXPECT_TRUE(Validate(schema, Summary({Texts("x", {}, 5)})).anomalies.empty());
  EXPECT_EQ(Validate(schema, Summary({Texts("x", {{"a", 1}}, 5)})).anomalies.size(), 1u);
}

TEST(Validate, AColumnOfAnyTypeHasRulesToo) {
  ColumnRules rules{.name = "x"};
  rules.distinct = DistinctRule{.min = 2};
  rules.duplicates = Policy::kError;
  rules.bands = {{.of = Statistic::kDistinct, .min = 2}};
  std::string broken;
  for (const Anomaly& anomaly : Validate({.columns = {rules}}, Summary({Texts("x", {{"a", 5}})})).anomalies) {
    broken += std::string(RuleName(anomaly.rule)) + " ";
  }
  EXPECT_EQ(broken, "distinct duplicates band ");
}

TEST(Validate, FractionsInAnIntegerColumnAreAWarning) {
  const Anomaly anomaly = Only(With(1, Numbers("delay", kFloat64, -67, 1233, 1000)));
  ExpectAnomaly(
      anomaly, Rule::kType, Severity::kWarning,
      "number where the schema wants an integer: values may have fractions, or missing ones were written as NaN",
      {.removed = {"type: integer"}, .added = {"type: number"}});
  EXPECT_TRUE(Validate(AprilRules(), With(2, Numbers("speed", kInt16, 1, 2, 1000))).anomalies.empty());
}

TEST(Validate, MissingValues) {
  const Anomaly anomaly = Only(With(3, Texts("origin", {{"ATL", 976}}, 24)));
  ExpectAnomaly(anomaly, Rule::kMissing, Severity::kError,
                "24 of 1,000 rows (2.4 %) have no value, at most 0 % may be missing",
                {.removed = {"missing: {max_share: 0, severity: error}"},
                 .added = {"missing: {max_share: 0.048, severity: error}"}});
  EXPECT_EQ(anomaly.observed, "2.4 %");
  EXPECT_EQ(anomaly.bound, "at most 0 %");
}

TEST(Validate, NanAndInfinity) {
  profile::ColumnSummary column = Numbers("speed", kFloat64, 0.5, 2.5, 1000);
  column.number->nan = 1;
  ExpectAnomaly(Only(With(2, column)), Rule::kNan, Severity::kWarning, "1 of 1,000 values (0.1 %) is NaN, none may be",
                {.removed = {"nan: warning"}});
  column.number->nan = 0;
  column.number->positive_infinity = 2;
  column.number->negative_infinity = 1;
  ExpectAnomaly(Only(With(2, column)), Rule::kInfinity, Severity::kWarning,
                "3 of 1,000 values (0.3 %) are infinite, none may be", {.removed = {"infinity: warning"}});
}

TEST(Validate, OutOfRange) {
  const Anomaly high = Only(With(1, Numbers("delay", kInt16, -67, 20'000, 1000)));
  ExpectAnomaly(high, Rule::kMax, Severity::kWarning,
                "the largest value 20000 is above the bound 1900, with about 90 % of the values",
                {.removed = {"range: {min: -800, max: 1900, severity: warning}"},
                 .added = {"range: {min: -800, max: 31000, severity: warning}"}});
  EXPECT_EQ(high.observed, "20000");
  EXPECT_EQ(high.bound, "at most 1900");
  profile::ColumnSummary column = Numbers("delay", kInt16, -67, 1233, 1000);
  column.number->min = column.number->percentiles[0] = -810;
  ExpectAnomaly(Only(With(1, column)), Rule::kMin, Severity::kWarning,
                "the smallest value -810 is below the bound -800, with less than 1 % of the values",
                {.removed = {"range: {min: -800, max: 1900, severity: warning}"},
                 .added = {"range: {min: -1900, max: 1900, severity: warning}"}});
}

TEST(Validate, NewValues) {
  const Anomaly anomaly =
      Only(With(3, Texts("origin", {{"ATL", 900}, {"XYZ", 50}, {"ABE", 40}, {"a\nb", 8}, {"", 2}})));
  ExpectAnomaly(anomaly, Rule::kValues, Severity::kWarning,
                "3 new values in 60 of 1,000 rows (6 %): 'XYZ' (50), 'a\\x0ab' (8), '' (2)",
                {.added = {"    - \"\"", "    - XYZ", "    - \"a\\x0ab\""}});
  EXPECT_EQ(anomaly.observed, "6 % new");
  EXPECT_EQ(anomaly.bound, "at most 0 % new");
  EXPECT_EQ(Only(With(3, Texts("origin", {{"ATL", 999}, {"XYZ", 1}}))).message,
            "1 new value in 1 of 1,000 rows (0.1 %): 'XYZ' (1)");
}

TEST(Validate, AShareOfNewValuesMayBeAllowed) {
  Schema schema = AprilRules();
  schema.columns[3].values->min_share = 0.99;
  EXPECT_TRUE(Validate(schema, With(3, Texts("origin", {{"ATL", 990}, {"XYZ", 10}}))).anomalies.empty());
  const Report report = Validate(schema, With(3, Texts("origin", {{"ATL", 980}, {"XYZ", 20}})));
  ASSERT_EQ(report.anomalies.size(), 1u);
  EXPECT_EQ(report.anomalies[0].message, "1 new value in 20 of 1,000 rows (2 %): 'XYZ' (20); at most 1 % may be new");
}

TEST(Validate, AListThatCannotBeCompleteIsProposedToGo) {
  profile::ColumnSummary column = Texts("origin", {{"ATL", 500}, {"XYZ", 400}});
  column.rows = 1000;
  column.text->exact = false;
  const Anomaly anomaly = Only(With(3, column));
  ExpectAnomaly(anomaly, Rule::kValues, Severity::kWarning,
                "at least 1 new value in 400 of 1,000 rows (40 %): 'XYZ' (400)",
                {.removed = {"values:", "  severity: warning", "  allowed:", "    - ABE", "    - ATL"}});
}

TEST(Validate, ErrorsComeFirstThenTheSchemasOrder) {
  profile::ProfileSummary summary = With(3, Texts("origin", {{"XYZ", 900}}, 100));
  summary.columns[0] = Plain("date", column::Type::kBool, 1000);
  summary.columns[1].number->max = 5000;
  summary.columns.push_back(Plain("gate", column::Type::kBool, 1000));
  const Report report = Validate(AprilRules(), summary);
  std::string order;
  for (const Anomaly& anomaly : report.anomalies)
    order += anomaly.column + "/" + std::string(RuleName(anomaly.rule)) + " ";
  EXPECT_EQ(order, "date/type origin/missing delay/max origin/values gate/new_column ");
  EXPECT_EQ(report.Count(Severity::kError), 2);
  EXPECT_EQ(report.Count(Severity::kWarning), 3);
}

TEST(Validate, OptionalAndDeprecatedColumnsAreNotMissed) {
  Schema schema = AprilRules();
  profile::ProfileSummary summary = April();
  summary.columns.erase(summary.columns.begin() + 1);
  schema.columns[1].presence = Presence::kOptional;
  EXPECT_TRUE(Validate(schema, summary).anomalies.empty());
  schema.columns[1].presence = Presence::kDeprecated;
  EXPECT_TRUE(Validate(schema, With(1, Texts("delay", {{"late", 1000}}))).anomalies.empty());
}

TEST(Validate, NewColumnsMayBeAllowedOrForbidden) {
  Schema schema = AprilRules();
  profile::ProfileSummary summary = April();
  summary.columns.push_back(Plain("gate", column::Type::kBool, 1000));
  schema.new_columns = Policy::kAllow;
  EXPECT_TRUE(Validate(schema, summary).anomalies.empty());
  schema.new_columns = Policy::kError;
  EXPECT_EQ(Validate(schema, summary).Count(Severity::kError), 1);
}

}  // namespace
}  // namespace roost::schema
