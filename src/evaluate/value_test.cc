#include "evaluate/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/resample.h"

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::HasSubstr;

const std::vector<double> kScores{0.9, 0.8, 0.8, 0.6, 0.3, 0.1};
const std::vector<double> kLabels{1, 1, 0, 1, 0, 0};
const ScoredRows kRows{.scores = kScores, .targets = kLabels};
const OutcomeAmounts kAmounts{.true_positive = {.constant = 4},
                              .false_positive = {.constant = -3},
                              .false_negative = {.constant = -1},
                              .true_negative = {.constant = 0.5}};

TEST(BreakEven, IsWhereActingIsWorthAsMuchAsNot) {
  const double p = *BreakEvenProbability(kAmounts);
  EXPECT_NEAR(4 * p - 3 * (1 - p), -p + 0.5 * (1 - p), 1e-15);
  EXPECT_EQ(BreakEvenProbability({}), std::nullopt);
  OutcomeAmounts always = kAmounts;
  always.false_positive.constant = 1;
  EXPECT_EQ(BreakEvenProbability(always), std::nullopt);
  const std::vector<double> per_row(6, 1);
  EXPECT_EQ(BreakEvenProbability({.true_positive = {.per_row = per_row}}), std::nullopt);
}

TEST(ValueCurve, IsThatComputedByHand) {
  const ThresholdCurve curve = ValueCurve(kRows, kAmounts, 10).value();
  ASSERT_EQ(curve.points.size(), 6u);
  EXPECT_GT(curve.points[0].threshold, 0.9);
  EXPECT_EQ(curve.points[0].value, -3 + 1.5);
  EXPECT_EQ(curve.points[0].precision, std::nullopt);
  EXPECT_EQ(curve.points[0].recall, 0);
  EXPECT_EQ(curve.points[2].threshold, 0.8);
  EXPECT_EQ(curve.points[2].acted_weight, 3);
  EXPECT_EQ(curve.points[2].value, 4 + 4 - 3 - 1 + 1);
  EXPECT_NEAR(*curve.points[2].precision, 2.0 / 3, 1e-15);
  EXPECT_EQ(curve.points[5].value, 12 - 9);
  EXPECT_EQ(curve.best.threshold, 0.6);
  EXPECT_EQ(curve.best.value, 12 - 3 + 1);
}

TEST(ValueCurve, HasNoMorePointsThanAskedForAndTheBestOfAll) {
  std::mt19937_64 random(1);
  std::vector<double> scores, labels;
  for (int row = 0; row < 5000; ++row) {
    scores.push_back(static_cast<double>(random() % 1'000'003) / 1'000'003);
    labels.push_back(static_cast<double>(random() % 1000) < 1000 * scores.back() ? 1 : 0);
  }
  const ScoredRows rows{.scores = scores, .targets = labels};
  const ThresholdCurve curve = ValueCurve(rows, kAmounts, 50).value();
  EXPECT_LE(curve.points.size(), 52u);
  EXPECT_GE(curve.points.size(), 40u);
  EXPECT_EQ(curve.points.back().acted_weight, 5000);
  EXPECT_EQ(curve.points.back().recall, 1);
  for (const ThresholdPoint& point : curve.points) EXPECT_LE(point.value, curve.best.value);
  // Scores are probabilities here, so that the best threshold is about the one of theory.
  EXPECT_NEAR(curve.best.threshold, *BreakEvenProbability(kAmounts), 0.1);
}

TEST(ValueCurve, TakesAmountsOfRowsAndTheirWeights) {
  const std::vector<double> amounts{10, 20, 30, 40, 50, 60};
  const std::vector<double> weights{1, 2, 0, 1, 0.5, 1};
  const ScoredRows rows{.scores = kScores, .targets = kLabels, .weights = weights};
  const ThresholdCurve curve =
      ValueCurve(rows, {.true_positive = {.per_row = amounts}, .false_positive = {.constant = -100}}, 10).value();
  EXPECT_EQ(curve.best.threshold, 0.6);
  EXPECT_EQ(curve.best.value, 10 + 2 * 20 + 40);
  EXPECT_EQ(curve.best.acted_weight, 4);
}

TEST(LiftCurve, IsThatComputedByHand) {
  const std::vector<LiftPoint> curve = LiftCurve(kRows, kAmounts, 3).value();
  ASSERT_EQ(curve.size(), 3u);
  // A third are two rows: 0.9, and one of the two of 0.8, of which one is positive.
  EXPECT_NEAR(curve[0].share, 1.0 / 3, 1e-15);
  EXPECT_NEAR(*curve[0].gain, 1.5 / 3, 1e-12);
  EXPECT_NEAR(*curve[0].lift, 1.5, 1e-12);
  EXPECT_NEAR(curve[0].value, (4 - 2 + 1.5) + ((4 + 1) + (-3 - 0.5)) / 2, 1e-12);
  EXPECT_NEAR(*curve[1].gain, 1, 1e-12);
  EXPECT_NEAR(curve[1].value, 12 - 3 + 1, 1e-12);
  EXPECT_EQ(*curve[2].gain, 1);
  EXPECT_EQ(*curve[2].lift, 1);
  EXPECT_NEAR(curve[2].value, 3, 1e-12);
}

