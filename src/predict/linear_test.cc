#include "predict/linear.h"

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

std::shared_ptr<const LinearPredictor> Logistic(double intercept, const std::vector<double>& weights) {
  return *LinearPredictor::Make(Link::kLogistic, {intercept}, weights);
}

FeatureVector Features(const std::vector<std::pair<int32_t, double>>& entries) {
  FeatureVector features;
  for (const auto& [index, value] : entries) features.Add(index, value);
  return features;
}

double MarginOf(const LinearPredictor& predictor, const FeatureVector& features) {
  double margin = 0;
  predictor.Margins(features, {&margin, 1});
  return margin;
}

double ScoreOf(const Predictor& predictor, const FeatureVector& features) {
  double score = 0;
  predictor.Score(features, {&score, 1});
  return score;
}

double ScoreOfMargin(double margin) { return ScoreOf(*Logistic(margin, {0}), FeatureVector()); }

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

TEST(Logistic, ScoresByHand) {
  const auto predictor = Logistic(0.5, {1, -2, 4});
  EXPECT_EQ(MarginOf(*predictor, Features({{0, 2}, {1, 1}, {2, 0.25}})), 1.5);
  EXPECT_EQ(ScoreOf(*predictor, Features({{0, 1.5}, {1, 1}})), 0.5);
  EXPECT_EQ(ScoreOf(*predictor, FeatureVector()), 1 / (1 + std::exp(-0.5)));
}

