#include "evaluate/ablation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::evaluate {
namespace {

using testing::ElementsAre;

/// A trial whose loss has a 95 % interval of about `loss` +- 2 * `error`.
AblationTrial Trial(std::vector<size_t> without, double loss, double error = 0.001) {
  return {.without = std::move(without),
          .value = 0.5 + loss,
          .loss = {.value = loss, .standard_error = error, .degrees = 1e6}};
}

Ablation Made(size_t features, double max_loss = 0.01) {
  AblationOptions options{.num_features = features, .max_loss = max_loss};
  for (size_t i = 0; i < features; ++i) options.order.push_back(features - 1 - i);
  return *Ablation::Make(std::move(options));
}

TEST(Ablation, EachFeatureIsTriedByItselfInTheOrder) {
  Ablation ablation = Made(3);
  for (const size_t expected : {2, 1, 0}) {
    const auto next = ablation.Next();
    ASSERT_TRUE(next.has_value());
    EXPECT_THAT(*next, ElementsAre(expected));
    EXPECT_TRUE(ablation.Record(Trial(*next, 1.0)).ok());
  }
  EXPECT_EQ(ablation.Next(), std::nullopt) << "nothing can be spared";
  EXPECT_EQ(ablation.Together(), nullptr);
}

TEST(Ablation, TheIntervalDecidesWhatIsNeeded) {
  Ablation ablation = Made(7);
  ASSERT_TRUE(ablation.Record(Trial({0}, 0.5)).ok());
  ASSERT_TRUE(ablation.Record(Trial({1}, 0.0)).ok());
  ASSERT_TRUE(ablation.Record(Trial({2}, 0.005)).ok());
  ASSERT_TRUE(ablation.Record(Trial({3}, -0.02)).ok());
  ASSERT_TRUE(ablation.Record(Trial({4}, 0.005, 0.01)).ok());
  ASSERT_TRUE(ablation.Record({.without = {5}, .failure = "no rows"}).ok());
  EXPECT_EQ(ablation.NeedOf(0), FeatureNeed::kNeeded);
  EXPECT_EQ(ablation.NeedOf(1), FeatureNeed::kNoGain);
  EXPECT_EQ(ablation.NeedOf(2), FeatureNeed::kEpsilon);
  EXPECT_EQ(ablation.NeedOf(3), FeatureNeed::kHarmful);
  EXPECT_EQ(ablation.NeedOf(4), FeatureNeed::kUnclear) << "the rows do not tell";
  EXPECT_EQ(ablation.NeedOf(5), FeatureNeed::kFailed);
  EXPECT_EQ(ablation.NeedOf(6), FeatureNeed::kNotTried);
}

TEST(Ablation, WhatCanBeSparedIsTriedAtOnce) {
  Ablation ablation = Made(4);
  ASSERT_TRUE(ablation.Record(Trial({0}, 0.5)).ok());
  for (const size_t feature : {1, 2, 3}) ASSERT_TRUE(ablation.Record(Trial({feature}, 0.001)).ok());
  EXPECT_THAT(*ablation.Next(), ElementsAre(1, 2, 3));
  ASSERT_TRUE(ablation.Record(Trial({1, 2, 3}, 0.002)).ok());
  EXPECT_EQ(ablation.Next(), std::nullopt);
  EXPECT_THAT(ablation.Together()->without, ElementsAre(1, 2, 3));
}

TEST(Ablation, TwoThatRepeatEachOtherDoNotGoTogether) {
  Ablation ablation = Made(4);
  ASSERT_TRUE(ablation.Record(Trial({0}, 0.5)).ok());
  ASSERT_TRUE(ablation.Record(Trial({1}, 0.000)).ok());
  ASSERT_TRUE(ablation.Record(Trial({2}, 0.001)).ok());
  ASSERT_TRUE(ablation.Record(Trial({3}, 0.002)).ok());
  ASSERT_TRUE(ablation.Record(Trial({1, 2, 3}, 0.3)).ok());
  EXPECT_THAT(*ablation.Next(), ElementsAre(1, 2)) << "the least loss first";
  ASSERT_TRUE(ablation.Record(Trial({1, 2}, 0.3)).ok());
  EXPECT_THAT(*ablation.Next(), ElementsAre(1, 3)) << "2 stays";
  ASSERT_TRUE(ablation.Record(Trial({1, 3}, 0.003)).ok());
  EXPECT_EQ(ablation.Next(), std::nullopt);
  EXPECT_THAT(ablation.Together()->without, ElementsAre(1, 3));
}

TEST(Ablation, OneFeatureStaysAlways) {
  Ablation ablation = Made(2);
  for (const size_t feature : {0, 1}) ASSERT_TRUE(ablation.Record(Trial({feature}, 0)).ok());
  EXPECT_EQ(ablation.Next(), std::nullopt);
  EXPECT_EQ(Made(1).Next(), std::nullopt);
}

TEST(Ablation, EqualModelsLoseNothing) {
  Ablation ablation = Made(2, 0);
  ASSERT_TRUE(ablation.Record(Trial({0}, 0, 0)).ok());
  EXPECT_EQ(ablation.NeedOf(0), FeatureNeed::kNoGain);
}

TEST(Ablation, ATrialReadsBackToTheSameBits) {
  AblationTrial trial = Trial({3, 7}, 1.0 / 3, 0.1 / 3);
  trial.seconds = 0.1;
  for (const AblationTrial& written : {trial, AblationTrial{.without = {1}, .failure = "it cannot be"}}) {
    const auto read = AblationTrial::FromJson(Json::parse(written.ToJson().dump()));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->without, written.without);
    EXPECT_EQ(read->value, written.value);
    EXPECT_EQ(read->loss.value, written.loss.value);
    EXPECT_EQ(read->loss.standard_error, written.loss.standard_error);
    EXPECT_EQ(read->loss.degrees, written.loss.degrees);
    EXPECT_EQ(read->failure, written.failure);
  }
}

TEST(Ablation, RefusesWhatIsNoTrial) {
  for (const char* text : {"[]", "{}", R"({"without": [-1], "failure": ""})", R"({"without": [1], "failure": ""})",
                           R"({"without": [1], "failure": "", "value": "x"})"}) {
    EXPECT_FALSE(AblationTrial::FromJson(Json::parse(text)).ok()) << text;
  }
  Ablation ablation = Made(2);
  EXPECT_FALSE(ablation.Record(Trial({2}, 0)).ok());
  EXPECT_FALSE(ablation.Record(Trial({}, 0)).ok());
}

TEST(Ablation, RefusesOptionsOutOfRange) {
  EXPECT_FALSE(Ablation::Make({}).ok());
  EXPECT_FALSE(Ablation::Make({.num_features = 2, .order = {0, 0}}).ok());
  EXPECT_FALSE(Ablation::Make({.num_features = 2, .order = {2}}).ok());
  EXPECT_FALSE(Ablation::Make({.num_features = 2, .order = {0}, .max_loss = -1}).ok());
  EXPECT_FALSE(Ablation::Make({.num_features = 2, .order = {0}, .confidence = 1}).ok());
}

}  // namespace
}  // namespace roost::evaluate
