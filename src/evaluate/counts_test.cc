#include "evaluate/counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace roost::evaluate {
namespace {

using testing::HasSubstr;

const std::vector<double> kTargets{0, 1, 4, 2, 0, 7};
const std::vector<double> kScores{0.5, 1.25, 3, 2, 0.125, 6};
const std::vector<double> kWeights{1.5, 2, 0.25, 3, 0.75, 1};

std::string ErrorOf(const std::vector<double>& scores, const std::vector<double>& targets, double baseline = 1) {
  const absl::Status status = EvaluateCounts({.scores = scores, .targets = targets}, baseline).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Constants from scikit-learn: tests/oracles/evaluate.py.
TEST(EvaluateCounts, FiguresAreThoseOfScikitLearn) {
  const CountsEvaluation evaluation = EvaluateCounts({.scores = kScores, .targets = kTargets}, 2).value();
  EXPECT_EQ(evaluation.rows, 6);
  EXPECT_EQ(evaluation.zeros, 2);
  EXPECT_NEAR(evaluation.mean_target, 14.0 / 6, 1e-15);
  EXPECT_NEAR(evaluation.model.poisson_deviance, 0.2938798324279075, 1e-15);
  EXPECT_NEAR(evaluation.model.d2.value(), 0.898553366671222, 1e-15);
  EXPECT_NEAR(evaluation.model.mae, 0.4791666666666667, 1e-15);
  EXPECT_NEAR(evaluation.model.rmse, 0.6229131828219189, 1e-15);
  EXPECT_NEAR(evaluation.model.mean_score, 12.875 / 6, 1e-15);
  EXPECT_NEAR(evaluation.dummy.poisson_deviance, 2.9495941070491374, 1e-15);
  EXPECT_EQ(evaluation.dummy.mean_score, 2);
}

TEST(EvaluateCounts, WeightsCountAsInScikitLearn) {
  const CountsEvaluation evaluation =
      EvaluateCounts({.scores = kScores, .targets = kTargets, .weights = kWeights}, 2).value();
  EXPECT_EQ(evaluation.total_weight, 8.5);
  EXPECT_NEAR(evaluation.model.poisson_deviance, 0.23863523026215774, 1e-15);
  EXPECT_NEAR(evaluation.model.d2.value(), 0.8878865021053322, 1e-15);
  EXPECT_NEAR(evaluation.model.mae, 0.30514705882352944, 1e-15);
  EXPECT_NEAR(evaluation.model.rmse, 0.4552592990942247, 1e-15);
  EXPECT_NEAR(evaluation.dummy.poisson_deviance, 2.135574964448854, 1e-15);
}

TEST(EvaluateCounts, AScoreOfZeroIsAGreatErrorAndNoInfiniteOne) {
  const std::vector<double> scores{0, 0};
  const std::vector<double> targets{2, 0};
  const CountsEvaluation evaluation = EvaluateCounts({.scores = scores, .targets = targets}, 0).value();
  // One row of 2 (2 log(2 / 2^-52) - 2), one of 2 * 2^-52.
  EXPECT_NEAR(evaluation.model.poisson_deviance, 2 * 53 * std::log(2.0) - 2, 1e-13);
  EXPECT_EQ(evaluation.dummy.poisson_deviance, evaluation.model.poisson_deviance);
}

TEST(EvaluateCounts, OfTargetsThatAreAllTheSameD2IsAbsent) {
  const std::vector<double> scores{1, 2};
  const std::vector<double> targets{0, 0};
  EXPECT_EQ(EvaluateCounts({.scores = scores, .targets = targets}, 0).value().model.d2, std::nullopt);
}

TEST(EvaluateCounts, RefusesWhatIsNoCount) {
  EXPECT_THAT(ErrorOf({}, {}), HasSubstr("no rows"));
  EXPECT_THAT(ErrorOf({-0.5}, {1}), HasSubstr("row 0: the score is -0.5"));
  EXPECT_THAT(ErrorOf({1, 1}, {1, -1}), HasSubstr("row 1: the target is -1"));
  EXPECT_THAT(ErrorOf({NAN}, {1}), HasSubstr("row 0: the score is nan"));
  EXPECT_THAT(ErrorOf({1}, {1}, -1), HasSubstr("the baseline is -1"));
}

}  // namespace
}  // namespace roost::evaluate
