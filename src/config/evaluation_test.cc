#include "config/evaluation.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::config {
namespace {

using evaluate::TimePart;
using judge::Intent;
using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<EvaluationConfig> Evaluation(const std::string& text) {
  return DeclareEvaluation().Parse(text, "roost.yaml");
}
absl::StatusOr<GateConfig> Gate(const std::string& text) { return DeclareGate().Parse(text, "roost.yaml"); }

TEST(EvaluationConfig, SlicesAreColumnsMappingsAndCrosses) {
  const auto found = Evaluation(R"(
slices:
  - origin
  - {column: distance, borders: [500, 1000]}
  - {column: origin, value: SFO}
  - [origin, {column: departure, part: weekday}]
)");
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->slices.size(), 4u);
  EXPECT_EQ(found->slices[0].keys[0].column, "origin");
  EXPECT_THAT(found->slices[1].keys[0].borders, ElementsAre(500, 1000));
  EXPECT_EQ(found->slices[2].keys[0].value, "SFO");
  ASSERT_EQ(found->slices[3].keys.size(), 2u);
  EXPECT_EQ(found->slices[3].keys[1].part, TimePart::kWeekday);
}

TEST(EvaluationConfig, SaysWhereASliceIsWrong) {
  for (const char* text : {"slices: origin", "slices: [[origin]]", "slices: [[a, b, c, d]]", "slices: [{colum: a}]",
                           "slices: [{value: SFO}]", "slices: [{column: a, part: day}]", "slices: []"}) {
    const auto found = Evaluation(text);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_THAT(std::string(found.status().message()), HasSubstr("roost.yaml:1")) << text;
  }
}

TEST(EvaluationConfig, AmountsAreNumbersOrColumns) {
  const auto found = Evaluation("value: {true_positive: 4, false_positive: cost, hits: [3, 2, 1]}");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->value->true_positive.constant, 4);
  EXPECT_EQ(found->value->false_positive.expression, "cost");
  EXPECT_EQ(found->value->false_negative.constant, 0);
  EXPECT_THAT(found->value->hits, ElementsAre(3, 2, 1));
}

TEST(GateConfig, EachIntentOfAnEntryIsARule) {
  const auto found = Gate(R"(
confidence: 0.9
rules:
  - {metric: auc, at_least: 0.7, max_suspicious_gain: 0.1}
  - {metric: log_loss, max_regression: 0.01, each_slice: true, proven: true}
)");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->confidence, 0.9);
  EXPECT_EQ(found->baseline, GateBaseline::kDummy);
  ASSERT_EQ(found->rules.size(), 3u);
  EXPECT_EQ(found->rules[0], (judge::Rule{.metric = "auc", .intent = Intent::kAtLeast, .bound = 0.7}));
  EXPECT_EQ(found->rules[1], (judge::Rule{.metric = "auc", .intent = Intent::kMaxSuspiciousGain, .bound = 0.1}));
  EXPECT_EQ(
      found->rules[2],
      (judge::Rule{
          .metric = "log_loss", .intent = Intent::kMaxRegression, .bound = 0.01, .each_slice = true, .proven = true}));
}

TEST(GateConfig, ABaselineIsNamed) {
  const auto found = Gate("baseline: linear\nrules: [{metric: auc, at_least: 0.7}]");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->baseline, GateBaseline::kLinear);
  EXPECT_FALSE(Gate("baseline: nothing\nrules: [{metric: auc, at_least: 0.7}]").ok());
}

TEST(GateConfig, ARuleNamesAMetricAndAnIntent) {
  for (const char* text : {"rules: []", "rules: [{metric: auc}]", "rules: [{at_least: 1}]", "confidence: 0.9",
                           "rules: [{metric: auc, at_leest: 1}]", "rules: [{metric: auc, at_least: high}]"}) {
    EXPECT_FALSE(Gate(text).ok()) << text;
  }
}

TEST(GateConfig, AgesAreLengthsOfTime) {
  const std::string rules = "rules: [{metric: auc, at_least: 0.5}]\n";
  const auto found = Gate(rules + "max_age: 30d\n");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->max_age, 30 * absl::Hours(24));
  EXPECT_EQ(Gate(rules)->max_age, std::nullopt);
  for (const char* wrong : {"30", "0s", "-3d", "a month", "[30d]"}) {
    const auto refused = Gate(rules + "max_age: " + wrong + "\n");
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("roost.yaml:2")) << wrong;
  }
}

TEST(GateConfig, ServedRowsHaveASource) {
  const std::string rules = "rules: [{metric: auc, at_least: 0.5}]\n";
  const auto found = Gate(rules + "serving: {source: 'served/*.parquet', join: [id, day], max_skewed: 0.1, digits: 6}");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->serving->source, "served/*.parquet");
  EXPECT_THAT(found->serving->join, ElementsAre("id", "day"));
  EXPECT_EQ(found->serving->max_skewed, 0.1);
  EXPECT_EQ(found->serving->digits, 6);
  EXPECT_FALSE(Gate(rules)->serving.has_value());
  for (const char* wrong : {"{join: [id]}", "{source: served, max_skewed: 2}", "{source: served, digits: 16}"}) {
    EXPECT_FALSE(Gate(rules + "serving: " + wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace roost::config
