#include "evaluate/binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace roost::evaluate {
namespace {

using testing::HasSubstr;

struct Rows {
  std::vector<double> scores;
  std::vector<int8_t> labels;
};

BinaryEvaluation Evaluate(const Rows& rows, const EvaluateOptions& options = {.base_rate = 0.5}) {
  return EvaluateBinary(rows.scores, rows.labels, options).value();
}

std::string ErrorOf(const Rows& rows, const EvaluateOptions& options = {.base_rate = 0.5}) {
  const absl::Status status = EvaluateBinary(rows.scores, rows.labels, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Scores from few values, so that many are equal.
Rows RandomRows(int num_rows, int num_values, uint64_t seed) {
  std::mt19937_64 random(seed);
  Rows rows;
  for (int row = 0; row < num_rows; ++row) {
    const auto value = static_cast<int>(random() % num_values);
    rows.scores.push_back(static_cast<double>(value) / num_values);
    rows.labels.push_back(static_cast<int>(random() % (2 * num_values)) < value + num_values / 2 ? 1 : 0);
  }
  return rows;
}

TEST(EvaluateBinary, FiguresAreThoseComputedByHand) {
  const Rows rows{{0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}};
  const BinaryEvaluation evaluation = Evaluate(rows, {.threshold = 0.4, .base_rate = 0.25});
  EXPECT_EQ(evaluation.rows, 4);
  EXPECT_EQ(evaluation.positives, 2);
  const BinaryFigures& model = evaluation.model;
  EXPECT_EQ(model.auc, 0.75);  // the example of scikit-learn's roc_auc_score: 3 of 4 pairs in order
  EXPECT_NEAR(model.log_loss, -(std::log(0.9) + std::log(0.6) + std::log(0.35) + std::log(0.8)) / 4, 1e-15);
  EXPECT_NEAR(model.brier, (0.01 + 0.16 + 0.65 * 0.65 + 0.04) / 4, 1e-15);
  EXPECT_EQ(model.confusion, (Confusion{1, 1, 1, 1}));  // 0.4 is predicted positive: the threshold counts
  EXPECT_EQ(model.accuracy, 0.5);
  EXPECT_EQ(model.precision, 0.5);
  EXPECT_EQ(model.recall, 0.5);
  // Ten bins, four scores: each row is a bin.
  EXPECT_NEAR(model.calibration_error, (0.1 + 0.4 + 0.65 + 0.2) / 4, 1e-15);
}

TEST(EvaluateBinary, TheDummyPredictsTheBaseRateForEveryRow) {
  const BinaryEvaluation evaluation = Evaluate({{0.1, 0.4, 0.35, 0.8}, {0, 0, 0, 1}}, {.base_rate = 0.3});
  const BinaryFigures& dummy = evaluation.dummy;
  EXPECT_EQ(dummy.auc, 0.5);
  EXPECT_NEAR(dummy.log_loss, -(std::log(0.3) + 3 * std::log(0.7)) / 4, 1e-15);
  EXPECT_NEAR(dummy.brier, (0.49 + 3 * 0.09) / 4, 1e-15);
  EXPECT_NEAR(dummy.calibration_error, 0.05, 1e-15);
  EXPECT_EQ(dummy.accuracy, 0.75);
  EXPECT_EQ(dummy.precision, std::nullopt);
  EXPECT_EQ(dummy.recall, 0);
  EXPECT_EQ(dummy.confusion, (Confusion{0, 0, 3, 1}));
}

TEST(EvaluateBinary, TheDummyIsAModelThatScoresAllRowsAlike) {
  Rows rows = RandomRows(100, 10, 1);
  const BinaryEvaluation evaluation = Evaluate(rows, {.base_rate = 0.3});
  rows.scores.assign(rows.scores.size(), 0.3);
  EXPECT_EQ(evaluation.dummy, Evaluate(rows, {.base_rate = 0.3}).model);
}

TEST(EvaluateBinary, TiesCountHalf) {
  EXPECT_EQ(Evaluate({{0.5, 0.5}, {0, 1}}).model.auc, 0.5);
  EXPECT_EQ(Evaluate({{0.2, 0.5, 0.5}, {0, 0, 1}}).model.auc, 0.75);
  EXPECT_EQ(Evaluate({{-0.0, 0.0}, {0, 1}}).model.auc, 0.5);
}

TEST(EvaluateBinary, AucIsTheShareOfPairsInOrder) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Rows rows = RandomRows(2 + static_cast<int>(seed % 40), 1 + static_cast<int>(seed % 7), seed);
    double in_order = 0;
    int pairs = 0;
    for (size_t i = 0; i < rows.labels.size(); ++i) {
      for (size_t j = 0; j < rows.labels.size(); ++j) {
        if (rows.labels[i] != 1 || rows.labels[j] != 0) continue;
        ++pairs;
        in_order += rows.scores[i] > rows.scores[j] ? 1 : rows.scores[i] == rows.scores[j] ? 0.5 : 0;
      }
    }
    const std::optional<double> auc = Evaluate(rows).model.auc;
    ASSERT_EQ(auc.has_value(), pairs > 0);
    if (auc.has_value()) {
      EXPECT_EQ(*auc, in_order / pairs) << seed;
    }
  }
}

TEST(EvaluateBinary, TheOrderOfRowsChangesNoBit) {
  for (const int num_values : {3, 1000, 1'000'000}) {
    const Rows rows = RandomRows(1000, num_values, 3);
    const BinaryEvaluation expected = Evaluate(rows);
    std::vector<size_t> order(rows.scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(4);
    for (int round = 0; round < 10; ++round) {
      std::shuffle(order.begin(), order.end(), random);
      Rows shuffled;
      for (const size_t row : order) {
        shuffled.scores.push_back(rows.scores[row]);
        shuffled.labels.push_back(rows.labels[row]);
      }
      EXPECT_EQ(Evaluate(shuffled), expected);
    }
  }
}

TEST(EvaluateBinary, WithOneClassWhatIsUndefinedIsAbsent) {
  const BinaryEvaluation negatives = Evaluate({{0.1, 0.7}, {0, 0}});
  EXPECT_EQ(negatives.model.auc, std::nullopt);
  EXPECT_EQ(negatives.model.recall, std::nullopt);
  EXPECT_EQ(negatives.model.precision, 0);
  EXPECT_EQ(negatives.dummy.auc, std::nullopt);
  const BinaryEvaluation positives = Evaluate({{0.1, 0.2}, {1, 1}});
  EXPECT_EQ(positives.model.auc, std::nullopt);
  EXPECT_EQ(positives.model.precision, std::nullopt);
  EXPECT_EQ(positives.model.recall, 0);
}

TEST(EvaluateBinary, LogLossOfCertainErrorsIsFinite) {
  const double worst = -std::log(std::numeric_limits<double>::epsilon());
  EXPECT_NEAR(Evaluate({{0.0, 1.0}, {1, 0}}).model.log_loss, worst, 1e-12);
  EXPECT_NEAR(Evaluate({{0.0, 1.0}, {0, 1}}).model.log_loss, 0, 1e-15);
}

TEST(EvaluateBinary, CalibrationBinsHaveEqualCounts) {
  Rows rows;
  for (int row = 0; row < 100; ++row) {
    rows.scores.push_back(row / 100.0);
    rows.labels.push_back(row >= 50 ? 1 : 0);
  }
  const std::vector<CalibrationBin> bins = Evaluate(rows, {.calibration_bins = 4, .base_rate = 0.5}).calibration;
  ASSERT_EQ(bins.size(), 4u);
  for (const CalibrationBin& bin : bins) EXPECT_EQ(bin.rows, 25);
  EXPECT_EQ(bins[1].lowest_score, 0.25);
  EXPECT_EQ(bins[1].highest_score, 0.49);
  EXPECT_NEAR(bins[1].mean_score, 0.37, 1e-15);
  EXPECT_EQ(bins[1].positive_rate, 0);
  EXPECT_EQ(bins[2].positive_rate, 1);
}

TEST(EvaluateBinary, EqualScoresShareABin) {
  // Half of the rows have one score: they fill five of ten shares.
  Rows rows;
  for (int row = 0; row < 100; ++row) {
    rows.scores.push_back(row < 50 ? 0.2 : row / 100.0);
    rows.labels.push_back(row % 5 == 0 ? 1 : 0);
  }
  const std::vector<CalibrationBin> bins = Evaluate(rows).calibration;
  ASSERT_EQ(bins.size(), 6u);
  EXPECT_EQ(bins[0].rows, 50);
  EXPECT_EQ(bins[0].positive_rate, 0.2);
  for (size_t i = 1; i < bins.size(); ++i) EXPECT_EQ(bins[i].rows, 10);
}

TEST(EvaluateBinary, CalibrationCountsEveryRowOnceInAscendingBins) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Rows rows = RandomRows(1 + static_cast<int>(seed), 1 + static_cast<int>(seed % 30), seed);
    const int num_bins = 1 + static_cast<int>(seed % 13);
    const BinaryEvaluation evaluation = Evaluate(rows, {.calibration_bins = num_bins, .base_rate = 0.5});
    EXPECT_LE(evaluation.calibration.size(), static_cast<size_t>(num_bins));
    int64_t total = 0;
    double before = -1;
    for (const CalibrationBin& bin : evaluation.calibration) {
      total += bin.rows;
      EXPECT_GT(bin.lowest_score, before);
      before = bin.highest_score;
    }
    EXPECT_EQ(total, evaluation.rows);
  }
}

