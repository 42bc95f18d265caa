#include "schema/infer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "schema/summaries_for_test.h"
#include "schema/validate.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

TEST(Infer, TypesAndFullColumnsAreErrorsAndGuessesAreWarnings) {
  const Schema schema = Infer(Summary({
      Plain("date", column::Type::kTimestamp, 100),
      Numbers("delay", column::Type::kInt16, -67, 1233, 100),
      Numbers("distance", column::Type::kFloat64, 0.5, 2.5, 100, 1),
      Texts("origin", {{"ATL", 60}, {"ABE", 40}}),
      Plain("nothing", column::Type::kNull, 100),
  }));
  // The distance has 99 values: too few for bands.
  EXPECT_EQ(ToYaml(schema), R"(# What the data must look like: checked by 'roost validate', yours to edit and to review.
version: 1
new_columns: warning

columns:
  - name: date
    type: time
    missing: {max_share: 0, severity: error}

  - name: delay
    type: integer
    missing: {max_share: 0, severity: error}
    range: {min: -800, max: 1900, severity: warning, confirmed: 0}
    bands:
      - {of: spread, min: 420, max: 3900, error_below: 120, error_above: 13000, severity: warning}
      - {of: p50, min: 260, max: 910, severity: warning}

  - name: distance
    type: number
    missing: {max_share: 0.02, severity: warning, confirmed: 0}
    nan: warning
    infinity: warning
    range: {min: 0, max: 3.5, severity: warning, confirmed: 0}

  - name: origin
    type: text
    missing: {max_share: 0, severity: error}
    values:
      severity: warning
      confirmed: 0
      allowed:
        - ABE
        - ATL

  - name: nothing
    type: any
)");
}

TEST(Infer, ATextWithoutRepeatsGetsNoListOfValues) {
  EXPECT_FALSE(InferColumn(Texts("id", {{"a", 1}, {"b", 1}, {"c", 2}})).values.has_value());
  EXPECT_TRUE(InferColumn(Texts("id", {{"a", 1}, {"b", 1}, {"c", 4}})).values.has_value());
}

TEST(Infer, AListThatIsNotWholeOrTooLongIsNone) {
  profile::ColumnSummary column = Texts("origin", {{"ATL", 60}, {"ABE", 40}});
  column.text->exact = false;
  EXPECT_FALSE(InferColumn(column).values.has_value());
  column.text->exact = true;
  EXPECT_FALSE(InferColumn(column, {.max_values = 1}).values.has_value());
  EXPECT_FALSE(InferColumn(column, {.max_value_length = 2}).values.has_value());
  column.text->invalid_utf8 = 1;
  EXPECT_FALSE(InferColumn(column).values.has_value());
}

TEST(Infer, NanThatWasSeenIsAllowed) {
  profile::ColumnSummary column = Numbers("x", column::Type::kFloat64, 0, 1, 100);
  column.number->nan = 1;
  EXPECT_EQ(InferColumn(column).nan, Policy::kAllow);
  EXPECT_EQ(InferColumn(column).infinity, Policy::kWarning);
}

TEST(Infer, RangesAreRoundNumbersAroundWhatWasSeen) {
  EXPECT_EQ(RangeAround(5, 5, true)->min, 2);
  EXPECT_EQ(RangeAround(5, 5, true)->max, 8);
  EXPECT_EQ(RangeAround(0, 0, true)->max, 0);
  EXPECT_EQ(RangeAround(-0.3, -0.1, false)->min, -0.4);
  EXPECT_EQ(RangeAround(-0.3, -0.1, false)->max, 0);
  EXPECT_EQ(RangeAround(-1e308, 1e308, false), std::nullopt);
}

TEST(Infer, RangesHoldWhatWasSeenWhateverItIs) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> mantissa(-10, 10);
  std::uniform_int_distribution<int> exponent(-320, 307);
  for (int i = 0; i < 20'000; ++i) {
    const double a = mantissa(random) * std::pow(10, exponent(random));
    const double b = i % 3 == 0 ? a * (1 + 1e-13 * (i % 100)) : mantissa(random) * std::pow(10, exponent(random));
    const auto range = RangeAround(std::min(a, b), std::max(a, b), i % 2 == 0);
    if (!range.has_value()) continue;
    ASSERT_LE(*range->min, std::min(a, b));
    ASSERT_GE(*range->max, std::max(a, b));
    ASSERT_TRUE(std::isfinite(*range->min) && std::isfinite(*range->max));
  }
}

