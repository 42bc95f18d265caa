#include "evaluate/classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace roost::evaluate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<double> kScores{0.7, 0.2,  0.1,  0.1, 0.6, 0.3, 0.25, 0.25, 0.5,  //
                                  0.4, 0.35, 0.25, 0.2, 0.5, 0.3, 0.09, 0.11, 0.8};
const std::vector<double> kTargets{0, 1, 2, 1, 2, 0};
const std::vector<double> kWeights{1.5, 2, 0.25, 3, 0.75, 1};
const std::vector<double> kShares{0.5, 0.3, 0.2};

absl::StatusOr<ClassesEvaluation> Evaluate(const std::vector<double>& scores, const std::vector<double>& targets,
                                           const std::vector<double>& weights = {}, int32_t num_classes = 3,
                                           const ClassesOptions& options = {.shares = kShares}) {
  return EvaluateClasses({.scores = scores, .num_outputs = num_classes, .targets = targets, .weights = weights},
                         options);
}

std::string ErrorOf(const absl::StatusOr<ClassesEvaluation>& evaluation) {
  EXPECT_EQ(evaluation.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(evaluation.status().message());
}

// Constants from scikit-learn: tests/oracles/evaluate.py.
TEST(EvaluateClasses, FiguresAreThoseOfScikitLearn) {
  const ClassesEvaluation evaluation = Evaluate(kScores, kTargets).value();
  EXPECT_EQ(evaluation.rows, 6);
  EXPECT_EQ(evaluation.unseen_rows, 0);
  EXPECT_THAT(evaluation.names, ElementsAre("0", "1", "2"));
  const ClassesFigures& model = evaluation.model;
  EXPECT_NEAR(model.log_loss, 1.0370647142901923, 1e-15);
  EXPECT_EQ(model.accuracy, 0.5);
  EXPECT_EQ(model.macro_f1, 0.5);
  EXPECT_EQ(model.weighted_f1, 0.5);
  ASSERT_EQ(model.top_k.size(), 1u);
  EXPECT_EQ(model.top_k[0].k, 2);
  EXPECT_NEAR(model.top_k[0].accuracy, 0.8333333333333334, 1e-15);
  EXPECT_THAT(model.confusion,
              ElementsAre(ElementsAre(1, 0, 1), ElementsAre(1, 1, 0), ElementsAre(0, 1, 1), ElementsAre(0, 0, 0)));
  EXPECT_NEAR(evaluation.dummy.log_loss, 1.168852632439994, 1e-15);
  EXPECT_NEAR(evaluation.dummy.accuracy, 2.0 / 6, 1e-15);  // always class 0
  EXPECT_EQ(evaluation.dummy.classes[0].predicted, 6);
  EXPECT_EQ(evaluation.dummy.classes[1].precision, std::nullopt);
}

TEST(EvaluateClasses, WeightsCountAsInScikitLearn) {
  const ClassesEvaluation evaluation = Evaluate(kScores, kTargets, kWeights).value();
  EXPECT_EQ(evaluation.total_weight, 8.5);
  const ClassesFigures& model = evaluation.model;
  EXPECT_NEAR(model.log_loss, 0.9635696522320498, 1e-15);
  EXPECT_NEAR(model.accuracy, 0.4411764705882353, 1e-15);
  EXPECT_NEAR(model.macro_f1, 0.38897422768390505, 1e-15);
  EXPECT_NEAR(model.weighted_f1, 0.45579952411071956, 1e-15);
  EXPECT_NEAR(model.top_k.at(0).accuracy, 0.8823529411764706, 1e-15);
  const double precisions[] = {0.3333333333333333, 0.7272727272727273, 0.2};
  const double recalls[] = {0.6, 0.4, 0.25};
  const double f1s[] = {0.42857142857142855, 0.5161290322580645, 0.2222222222222222};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(model.classes[i].precision.value(), precisions[i], 1e-15);
    EXPECT_NEAR(model.classes[i].recall.value(), recalls[i], 1e-15);
    EXPECT_NEAR(model.classes[i].f1, f1s[i], 1e-15);
    EXPECT_EQ(model.classes[i].rows, 2);
  }
  EXPECT_NEAR(evaluation.dummy.log_loss, 1.1014317512310168, 1e-15);
}