TEST(LiftCurve, OfOneScoreIsAsActingAtRandom) {
  const std::vector<double> scores(6, 0.5);
  const std::vector<LiftPoint> curve = LiftCurve({.scores = scores, .targets = kLabels}, kAmounts, 10).value();
  ASSERT_EQ(curve.size(), 10u);
  for (const LiftPoint& point : curve) {
    EXPECT_NEAR(*point.lift, 1, 1e-12);
  }
}

TEST(Curves, DoNotDependOnTheOrderOfRows) {
  std::mt19937_64 random(2);
  std::vector<double> scores, labels, weights, amounts;
  for (int row = 0; row < 500; ++row) {
    scores.push_back(static_cast<double>(random() % 20) / 20);
    labels.push_back(static_cast<double>(random() % 2));
    weights.push_back(0.1 * static_cast<double>(random() % 5));
    amounts.push_back(0.1 * static_cast<double>(random() % 100));
  }
  std::vector<size_t> order(500);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<double> shuffled[4];
  for (const size_t row : order) {
    shuffled[0].push_back(scores[row]);
    shuffled[1].push_back(labels[row]);
    shuffled[2].push_back(weights[row]);
    shuffled[3].push_back(amounts[row]);
  }
  const ThresholdCurve a =
      ValueCurve({.scores = scores, .targets = labels, .weights = weights}, {.true_positive = {.per_row = amounts}}, 10)
          .value();
  const ThresholdCurve b = ValueCurve({.scores = shuffled[0], .targets = shuffled[1], .weights = shuffled[2]},
                                      {.true_positive = {.per_row = shuffled[3]}}, 10)
                               .value();
  EXPECT_EQ(a.points, b.points);
  EXPECT_EQ(a.best, b.best);
}

// The metric at a threshold, as everybody else measures it.
std::optional<double> MetricAt(const ScoredRows& rows, const NamedMetric& metric, double threshold) {
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  SliceSet slices{.num_rows = rows.targets.size(), .slices = {{"all rows", 0, 0}}};
  slices.groups.push_back({std::vector<uint32_t>(rows.targets.size()), {{0}}});
  ValueAmounts amounts;
  amounts.outcomes = kAmounts;
  const ModelScores model{.scores = rows.scores, .threshold = threshold};
  return MeasureSlices({.targets = rows.targets, .weights = rows.weights, .amounts = &amounts}, std::span(&model, 1),
                       slices, {.metrics = {&metric}, .resamples = 0}, context)
      .value()[0]
      .models[0][0]
      .value;
}

TEST(LearnThreshold, IsTheBestOfAllOnItsRows) {
  std::mt19937_64 random(3);
  for (const NamedMetric& metric : MetricsOf(Task::kBinary)) {
    if (!metric.uses_threshold || metric.better == Better::kNeither) continue;
    std::vector<double> scores, labels, weights;
    for (int row = 0; row < 60; ++row) {
      scores.push_back(static_cast<double>(random() % 30) / 30);
      labels.push_back(random() % 30 < 30 * scores.back() ? 1 : 0);
      weights.push_back(static_cast<double>(1 + random() % 3));
    }
    const ScoredRows rows{.scores = scores, .targets = labels, .weights = weights};
    const LearnedThreshold learned = LearnThreshold(rows, metric, &kAmounts).value();
    const std::optional<double> at = MetricAt(rows, metric, learned.threshold);
    ASSERT_TRUE(at.has_value()) << metric.name;
    EXPECT_NEAR(*at, learned.value, 1e-12 * std::max(1.0, std::abs(*at))) << metric.name;
    for (const double threshold : scores) {
      const std::optional<double> other = MetricAt(rows, metric, threshold);
      if (other.has_value()) {
        EXPECT_GE(*BetterBy(metric, learned.value, *other), -1e-12) << metric.name;
      }
    }
  }
}

TEST(LearnThreshold, NamesWhatIsWrong) {
  const NamedMetric& f1 = *FindMetric(Task::kBinary, "f1").value();
  EXPECT_THAT(LearnThreshold(kRows, *FindMetric(Task::kBinary, "auc").value(), nullptr).status().message(),
              HasSubstr("by auc"));
  EXPECT_THAT(LearnThreshold(kRows, *FindMetric(Task::kBinary, "value").value(), nullptr).status().message(),
              HasSubstr("worth"));
  const std::vector<double> zeros(6, 0);
  EXPECT_THAT(
      LearnThreshold({.scores = kScores, .targets = zeros}, *FindMetric(Task::kBinary, "recall").value(), nullptr)
          .status()
          .message(),
      HasSubstr("not defined"));
  EXPECT_THAT(LearnThreshold({.scores = zeros, .targets = kScores}, f1, nullptr).status().message(),
              HasSubstr("target is 0.9"));
  EXPECT_FALSE(ValueCurve(kRows, kAmounts, 1).ok());
  EXPECT_FALSE(LiftCurve(kRows, kAmounts, 1).ok());
  EXPECT_FALSE(ValueCurve(kRows, {.true_positive = {.constant = std::nan("")}}, 10).ok());
  EXPECT_FALSE(ValueCurve(kRows, {.true_positive = {.per_row = std::span(kScores).first(2)}}, 10).ok());
}

}  // namespace
}  // namespace roost::evaluate
