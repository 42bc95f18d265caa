#include "evaluate/numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace roost::evaluate {
namespace {

using testing::HasSubstr;

const std::vector<double> kTargets{3, -0.5, 2, 7, 4.25, 1};
const std::vector<double> kScores{2.5, 0, 2, 8, 3, 1.5};
const std::vector<double> kWeights{1.5, 2, 0.25, 3, 0.75, 1};

std::vector<double> ErrorsOf(const NumberFigures& figures) {
  std::vector<double> errors;
  for (const ErrorQuantile& quantile : figures.error_quantiles) errors.push_back(quantile.error);
  return errors;
}

std::string ErrorOf(const std::vector<double>& scores, const std::vector<double>& targets, double baseline = 0) {
  const absl::Status status = EvaluateNumbers({.scores = scores, .targets = targets}, baseline).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Constants from scikit-learn and numpy: tests/oracles/evaluate.py.
TEST(EvaluateNumbers, FiguresAreThoseOfScikitLearn) {
  const NumbersEvaluation evaluation = EvaluateNumbers({.scores = kScores, .targets = kTargets}, 2.5).value();
  EXPECT_EQ(evaluation.rows, 6);
  EXPECT_EQ(evaluation.total_weight, std::nullopt);
  EXPECT_EQ(evaluation.least_target, -0.5);
  EXPECT_EQ(evaluation.greatest_target, 7);
  EXPECT_NEAR(evaluation.mean_target, 16.75 / 6, 1e-15);
  EXPECT_NEAR(evaluation.model.rmse, 0.7430231041719587, 1e-15);
  EXPECT_EQ(evaluation.model.mae, 0.625);
  EXPECT_EQ(evaluation.model.median_error, 0.5);
  EXPECT_NEAR(evaluation.model.mean_bias, 0.041666666666666664, 1e-16);
  EXPECT_NEAR(evaluation.model.r2.value(), 0.9041302381670184, 1e-15);
  EXPECT_EQ(ErrorsOf(evaluation.model), (std::vector{-1.25, -1.25, -0.5, 0.25, 0.5, 1.0, 1.0}));
  EXPECT_NEAR(evaluation.dummy.rmse, 2.4173849507267144, 1e-15);
  EXPECT_NEAR(evaluation.dummy.mae, 1.9583333333333333, 1e-15);
  EXPECT_NEAR(evaluation.dummy.r2.value(), -0.014772384684956119, 1e-15);
}

TEST(EvaluateNumbers, WeightsCountAsInScikitLearn) {
  const NumbersEvaluation evaluation =
      EvaluateNumbers({.scores = kScores, .targets = kTargets, .weights = kWeights}, 2.5).value();
  EXPECT_EQ(evaluation.total_weight, 8.5);
  EXPECT_NEAR(evaluation.model.rmse, 0.7894059568472247, 1e-15);
  EXPECT_NEAR(evaluation.model.mae, 0.7279411764705882, 1e-15);
  EXPECT_NEAR(evaluation.model.mean_bias, 0.33088235294117646, 1e-15);
  EXPECT_NEAR(evaluation.model.r2.value(), 0.9305984573420762, 1e-15);
  EXPECT_EQ(ErrorsOf(evaluation.model), (std::vector{-1.25, -1.25, -0.5, 0.5, 1.0, 1.0, 1.0}));
  EXPECT_NEAR(evaluation.dummy.rmse, 3.138646673516545, 1e-15);
  EXPECT_NEAR(evaluation.dummy.r2.value(), -0.09711760207614573, 1e-15);
}

TEST(EvaluateNumbers, OfTargetsThatAreAllTheSameR2IsAbsent) {
  const std::vector<double> scores{1, 2};
  const std::vector<double> targets{0.1, 0.1};
  const NumbersEvaluation evaluation = EvaluateNumbers({.scores = scores, .targets = targets}, 0.1).value();
  EXPECT_EQ(evaluation.model.r2, std::nullopt);
  EXPECT_EQ(evaluation.dummy.r2, std::nullopt);
  EXPECT_EQ(evaluation.dummy.rmse, 0);
}

TEST(EvaluateNumbers, TheGreatestNumbersHaveFiniteFigures) {
  const std::vector<double> scores{kLargestValue, -kLargestValue};
  const std::vector<double> targets{-kLargestValue, kLargestValue};
  const std::vector<double> weights{kLargestValue, kLeastWeight};
  const NumbersEvaluation weighted =
      EvaluateNumbers({.scores = scores, .targets = targets, .weights = weights}, 0).value();
  EXPECT_EQ(weighted.model.rmse, 2 * kLargestValue);
}

TEST(EvaluateNumbers, RefusesWhatIsNoNumber) {
  EXPECT_THAT(ErrorOf({}, {}), HasSubstr("no rows"));
  EXPECT_THAT(ErrorOf({1}, {1, 2}), HasSubstr("1 scores, 1 a row, have 2 targets"));
  EXPECT_THAT(ErrorOf({1, NAN}, {1, 2}), HasSubstr("row 1: the score is nan"));
  EXPECT_THAT(ErrorOf({1, 2}, {INFINITY, 2}), HasSubstr("row 0: the target is inf"));
  EXPECT_THAT(ErrorOf({1e101}, {2}), HasSubstr("row 0: the score is 1e+101"));
  EXPECT_THAT(ErrorOf({1}, {2}, NAN), HasSubstr("the baseline is nan"));
}

}  // namespace
}  // namespace roost::evaluate
