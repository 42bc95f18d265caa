#include "evaluate/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <string>

#include "base/thread_pool.h"

namespace roost::evaluate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct Data {
  std::vector<double> scores, targets, weights;

  ScoredRows rows() const { return {.scores = scores, .targets = targets, .weights = weights}; }
};

Data RandomRows(size_t num_rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  Data data;
  for (size_t row = 0; row < num_rows; ++row) {
    data.scores.push_back(static_cast<double>(random() % 50) / 50);
    data.targets.push_back(static_cast<double>(random() % 100) < 100 * data.scores.back() ? 1 : 0);
    data.weights.push_back(static_cast<double>(random() % 3));
  }
  return data;
}

SliceSet Halves(size_t num_rows) {
  SliceSet slices{.num_rows = num_rows, .slices = {{"all rows", 0, 0}, {"first half", 0, 1}}};
  slices.groups.push_back({std::vector<uint32_t>(num_rows), {{0}, {0, 1}}});
  for (size_t row = 0; row < num_rows / 2; ++row) slices.groups[0].cell_of_row[row] = 1;
  return slices;
}

// The weights of the rows of a label with scores from `threshold` on.
double WeightFrom(const Data& data, double threshold, double label) {
  double sum = 0;
  for (size_t row = 0; row < data.scores.size(); ++row) {
    if (data.scores[row] >= threshold && data.targets[row] == label) sum += data.weights[row];
  }
  return sum;
}

TEST(MakeCurves, PointsAreThoseComputedByHand) {
  const std::vector<double> scores{0.9, 0.8, 0.8, 0.1}, labels{1, 1, 0, 0};
  const OutcomeAmounts amounts{.true_positive = {.constant = 4}, .false_positive = {.constant = -3}};
  const BinaryCurves curves = MakeCurves({.scores = scores, .targets = labels}, &amounts, {}).value();
  ASSERT_EQ(curves.points.size(), 4u);
  EXPECT_EQ(curves.points[0].acted_share, 0);
  EXPECT_EQ(curves.points[0].false_positive_rate, 0);
  EXPECT_EQ(curves.points[0].precision, std::nullopt);
  EXPECT_EQ(curves.points[2].threshold, 0.8);
  EXPECT_EQ(curves.points[2].acted_share, 0.75);
  EXPECT_EQ(curves.points[2].recall, 1);
  EXPECT_NEAR(*curves.points[2].false_positive_rate, 0.5, 1e-15);
  EXPECT_EQ(curves.points[2].value, (4 + 4 - 3) / 4.0);
  ASSERT_TRUE(curves.best.has_value());
  EXPECT_EQ(curves.best->threshold, 0.8);
  EXPECT_EQ(curves.best->value, 1.25);
  EXPECT_EQ(curves.lift.size(), 10u);
}

TEST(MakeCurves, PointsAreWhatSimpleCountingFinds) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Data data = RandomRows(300, seed);
    const double positives = WeightFrom(data, 0, 1), negatives = WeightFrom(data, 0, 0);
    const BinaryCurves curves = MakeCurves(data.rows(), nullptr, {.max_points = 10'000}).value();
    EXPECT_EQ(curves.best, std::nullopt);
    std::set<double> distinct;
    for (size_t row = 0; row < data.scores.size(); ++row) {
      if (data.weights[row] > 0) distinct.insert(data.scores[row]);
    }
    EXPECT_EQ(curves.points.size(), distinct.size() + 1);
    for (const OperatingPoint& point : curves.points) {
      const double hits = WeightFrom(data, point.threshold, 1), alarms = WeightFrom(data, point.threshold, 0);
      EXPECT_NEAR(*point.recall, hits / positives, 1e-12);
      EXPECT_NEAR(*point.false_positive_rate, alarms / negatives, 1e-12);
      EXPECT_NEAR(point.acted_share, (hits + alarms) / (positives + negatives), 1e-12);
      EXPECT_EQ(point.value, std::nullopt);
    }
  }
}

TEST(MakeCurves, WhatIsNotDefinedIsAbsent) {
  const std::vector<double> scores{0.2, 0.7}, ones{1, 1}, zeros{0, 0};
  const BinaryCurves positive = MakeCurves({.scores = scores, .targets = ones}, nullptr, {}).value();
  for (const OperatingPoint& point : positive.points) EXPECT_EQ(point.false_positive_rate, std::nullopt);
  const BinaryCurves negative = MakeCurves({.scores = scores, .targets = zeros}, nullptr, {}).value();
  for (const OperatingPoint& point : negative.points) EXPECT_EQ(point.recall, std::nullopt);
}

TEST(CalibrationBySlice, IsThatOfTheWholeEvaluationOfTheSlice) {
  ThreadPool pool(2);
  const Data data = RandomRows(400, 1);
  const auto tables = CalibrationBySlice(data.rows(), Halves(400), 10, {.pool = &pool}).value();
  ASSERT_EQ(tables.size(), 2u);
  for (const size_t rows : {size_t{400}, size_t{200}}) {
    const std::vector<int8_t> labels(data.targets.begin(), data.targets.begin() + static_cast<long>(rows));
    const BinaryEvaluation evaluation = EvaluateBinary(std::span(data.scores).first(rows), labels, {.base_rate = 0.5},
                                                       std::span(data.weights).first(rows))
                                            .value();
    EXPECT_EQ(tables[rows == 400 ? 0 : 1], evaluation.calibration);
  }
}

TEST(CalibrationBySlice, ASliceWithoutWeightHasNoBins) {
  ThreadPool pool(1);
  const Data data{.scores = {0.1, 0.2, 0.3, 0.4}, .targets = {0, 1, 0, 1}, .weights = {0, 0, 1, 1}};
  const auto tables = CalibrationBySlice(data.rows(), Halves(4), 2, {.pool = &pool}).value();
  EXPECT_EQ(tables[0].size(), 2u);
  EXPECT_THAT(tables[1], IsEmpty());
}

TEST(CalibrationBySlice, BadInputIsRefused) {
  ThreadPool pool(1);
  const Data data = RandomRows(20, 1);
  const auto error = [&](const ScoredRows& rows, size_t rows_of_slices, int bins) {
    const absl::Status status = CalibrationBySlice(rows, Halves(rows_of_slices), bins, {.pool = &pool}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(error(data.rows(), 20, 0), HasSubstr("0 bins"));
  EXPECT_THAT(error(data.rows(), 21, 10), HasSubstr("21 rows"));
  Data bad = data;
  bad.targets[3] = 0.5;
  EXPECT_THAT(error(bad.rows(), 20, 10), HasSubstr("row 3"));
}

}  // namespace
}  // namespace roost::evaluate
