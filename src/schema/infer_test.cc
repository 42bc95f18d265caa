#include "schema/infer.h"

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
    bands:
      - {of: spread, min: 0.65, max: 5.9, severity: warning}
      - {of: p50, min: 1, max: 2, severity: warning}

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
      for (const Anomaly& anomaly : Validate(schema, summary).anomalies) schema = Accept(schema, anomaly);
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