TEST(EvaluateClasses, AClassUnseenInTrainingIsAnErrorOfProbabilityZero) {
  const ClassesEvaluation evaluation = Evaluate(kScores, {0, 1, 2, 1, kUnseenClass, 0}).value();
  EXPECT_EQ(evaluation.unseen_rows, 1);
  EXPECT_EQ(evaluation.rows, 6);
  // As scikit-learn with a fourth class of probability 0.
  EXPECT_NEAR(evaluation.model.log_loss, 6.843678145088728, 1e-14);
  EXPECT_EQ(evaluation.model.accuracy, 0.5);
  EXPECT_NEAR(evaluation.model.macro_f1, 0.41666666666666663, 1e-15);
  EXPECT_NEAR(evaluation.model.weighted_f1, 0.4444444444444444, 1e-15);
  EXPECT_THAT(evaluation.model.confusion.back(), ElementsAre(0, 1, 0));
  EXPECT_GT(evaluation.dummy.log_loss, -std::log(std::numeric_limits<double>::epsilon()) / 6);
  EXPECT_EQ(evaluation.model.classes.size(), 3u);
}

TEST(EvaluateClasses, OfEqualProbabilitiesTheFirstClassIsPredicted) {
  const ClassesEvaluation evaluation = Evaluate({0.4, 0.4, 0.2, 0.4, 0.4, 0.2}, {0, 1}).value();
  EXPECT_EQ(evaluation.model.accuracy, 0.5);
  EXPECT_EQ(evaluation.model.top_k.at(0).accuracy, 1);
}

TEST(EvaluateClasses, OfManyClassesThereIsNoConfusionMatrix) {
  for (const int32_t num_classes : {kMaxConfusionClasses, kMaxConfusionClasses + 1}) {
    const auto classes = static_cast<size_t>(num_classes);
    const std::vector<double> even(classes, 1.0 / num_classes);
    const ClassesEvaluation evaluation = Evaluate(even, {3}, {}, num_classes, {.shares = even}).value();
    EXPECT_EQ(evaluation.model.confusion.empty(), num_classes > kMaxConfusionClasses);
    ASSERT_EQ(evaluation.model.top_k.size(), 4u);
    EXPECT_EQ(evaluation.model.top_k[1].accuracy, 0);  // class 3 is the fourth of equals
    EXPECT_EQ(evaluation.model.top_k[2].accuracy, 1);
  }
}

TEST(EvaluateClasses, TakesProbabilitiesOfSinglePrecision) {
  const auto third = static_cast<double>(1.0f / 3);
  EXPECT_TRUE(Evaluate({third, third, third}, {0}).ok());
}

TEST(EvaluateClasses, RefusesWhatAreNoProbabilitiesAndClasses) {
  EXPECT_THAT(ErrorOf(Evaluate({}, {})), HasSubstr("no rows"));
  EXPECT_THAT(ErrorOf(Evaluate({0.5, 0.5}, {0})), HasSubstr("2 scores, 3 a row, have 1 targets"));
  EXPECT_THAT(ErrorOf(Evaluate({0.5, 0.25, 0.2}, {0})), HasSubstr("row 0: the probabilities sum to 0.95"));
  EXPECT_THAT(ErrorOf(Evaluate({1.5, -0.5, 0}, {0})), HasSubstr("row 0: a score is 1.5"));
  EXPECT_THAT(ErrorOf(Evaluate({1, NAN, 0}, {0})), HasSubstr("row 0: a score is nan"));
  for (const double target : {3.0, -2.0, 0.5, static_cast<double>(NAN)}) {
    EXPECT_THAT(ErrorOf(Evaluate({0.5, 0.25, 0.25}, {target})), HasSubstr("row 0: the class is"));
  }
  EXPECT_THAT(ErrorOf(Evaluate({1}, {0}, {}, 1, {.shares = {1}})), HasSubstr("two or more classes"));
  const std::vector<double> scores{0.5, 0.25, 0.25};
  EXPECT_THAT(ErrorOf(Evaluate(scores, {0}, {}, 3, {.shares = {0.5, 0.5}})), HasSubstr("2 training shares"));
  EXPECT_THAT(ErrorOf(Evaluate(scores, {0}, {}, 3, {.shares = {0.5, 0.5, 0.5}})), HasSubstr("the training shares"));
  EXPECT_THAT(ErrorOf(Evaluate(scores, {0}, {}, 3, {.shares = kShares, .names = {"a"}})), HasSubstr("1 names"));
}

}  // namespace
}  // namespace roost::evaluate
