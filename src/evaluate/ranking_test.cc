#include "evaluate/ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace roost::evaluate {
namespace {

using testing::HasSubstr;

const std::vector<int64_t> kGroups{7, 7, 7, 7, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
const std::vector<double> kTargets{3, 2, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 3, 0, 1, 0, 0, 2};
const std::vector<double> kScores{0.5, 0.5, 0.25, 0.75, 0.1, 0.1, 0.3, 0.9, 0.8, 0.8,
                                  0.7, 0.6, 0.6,  0.6,  0.5, 0.4, 0.3, 0.2, 0.1};

RankingEvaluation Evaluate(const std::vector<double>& scores, const std::vector<double>& targets,
                           const std::vector<int64_t>& groups, const std::vector<double>& weights = {}) {
  return EvaluateRanking({.scores = scores, .targets = targets, .weights = weights, .groups = groups}).value();
}

std::string ErrorOf(const std::vector<double>& scores, const std::vector<double>& targets,
                    const std::vector<int64_t>& groups) {
  const absl::Status status = EvaluateRanking({.scores = scores, .targets = targets, .groups = groups}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Constants from scikit-learn's ndcg_score, group by group, and from all orders of ties: tests/oracles/evaluate.py.
TEST(EvaluateRanking, FiguresAreThoseOfScikitLearn) {
  const RankingEvaluation evaluation = Evaluate(kScores, kTargets, kGroups);
  EXPECT_EQ(evaluation.rows, 19);
  EXPECT_EQ(evaluation.groups, 3);
  EXPECT_EQ(evaluation.groups_without_relevant, 0);
  EXPECT_NEAR(evaluation.model.ndcg_5, 0.563237700245685, 1e-15);
  EXPECT_NEAR(evaluation.model.ndcg_10, 0.6175507535743495, 1e-15);
  EXPECT_NEAR(evaluation.model.ndcg, 0.647185108835717, 1e-15);
  EXPECT_NEAR(evaluation.model.mrr, 0.6111111111111112, 1e-15);
  EXPECT_NEAR(evaluation.dummy.ndcg_5, 0.626989362203361, 1e-15);
  EXPECT_NEAR(evaluation.dummy.ndcg_10, 0.6925839578393326, 1e-15);
  EXPECT_NEAR(evaluation.dummy.ndcg, 0.7151676875365354, 1e-15);
}

TEST(EvaluateRanking, TheDummyIsTheMeanOverAllOrders) {
  EXPECT_NEAR(Evaluate({1, 2, 3, 4}, {3, 2, 0, 1}, {7, 7, 7, 7}).dummy.mrr, 7.0 / 8, 1e-15);
  EXPECT_NEAR(Evaluate({1, 2, 3}, {0, 1, 0}, {3, 3, 3}).dummy.mrr, 11.0 / 18, 1e-15);
}

TEST(EvaluateRanking, TheBestOrderHasOne) {
  const RankingEvaluation evaluation = Evaluate(kTargets, kTargets, kGroups);
  EXPECT_NEAR(evaluation.model.ndcg_5, 1, 1e-15);
  EXPECT_NEAR(evaluation.model.ndcg_10, 1, 1e-15);
  EXPECT_NEAR(evaluation.model.ndcg, 1, 1e-15);
  EXPECT_EQ(evaluation.model.mrr, 1);
}

TEST(EvaluateRanking, GroupsWithoutARelevantRowAreCountedAndLeftOut) {
  const RankingEvaluation evaluation = Evaluate({1, 2, 5, 6}, {0, 1, 0, 0}, {1, 1, 2, 2});
  EXPECT_EQ(evaluation.groups, 2);
  EXPECT_EQ(evaluation.groups_without_relevant, 1);
  EXPECT_EQ(evaluation.model.ndcg_10, 1);
}

TEST(EvaluateRanking, AGroupOfWeightTwoIsAsTwoGroups) {
  const RankingEvaluation weighted = Evaluate({1, 2, 2, 1}, {0, 1, 0, 1}, {1, 1, 2, 2}, {1, 1, 2, 2});
  const RankingEvaluation twice = Evaluate({1, 2, 2, 1, 2, 1}, {0, 1, 0, 1, 0, 1}, {1, 1, 2, 2, 3, 3});
  EXPECT_EQ(weighted.total_weight, 3);
  EXPECT_NEAR(weighted.model.ndcg_10, twice.model.ndcg_10, 1e-15);
  EXPECT_NEAR(weighted.model.mrr, 2.0 / 3, 1e-15);
}

TEST(EvaluateRanking, RefusesWhatIsNoRanking) {
  EXPECT_THAT(ErrorOf({}, {}, {}), HasSubstr("no rows"));
  EXPECT_THAT(ErrorOf({1}, {1}, {}), HasSubstr("1 rows have 0 groups"));
  EXPECT_THAT(ErrorOf({NAN}, {1}, {1}), HasSubstr("row 0: the score is nan"));
  EXPECT_THAT(ErrorOf({1}, {-1}, {1}), HasSubstr("row 0: the target is -1"));
  EXPECT_THAT(ErrorOf({1, 2}, {0, 0}, {1, 2}), HasSubstr("no group has a row with a target above 0"));
}

}  // namespace
}  // namespace roost::evaluate