TEST(Infer, MissingSharesLeaveRoom) {
  EXPECT_EQ(MissingShareAbove(0), 0);
  EXPECT_EQ(MissingShareAbove(0.01), 0.02);
  EXPECT_EQ(MissingShareAbove(1.0 / 3'000'000), 6.7e-07);
  EXPECT_EQ(MissingShareAbove(0.6), 1);
}

// A month of flights: delays in minutes around `median`, `zeros` of them 0.
profile::ColumnSummary Delays(double median, double spread, int64_t zeros = 300) {
  profile::ColumnSummary column = Numbers("delay", column::Type::kInt64, -60, 1200, 10'000);
  profile::NumberSummary& number = *column.number;
  for (int q = 1; q < 100; ++q) number.percentiles[q] = median + spread * (q - 50) / 98;
  number.zeros = zeros;
  number.mean = median + spread / 20;
  return column;
}

std::vector<profile::ProfileSummary> Months(const std::vector<std::pair<double, double>>& months) {
  std::vector<profile::ProfileSummary> summaries;
  for (const auto& [median, spread] : months) summaries.push_back(Summary({Delays(median, spread)}));
  return summaries;
}

TEST(InferFromHistory, AnotherUnitIsAnErrorFromTheStart) {
  for (const size_t count : {1, 2, 4}) {
    std::vector<profile::ProfileSummary> months = Months({{-2, 160}, {-1, 170}, {0, 150}, {-2, 165}});
    months.resize(count);
    const Schema schema = InferFrom(months).schema;
    EXPECT_TRUE(Validate(schema, Summary({Delays(-1, 158)})).anomalies.empty()) << count;
    const Report hours = Validate(schema, Summary({Delays(0, 3, 8'500)}));
    ASSERT_TRUE(HasErrors(hours)) << count;
    EXPECT_EQ(hours.anomalies[0].rule, Rule::kBand);
    EXPECT_EQ(hours.anomalies[0].detail, "spread");
    // A spread that is five times less may be chance or another season: a warning.
    const Report narrow = Validate(schema, Summary({Delays(-1, 30)}));
    EXPECT_FALSE(HasErrors(narrow)) << count;
    EXPECT_FALSE(narrow.anomalies.empty()) << count;
  }
}

TEST(InferFromHistory, BandsNarrowWithHistoryAndHoldWhatWasSeen) {
  std::vector<profile::ProfileSummary> months;
  double width = INFINITY;
  for (int month = 0; month < 24; ++month) {
    months.push_back(Summary({Delays(month % 3 - 1, 150 + 5 * (month % 4))}));
    if (month % 6 != 5) continue;
    const Schema schema = InferFrom(months).schema;
    for (const profile::ProfileSummary& version : months) {
      EXPECT_TRUE(Validate(schema, version).anomalies.empty());
    }
    const auto band = std::find_if(schema.columns[0].bands.begin(), schema.columns[0].bands.end(),
                                   [](const Band& one) { return one.of == Statistic::kP50; });
    ASSERT_NE(band, schema.columns[0].bands.end());
    EXPECT_LE(*band->max - *band->min, width);
    width = *band->max - *band->min;
  }
}

// Of versions that are drawn from one source, no more break any band than were asked for.
TEST(InferFromHistory, FalseAlarmsStayWithinTheirBudget) {
  std::mt19937 random(17);
  std::normal_distribution<double> noise;
  int alarms = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<profile::ProfileSummary> months;
    const auto draw = [&] { return Summary({Delays(5 * noise(random), 160 * std::exp(0.1 * noise(random)))}); };
    for (int month = 0; month < 5; ++month) months.push_back(draw());
    alarms += Validate(InferFrom(months).schema, draw()).anomalies.empty() ? 0 : 1;
  }
  EXPECT_LE(alarms, kRounds * 0.05 + 3 * std::sqrt(kRounds * 0.05 * 0.95));
}

TEST(InferFromHistory, WhatCountsOrNamesRowsHasNoBands) {
  profile::ColumnSummary id = Numbers("id", column::Type::kInt64, 1, 1000, 1000);
  id.distinct = 1000;
  EXPECT_TRUE(InferColumn(id).bands.empty());
  id.distinct = 500;
  EXPECT_FALSE(InferColumn(id).bands.empty());
}

TEST(InferFromHistory, NearlyEqualListsOfValuesBecomeOneDomain) {
  std::vector<profile::ValueCount> from;
  std::vector<profile::ValueCount> to;
  for (int i = 0; i < 16; ++i) (i < 12 ? from : to).push_back({"A" + std::to_string(10 + i), 10});
  to.insert(to.end(), from.begin() + 1, from.end());
  const Schema schema = Infer(Summary({Texts("from", from), Texts("to", to), Texts("day", {{"Mo", 80}, {"Tu", 40}}),
                                       Texts("weekday", {{"Tu", 40}, {"Mo", 80}}), Texts("short", {{"Mo", 120}})}));
  ASSERT_EQ(schema.domains.size(), 2u);
  EXPECT_EQ(schema.domains[0].name, "from");
  EXPECT_EQ(schema.domains[0].values.size(), 16u);
  EXPECT_EQ(schema.columns[1].values->domain, "from");
  EXPECT_EQ(schema.domains[1].name, "day");
  EXPECT_EQ(schema.columns[3].values->domain, "day");
  EXPECT_EQ(schema.columns[4].values->allowed, (std::vector<std::string>{"Mo"}));
}

TEST(InferFromHistory, VersionsConfirmWhatTheOnesBeforeGave) {
  const auto version = [](double max) {
    return Summary({Numbers("x", column::Type::kInt64, 0, max, 100), Texts("day", {{"Mo", 60}, {"Tu", 40}})});
  };
  std::vector<profile::ProfileSummary> versions = {version(100), version(100), version(140)};
  EXPECT_EQ(InferFrom(versions).schema.columns[0].range->confirmed, 2);
  versions.push_back(version(90));
  const Schema settled = InferFrom(versions).schema;
  EXPECT_EQ(settled.columns[0].range->severity, Severity::kError);
  EXPECT_EQ(settled.columns[1].values->severity, Severity::kError);
  versions.push_back(version(1000));
  const Schema broken = InferFrom(versions).schema;
  EXPECT_EQ(broken.columns[0].range->severity, Severity::kWarning);
  EXPECT_EQ(broken.columns[0].range->confirmed, 0);
}

TEST(InferFromHistory, AColumnThatComesAndGoesIsOptional) {
  const auto with = Summary({Plain("a", column::Type::kBool, 10), Plain("b", column::Type::kBool, 10)});
  const auto without = Summary({Plain("a", column::Type::kBool, 10)});
  EXPECT_EQ(InferFrom(std::vector{without, with}).schema.columns[1].presence, Presence::kRequired);
  EXPECT_EQ(InferFrom(std::vector{with, without, with}).schema.columns[1].presence, Presence::kOptional);
  EXPECT_EQ(InferFrom(std::vector{with, without}).schema.columns.size(), 1u);
}

TEST(InferFromHistory, TextsThatAreTimesOrNumbersAreSaidToBe) {
  std::vector<profile::ValueCount> texts;
  for (int i = 0; i < 200; ++i) texts.push_back({"2001-05-" + std::to_string(100 + i), 1});
  profile::ColumnSummary dates = Texts("date", texts);
  dates.text->kinds = profile::TextKinds{.time = 1, .time_format = "%Y-%m-%d"};
  EXPECT_EQ(InferColumn(dates).times->formats, (std::vector<std::string>{"%Y-%m-%d"}));
  profile::ColumnSummary numbers = Texts("n", texts);
  numbers.text->kinds = profile::TextKinds{.integer = 1, .number = 1};
  EXPECT_EQ(InferColumn(numbers).holds, Content::kInteger);
  numbers.text->kinds->integer = 0.5;
  EXPECT_EQ(InferColumn(numbers).holds, Content::kNumber);
  profile::ColumnSummary codes = Texts("code", texts);
  codes.text->patterns = {{.pattern = "9999-99-999", .share = 1}};
  EXPECT_EQ(InferColumn(codes).pattern->shapes, (std::vector<std::string>{"9999-99-999"}));
}

TEST(InferFromHistory, EveryRuleIsExplained) {
  const Inferred inferred = InferFrom(Months({{-2, 160}, {-1, 170}, {0, 150}, {-2, 165}}));
  std::string told;
  for (const Explanation& one : inferred.explanations) told += one.column + "/" + one.rule + ": " + one.text + "\n";
  EXPECT_NE(told.find("delay/type: integer in 4 versions\n"), std::string::npos) << told;
  EXPECT_NE(told.find("delay/missing: every row had a value in 4 versions\n"), std::string::npos) << told;
  EXPECT_NE(told.find("delay/range: -60 to 1200 was seen in 4 versions: widened on each side by 50 % of that width\n"),
            std::string::npos)
      << told;
  EXPECT_NE(told.find("delay/bands: spread: spread was 160, 170, 150, 165 in 4 versions: the next one lies between"),
            std::string::npos)
      << told;
  for (const Band& band : inferred.schema.columns[0].bands) {
    EXPECT_NE(told.find("delay/bands: " + std::string(StatisticName(band.of))), std::string::npos) << told;
  }
}

// A random summary that a profile could have made.
profile::ProfileSummary RandomSummary(std::mt19937& random) {
  const int64_t rows = 1 + random() % 1000;
  profile::ProfileSummary summary{.rows = rows};
  for (size_t i = random() % 6; i > 0; --i) {
    const std::string name = "c" + std::to_string(i);
    const int64_t missing = random() % 2 == 0 ? 0 : random() % (rows + 1);
    const auto type = static_cast<column::Type>(random() % (static_cast<int>(column::Type::kOther) + 1));
    if (column::IsText(type)) {
      std::vector<profile::ValueCount> top;
      int64_t left = rows - missing;
      while (left > 0) {
        const int64_t count = 1 + random() % left;
        top.push_back({"v" + std::to_string(top.size()), count});
        left -= count;
      }
      summary.columns.push_back(Texts(name, std::move(top), missing));
      summary.columns.back().text->exact = random() % 4 != 0;
    } else if (column::IsNumber(type)) {
      const double min = static_cast<double>(static_cast<int64_t>(random() % 2001) - 1000) / (1 + random() % 9);
      summary.columns.push_back(Numbers(name, type, min, min + random() % 1000, rows, missing));
      if (random() % 3 == 0) summary.columns.back().number->nan = 1;
      if (random() % 3 == 0) summary.columns.back().number->negative_infinity = 1;
    } else {
      summary.columns.push_back(Plain(name, type, rows));
      summary.columns.back().missing = type == column::Type::kNull ? rows : missing;
    }
  }
  return summary;
}

TEST(Infer, DataFulfilsTheSchemaThatWasInferredFromIt) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const profile::ProfileSummary summary = RandomSummary(random);
    const Report report = Validate(Infer(summary), summary);
    ASSERT_TRUE(report.anomalies.empty()) << report.anomalies.front().column << report.anomalies.front().message;
  }
}

TEST(Infer, AcceptedProposalsMakeTheSchemaFitTheData) {
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    Schema schema = Infer(RandomSummary(random));
    const profile::ProfileSummary summary = RandomSummary(random);
    // A renamed column's rules are checked once its name is accepted: hence rounds.
    for (int i = 0; i < 3; ++i) {
      schema = *Accept(schema, Validate(schema, summary).anomalies);
    }
    const Report report = Validate(schema, summary);
    ASSERT_TRUE(report.anomalies.empty()) << report.anomalies.front().column << report.anomalies.front().message;
    if (!schema.columns.empty()) {
      ASSERT_EQ(*FromYaml(ToYaml(schema), "schema.yaml"), schema);
    }
  }
}

}  // namespace
}  // namespace roost::schema
