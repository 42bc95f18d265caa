#include "predict/logistic.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "predict/parse.h"

namespace roost::predict {
namespace {

using transform::FeatureVector;

std::shared_ptr<const LogisticPredictor> Logistic(double intercept, std::vector<double> weights) {
  return *LogisticPredictor::Make(intercept, std::move(weights));
}

FeatureVector Features(const std::vector<std::pair<int32_t, double>>& entries) {
  FeatureVector features;
  for (const auto& [index, value] : entries) features.Add(index, value);
  return features;
}

double ScoreOf(const LogisticPredictor& predictor, const FeatureVector& features) {
  double score = 0;
  predictor.Score(features, {&score, 1});
  return score;
}

double ScoreOfMargin(double margin) { return ScoreOf(*Logistic(margin, {0}), FeatureVector()); }

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

TEST(Logistic, ScoresByHand) {
  const auto predictor = Logistic(0.5, {1, -2, 4});
  EXPECT_EQ(predictor->Margin(Features({{0, 2}, {1, 1}, {2, 0.25}})), 1.5);
  EXPECT_EQ(ScoreOf(*predictor, Features({{0, 1.5}, {1, 1}})), 0.5);
  EXPECT_EQ(ScoreOf(*predictor, FeatureVector()), 1 / (1 + std::exp(-0.5)));
}

TEST(Logistic, TheMarginIsSummedInTheOrderOfTheEntries) {
  const double margin = Logistic(1e16, {1, 1, -1e16})->Margin(Features({{0, 1}, {1, 1}, {2, 1}}));
  EXPECT_EQ(margin, ((1e16 + 1) + 1) - 1e16);
}

TEST(Logistic, AgreesWithALongDoubleReference) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 1'000; ++round) {
    std::vector<double> weights(50);
    for (double& weight : weights) weight = normal(random);
    FeatureVector features;
    const double intercept = normal(random);
    long double margin = intercept;
    for (int32_t i = 0; i < 50; i += 1 + static_cast<int32_t>(random() % 5)) {
      features.Add(i, normal(random));
      margin += static_cast<long double>(weights[i]) * features.values.back();
    }
    const long double wanted = 1 / (1 + std::exp(-margin));
    const double score = ScoreOf(*Logistic(intercept, weights), features);
    EXPECT_NEAR(score, static_cast<double>(wanted), 1e-14 * static_cast<double>(wanted)) << round;
  }
}

TEST(Logistic, LargeMarginsDoNotOverflow) {
  EXPECT_EQ(ScoreOfMargin(800), 1.0);
  EXPECT_EQ(ScoreOfMargin(-800), 0.0);
  EXPECT_EQ(ScoreOfMargin(1e100), 1.0);
  EXPECT_EQ(ScoreOfMargin(-1e100), 0.0);
  EXPECT_GT(ScoreOfMargin(-700), 0.0);
}

TEST(Logistic, NoScoreIsNan) {
  const auto predictor = Logistic(1e100, {1e100, -1e100, 1e100});
  const double score = ScoreOf(*predictor, Features({{0, 1e150}, {1, 1e150}, {2, -1e150}}));
  EXPECT_TRUE(score >= 0 && score <= 1) << score;
}

TEST(Logistic, ScoresRiseWithTheMargin) {
  double last = 0;
  for (double margin = -40; margin <= 40; margin += 0.125) {
    const double score = ScoreOfMargin(margin);
    EXPECT_GE(score, last) << margin;
    last = score;
  }
}

TEST(Logistic, JsonKeepsTheBits) {
  std::mt19937_64 random(2);
  std::vector<double> weights = {0.0, -0.0, 5e-324, 1e100, 0.1 + 0.2, 1.0 / 3};
  while (weights.size() < 1'000) {
    const auto weight = std::bit_cast<double>(random());
    if (std::fabs(weight) <= LogisticPredictor::kMaxWeight) weights.push_back(weight);
  }
  const auto predictor = Logistic(-0.0, weights);
  const std::string text = ToLine(predictor->ToJson());
  const auto again = LogisticPredictor::FromJson(*ParseJson(text, "predictor"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Bits((*again)->intercept()), Bits(-0.0));
  ASSERT_EQ((*again)->num_features(), 1'000);
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_EQ(Bits((*again)->weights()[i]), Bits(weights[i])) << i;
  EXPECT_EQ(ToLine((*again)->ToJson()), text);
}

TEST(Logistic, WeightsThatAreNoSaneNumberAreRefused) {
  const auto message = [](double intercept, std::vector<double> weights) {
    const absl::Status status = LogisticPredictor::Make(intercept, std::move(weights)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(message(0, {1, std::nan("")}), "logistic predictor: weight 1 is nan; it must be from -1e+100 to 1e+100");
  EXPECT_EQ(message(2e100, {1}), "logistic predictor: the intercept is 2e+100; it must be from -1e+100 to 1e+100");
  EXPECT_EQ(message(0, {}), "logistic predictor: 0 weights; it must have 1 to 2147483647");
}

TEST(ParsePredictor, ReadsALogisticPredictor) {
  const auto predictor = ParsePredictor(*ParseJson(R"({"kind":"logistic","intercept":1,"weights":[2,3.5]})", "test"));
  ASSERT_TRUE(predictor.ok()) << predictor.status();
  EXPECT_EQ((*predictor)->kind(), "logistic");
  EXPECT_EQ((*predictor)->num_features(), 2);
  EXPECT_EQ(ToLine((*predictor)->ToJson()), R"({"kind":"logistic","intercept":1.0,"weights":[2.0,3.5]})");
}

TEST(ParsePredictor, WhatIsWrongIsNamed) {
  const auto message = [](std::string_view text) {
    const absl::Status status = ParsePredictor(*ParseJson(text, "test")).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(message("[]"), "predictor: must be an object");
  EXPECT_EQ(message("{}"), "predictor: 'kind' must be a string");
  EXPECT_EQ(message(R"({"kind":1})"), "predictor: 'kind' must be a string");
  EXPECT_EQ(
      message(R"({"kind":"oracle"})"),
      "predictor: 'kind' is 'oracle', which this version of Roost does not know; it knows 'logistic' and 'trees'");
  EXPECT_EQ(message(R"({"kind":"logistic","weights":[1]})"), "predictor: 'intercept' is missing");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":null,"weights":[1]})"),
            "predictor: 'intercept' must be a finite number");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":0,"weights":[]})"),
            "predictor: 'weights' must be an array of 1 to 2147483647 elements");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":0,"weights":[1,"2"]})"),
            "predictor: 'weights' must hold finite numbers; element 1 is none");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":0,"weights":[1e101]})"),
            "logistic predictor: weight 0 is 1e+101; it must be from -1e+100 to 1e+100");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":0,"weights":[1],"bias":2})"),
            "predictor: has a member 'bias', which this version of Roost does not know");
}

}  // namespace
}  // namespace roost::predict