TEST(Logistic, TheMarginIsSummedInTheOrderOfTheEntries) {
  const double margin = MarginOf(*Logistic(1e16, {1, 1, -1e16}), Features({{0, 1}, {1, 1}, {2, 1}}));
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

TEST(Linear, JsonKeepsTheBits) {
  std::mt19937_64 random(2);
  std::vector<double> weights = {0.0, -0.0, 5e-324, 1e100, 0.1 + 0.2, 1.0 / 3};
  while (weights.size() < 1'000) {
    const auto weight = std::bit_cast<double>(random());
    if (std::fabs(weight) <= LinearPredictor::kMaxWeight) weights.push_back(weight);
  }
  const auto predictor = *LinearPredictor::Make(Link::kSoftmax, {-0.0, 0.1}, weights);
  const std::string text = ToLine(predictor->ToJson());
  const auto again = LinearPredictor::FromJson(*ParseJson(text, "predictor"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Bits((*again)->intercepts()[0]), Bits(-0.0));
  ASSERT_EQ((*again)->num_features(), 500);
  for (int32_t i = 0; i < 500; ++i) {
    for (size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(Bits((*again)->WeightsOf(i)[k]), Bits(weights[k * 500 + static_cast<size_t>(i)])) << i;
    }
  }
  EXPECT_EQ(ToLine((*again)->ToJson()), text);
}

TEST(Linear, EachLinkByHand) {
  const FeatureVector features = Features({{0, 2.0}, {1, -1.0}});
  const std::vector<double> weights = {1.5, 2.0};  // the margin is 0.5 + 3 - 2
  const auto score = [&](Link link) { return ScoreOf(**LinearPredictor::Make(link, {0.5}, weights), features); };
  EXPECT_EQ(score(Link::kIdentity), 1.5);
  EXPECT_EQ(score(Link::kSignMargin), 1.5);
  EXPECT_EQ(score(Link::kLogistic), 1 / (1 + std::exp(-1.5)));
  EXPECT_EQ(score(Link::kExp), std::exp(1.5));
  const auto softmax = *LinearPredictor::Make(Link::kSoftmax, {0.5, 0, 0}, std::vector<double>{1.5, 2, 0, 0, 1, 1});
  std::vector<double> outputs(3);
  softmax->Score(features, outputs);  // margins 1.5, 0, 1
  const double sum = std::exp(1.5) + 1 + std::exp(1.0);
  EXPECT_NEAR(outputs[0], std::exp(1.5) / sum, 1e-15);
  EXPECT_NEAR(outputs[1], 1 / sum, 1e-15);
  EXPECT_NEAR(outputs[2], std::exp(1.0) / sum, 1e-15);
}

TEST(Linear, NoLinkGivesNanOrInfinity) {
  const FeatureVector features = Features({{0, 1e150}, {1, 1e150}});
  for (const Link link : {Link::kIdentity, Link::kLogistic, Link::kExp, Link::kSignMargin}) {
    for (const double weight : {1e100, -1e100}) {
      const auto predictor = *LinearPredictor::Make(link, {weight}, std::vector<double>{weight, weight});
      EXPECT_TRUE(std::isfinite(ScoreOf(*predictor, features))) << LinkName(link) << " " << weight;
    }
  }
  const auto softmax = *LinearPredictor::Make(Link::kSoftmax, {0, 0, 0},
                                              std::vector<double>{1e100, 1e100, -1e100, -1e100, 1e100, 1e100});
  std::vector<double> outputs(3);
  softmax->Score(features, outputs);
  EXPECT_EQ(outputs, (std::vector<double>{0.5, 0, 0.5}));
}

TEST(Linear, FilesOfKindLogisticGiveTheBitsThatTheyGave) {
  // Scores that Roost 0.1 gave for this file, written down from its own program's arithmetic: the intercept, then the
  // entries in their order, then 1 / (1 + exp(-margin)).
  const auto predictor = ParsePredictor(
      *ParseJson(R"({"kind":"logistic","intercept":-1.25,"weights":[0.1,-0.7,3.3333333333333335]})", "test"));
  ASSERT_TRUE(predictor.ok()) << predictor.status();
  const FeatureVector features = Features({{0, 0.3}, {1, 1.1}, {2, 0.7}});
  const double margin = ((-1.25 + 0.1 * 0.3) + -0.7 * 1.1) + 3.3333333333333335 * 0.7;
  EXPECT_EQ(Bits(ScoreOf(**predictor, features)), Bits(1.0 / (1.0 + std::exp(-margin))));
  EXPECT_EQ((*predictor)->kind(), "linear");
  EXPECT_EQ(ToLine((*predictor)->ToJson()),
            R"({"kind":"linear","link":"logistic","intercepts":[-1.25],"weights":[[0.1,-0.7,3.3333333333333335]]})");
}

TEST(Linear, WeightsThatAreNoSaneNumberAreRefused) {
  const auto message = [](Link link, std::vector<double> intercepts, const std::vector<double>& weights) {
    const absl::Status status = LinearPredictor::Make(link, std::move(intercepts), weights).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(message(Link::kLogistic, {0}, {1, std::nan("")}),
            "linear predictor: weight 1 is nan; it must be from -1e+100 to 1e+100");
  EXPECT_EQ(message(Link::kExp, {2e100}, {1}),
            "linear predictor: intercept 0 is 2e+100; it must be from -1e+100 to 1e+100");
  EXPECT_EQ(message(Link::kIdentity, {0}, {}), "linear predictor: 0 weights for 1 outputs; each has 1 to 2147483647");
  EXPECT_EQ(message(Link::kSoftmax, {0, 0}, {1, 2, 3}),
            "linear predictor: 3 weights for 2 outputs; each has 1 to 2147483647");
  EXPECT_EQ(message(Link::kSoftmax, {0}, {1}),
            "linear predictor: 1 intercepts; with the link softmax it has 2 to 100000");
  EXPECT_EQ(message(Link::kLogistic, {0, 1}, {1, 2}),
            "linear predictor: 2 intercepts; with the link logistic it has 1 to 1");
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
  EXPECT_EQ(message(R"({"kind":"oracle"})"),
            "predictor: 'kind' is 'oracle', which this version of Roost does not know; it knows 'linear' and 'trees'");
  EXPECT_EQ(message(R"({"kind":"logistic","weights":[1]})"), "predictor: 'intercept' is missing");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":0,"weights":[1,"2"]})"),
            "predictor: 'weights' must hold finite numbers; element 1 is none");
  EXPECT_EQ(message(R"({"kind":"logistic","intercept":0,"weights":[1],"bias":2})"),
            "predictor: has a member 'bias', which this version of Roost does not know");
  EXPECT_EQ(message(R"({"kind":"linear","link":"logistic","weights":[[1]]})"), "predictor: 'intercepts' is missing");
  EXPECT_EQ(message(R"({"kind":"linear","link":"probit","intercepts":[0],"weights":[[1]]})"),
            "predictor: 'link' is unknown: no link 'probit'; there are identity, logistic, softmax, exp, sign_margin");
  EXPECT_EQ(message(R"({"kind":"linear","link":"logistic","intercepts":[0],"weights":[]})"),
            "predictor: 'weights' must be an array of 1 to 1 elements");
  EXPECT_EQ(message(R"({"kind":"linear","link":"logistic","intercepts":[0],"weights":[[]]})"),
            "predictor: 'weights' row 0 must be an array of numbers");
  EXPECT_EQ(message(R"({"kind":"linear","link":"softmax","intercepts":[0,1],"weights":[[1,2],[3]]})"),
            "predictor: 'weights' row 1 must be an array of 2 numbers, as row 0");
  EXPECT_EQ(message(R"({"kind":"linear","link":"softmax","intercepts":[0,1],"weights":[[1,2],[3,null]]})"),
            "predictor: 'weights' row 1 must hold finite numbers");
  EXPECT_EQ(message(R"({"kind":"linear","link":"exp","intercepts":[0],"weights":[[1e101]]})"),
            "linear predictor: weight 0 is 1e+101; it must be from -1e+100 to 1e+100");
  EXPECT_EQ(message(R"({"kind":"linear","link":"exp","intercepts":[0],"weights":[[1]],"bias":2})"),
            "predictor: has a member 'bias', which this version of Roost does not know");
}

}  // namespace
}  // namespace roost::predict