// scikit-learn's figures with sample_weight: tests/oracles/evaluate.py.
TEST(EvaluateBinary, WeightsCountAsInScikitLearn) {
  const std::vector<double> scores{0.1, 0.4, 0.35, 0.8, 0.4, 0.65};
  const std::vector<int8_t> labels{0, 0, 1, 1, 1, 0};
  const std::vector<double> weights{1.5, 2, 0.25, 3, 0.75, 1};
  const BinaryEvaluation evaluation = EvaluateBinary(scores, labels, {.base_rate = 0.5}, weights).value();
  EXPECT_EQ(evaluation.total_weight, 8.5);
  EXPECT_EQ(evaluation.rows, 6);
  EXPECT_EQ(evaluation.model.auc, 0.875);
  EXPECT_NEAR(evaluation.model.log_loss, 0.45277863288121334, 1e-15);
  EXPECT_NEAR(evaluation.model.brier, 0.1474264705882353, 1e-15);
  EXPECT_NEAR(evaluation.model.accuracy, 0.7647058823529411, 1e-15);
  EXPECT_EQ(evaluation.model.precision, 0.75);
  EXPECT_EQ(evaluation.model.recall, 0.75);
  EXPECT_EQ(evaluation.model.confusion, (Confusion{1, 1, 2, 2}));
  EXPECT_NEAR(evaluation.dummy.log_loss, std::log(2.0), 1e-15);
}

TEST(EvaluateBinary, WeightsOfOneChangeNoBit) {
  const Rows rows = RandomRows(1000, 50, 5);
  BinaryEvaluation weighted =
      EvaluateBinary(rows.scores, rows.labels, {.base_rate = 0.5}, std::vector<double>(1000, 1.0)).value();
  EXPECT_EQ(weighted.total_weight, 1000);
  weighted.total_weight.reset();
  for (CalibrationBin& bin : weighted.calibration) {
    EXPECT_EQ(bin.weight, bin.rows);
    bin.weight.reset();
  }
  EXPECT_EQ(weighted, Evaluate(rows));
}

TEST(EvaluateBinary, WithWeightsTooTheAucIsTheShareOfPairsInOrder) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Rows rows = RandomRows(30, 7, seed);
    std::mt19937_64 random(seed);
    std::vector<double> weights;
    for (size_t i = 0; i < rows.labels.size(); ++i) weights.push_back(static_cast<double>(random() % 5) / 4);
    weights.front() = 1;
    double in_order = 0;
    double pairs = 0;
    for (size_t i = 0; i < rows.labels.size(); ++i) {
      for (size_t j = 0; j < rows.labels.size(); ++j) {
        if (rows.labels[i] != 1 || rows.labels[j] != 0) continue;
        const double pair = weights[i] * weights[j];
        pairs += pair;
        in_order += pair * (rows.scores[i] > rows.scores[j] ? 1 : rows.scores[i] == rows.scores[j] ? 0.5 : 0);
      }
    }
    const auto evaluation = EvaluateBinary(rows.scores, rows.labels, {.base_rate = 0.5}, weights);
    ASSERT_EQ(evaluation->model.auc.has_value(), pairs > 0) << seed;
    // All sums are of sixteenths and so exact.
    if (pairs > 0) {
      EXPECT_EQ(*evaluation->model.auc, in_order / pairs) << seed;
    }
  }
}

TEST(EvaluateBinary, RefusesRowsThatAreNoScoresAndLabels) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("no rows"));
  EXPECT_THAT(ErrorOf({{0.5}, {0, 1}}), HasSubstr("1 scores have 2 labels"));
  EXPECT_THAT(ErrorOf({{0.5, 1.5}, {0, 1}}), HasSubstr("row 1: the score is 1.5"));
  EXPECT_THAT(ErrorOf({{NAN, 0.5}, {0, 1}}), HasSubstr("row 0: the score is nan"));
  EXPECT_THAT(ErrorOf({{0.5, 0.5}, {0, -1}}), HasSubstr("row 1: the label is -1"));
}

TEST(EvaluateBinary, RefusesOptionsOutOfRange) {
  const Rows rows{{0.5}, {1}};
  EXPECT_THAT(ErrorOf(rows, {}), HasSubstr("base_rate is nan"));
  EXPECT_THAT(ErrorOf(rows, {.base_rate = 1.1}), HasSubstr("base_rate is 1.1"));
  EXPECT_THAT(ErrorOf(rows, {.threshold = -0.1, .base_rate = 0.5}), HasSubstr("threshold is -0.1"));
  EXPECT_THAT(ErrorOf(rows, {.calibration_bins = 0, .base_rate = 0.5}), HasSubstr("calibration_bins is 0"));
}

}  // namespace
}  // namespace roost::evaluate
