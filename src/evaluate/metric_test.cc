#include "evaluate/metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>

#include "base/status.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "evaluate/evaluation.h"
#include "evaluate/resample.h"

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::HasSubstr;

constexpr Task kTasks[] = {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking};

TEST(Metrics, HaveNamesMeaningsAndOneWayToBeMade) {
  for (const Task task : kTasks) {
    std::set<std::string_view> names;
    for (const NamedMetric& metric : MetricsOf(task)) {
      EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
      EXPECT_FALSE(metric.meaning.empty()) << metric.name;
      EXPECT_EQ(metric.of_sums == nullptr, metric.by_order != ByOrder::kNone) << metric.name;
      EXPECT_NE(metric.needs, 0u) << metric.name;
      EXPECT_EQ(FindMetric(task, metric.name).value(), &metric);
    }
  }
}

TEST(Metrics, AMisspeltNameIsToldTheNearestOne) {
  const absl::Status status = FindMetric(Task::kBinary, "avg_precision").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(HintOf(FindMetric(Task::kNumber, "median_eror").status()), HasSubstr("'median_error'"));
  EXPECT_THAT(HintOf(FindMetric(Task::kRanking, "something else").status()), HasSubstr("ndcg@10"));
}

TEST(Metrics, BetterFollowsTheDirection) {
  EXPECT_EQ(BetterBy(*FindMetric(Task::kBinary, "auc").value(), 0.75, 0.5), 0.25);
  EXPECT_EQ(BetterBy(*FindMetric(Task::kBinary, "log_loss").value(), 0.75, 0.5), -0.25);
  EXPECT_EQ(BetterBy(*FindMetric(Task::kBinary, "bias").value(), -0.25, 0.5), 0.25);
  EXPECT_EQ(BetterBy(*FindMetric(Task::kBinary, "calibration_ratio").value(), 1.5, 1.25), -0.25);
  EXPECT_EQ(BetterBy(*FindMetric(Task::kBinary, "prevalence").value(), 1.5, 1.25), std::nullopt);
}

using Figures = std::map<std::string, std::optional<double>, std::less<>>;

// All metrics of a model on all rows.
Figures Measure(Task task, const ScoredRows& rows, double threshold = 0.5, const ValueAmounts* amounts = nullptr) {
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  SliceSet slices{.num_rows = rows.targets.size(), .slices = {{"all rows", 0, 0}}};
  slices.groups.push_back({std::vector<uint32_t>(rows.targets.size()), {{0}}});
  MeasureOptions options{.resamples = 0};
  for (const NamedMetric& metric : MetricsOf(task)) {
    if (metric.name != "value" || amounts != nullptr) options.metrics.push_back(&metric);
  }
  const ModelScores model{rows.scores, rows.num_outputs, threshold};
  const std::vector<SliceFigures> measured =
      MeasureSlices(
          {.task = task, .targets = rows.targets, .weights = rows.weights, .groups = rows.groups, .amounts = amounts},
          std::span(&model, 1), slices, options, context)
          .value();
  Figures figures;
  for (size_t i = 0; i < options.metrics.size(); ++i) {
    figures[std::string(options.metrics[i]->name)] = measured[0].models[0][i].value;
  }
  return figures;
}

// Every figure of `expected`; nullopt where it is not defined.
void ExpectNear(const Figures& figures, const Figures& expected) {
  for (const auto& [name, value] : expected) {
    const auto found = figures.find(name);
    ASSERT_TRUE(found != figures.end()) << name;
    ASSERT_EQ(found->second.has_value(), value.has_value()) << name;
    if (value.has_value()) {
      EXPECT_NEAR(*found->second, *value, 1e-12 * std::max(1.0, std::abs(*value))) << name;
    }
  }
}

const std::vector<double> kScores{0.1, 0.4, 0.35, 0.8, 0.4, 0.65, 0.55, 0.2};
const std::vector<double> kLabels{0, 0, 1, 1, 1, 0, 1, 0};
const std::vector<double> kWeights{1.5, 2, 0.25, 3, 0.75, 1, 0.5, 4};

// Of scikit-learn 1.9: tests/oracles/evaluate.py.
const Figures kBinary{
    {"auc", 0.71875},
    {"average_precision", 0.7333333333333333},
    {"log_loss", 0.584530652959921},
    {"brier", 0.2071875},
    {"accuracy", 0.625},
    {"balanced_accuracy", 0.625},
    {"precision", 0.6},
    {"recall", 0.75},
    {"specificity", 0.5},
    {"negative_predictive_value", 0.6666666666666666},
    {"f1", 0.6666666666666666},
    {"mcc", 0.2581988897471611},
    {"threat_score", 0.5},
    {"fowlkes_mallows", 0.6708203932499369},
    {"informedness", 0.25},
    {"markedness", 0.2666666666666666},
    {"false_positive_rate", 0.5},
    {"false_negative_rate", 0.25},
    {"false_discovery_rate", 0.4},
    {"false_omission_rate", 0.3333333333333333},
    {"positive_likelihood_ratio", 1.5},
    {"negative_likelihood_ratio", 0.5},
    {"diagnostic_odds_ratio", 3.0},
    {"prevalence_threshold", 0.4494897427831781},
    {"discrimination", 0.18749999999999994},
    {"bias", -0.06874999999999998},
    {"calibration_ratio", 0.8625},
    {"mean_score", 0.43125},
    {"prevalence", 0.5},
    {"positive_rate", 0.625},
    {"weight", 8.0},
};
const Figures kBinaryWeighted{
    {"auc", 0.9281045751633987},
    {"average_precision", 0.8841209025117072},
    {"log_loss", 0.38770085270192023},
    {"brier", 0.11649038461538463},
    {"accuracy", 0.75},
    {"balanced_accuracy", 0.7957516339869282},
    {"precision", 0.5862068965517241},
    {"recall", 0.9444444444444444},
    {"specificity", 0.6470588235294118},
    {"negative_predictive_value", 0.9565217391304348},
    {"f1", 0.723404255319149},
    {"mcc", 0.5665913532952912},
    {"threat_score", 0.5666666666666667},
    {"fowlkes_mallows", 0.7440697862050945},
    {"informedness", 0.5915032679738563},
    {"markedness", 0.5427286356821588},
    {"false_positive_rate", 0.35294117647058826},
    {"false_negative_rate", 0.05555555555555555},
    {"false_discovery_rate", 0.41379310344827586},
    {"false_omission_rate", 0.043478260869565216},
    {"positive_likelihood_ratio", 2.675925925925926},
    {"negative_likelihood_ratio", 0.08585858585858586},
    {"diagnostic_odds_ratio", 31.166666666666668},
    {"prevalence_threshold", 0.379387747911743},
    {"discrimination", 0.39820261437908505},
    {"bias", 0.07403846153846155},
    {"calibration_ratio", 1.213888888888889},
    {"mean_score", 0.4201923076923077},
    {"prevalence", 0.34615384615384615},
    {"positive_rate", 0.5576923076923077},
    {"weight", 13.0},
};

TEST(Metrics, OfBinaryRowsAreThoseOfScikitLearn) {
  ExpectNear(Measure(Task::kBinary, {.scores = kScores, .targets = kLabels}, 0.4), kBinary);
  ExpectNear(Measure(Task::kBinary, {.scores = kScores, .targets = kLabels, .weights = kWeights}, 0.4),
             kBinaryWeighted);
}

const Figures kClasses{
    {"log_loss", 0.9921483392291353},
    {"accuracy", 0.5},
    {"balanced_accuracy", 0.41666666666666663},
    {"macro_f1", 0.39166666666666666},
    {"weighted_f1", 0.475},
    {"macro_precision", 0.375},
    {"macro_recall", 0.41666666666666663},
    {"weighted_precision", 0.4583333333333333},
    {"mcc", 0.29576024087563857},
    {"cohen_kappa", 0.28888888888888886},
    {"brier", 0.57111875},
    {"top_2_accuracy", 0.875},
    {"top_3_accuracy", 1.0},
    {"weight", 8.0},
};
const Figures kClassesWeighted{
    {"log_loss", 1.0201266210122433},
    {"accuracy", 0.3269230769230769},
    {"balanced_accuracy", 0.375},
    {"macro_f1", 0.30763385550619593},
    {"weighted_f1", 0.2666049171777486},
    {"macro_precision", 0.26455026455026454},
    {"macro_recall", 0.375},
    {"weighted_precision", 0.2275132275132275},
    {"mcc", 0.06970832235125261},
    {"cohen_kappa", 0.06282183316168921},
    {"brier", 0.5943182692307691},
    {"top_2_accuracy", 0.9230769230769231},
    {"top_3_accuracy", 1.0},
    {"weight", 13.0},
};

TEST(Metrics, OfClassesAreThoseOfScikitLearn) {
  const std::vector<double> scores{0.7, 0.2, 0.1, 0, 0.1,  0.6,  0.3, 0, 0.25, 0.125, 0.5, 0.125, 0.4, 0.35, 0.25, 0,
                                   0.2, 0.5, 0.3, 0, 0.09, 0.11, 0.8, 0, 0.2,  0.1,   0.6, 0.1,   0.1, 0.4,  0.2,  0.3};
  const std::vector<double> truth{0, 1, 2, 1, 2, 0, 2, 3};
  ExpectNear(Measure(Task::kClasses, {.scores = scores, .num_outputs = 4, .targets = truth}), kClasses);
  ExpectNear(Measure(Task::kClasses, {.scores = scores, .num_outputs = 4, .targets = truth, .weights = kWeights}),
             kClassesWeighted);
}

const Figures kNumbers{
    {"rmse", 1.243734296383275},
    {"mse", 1.546875},
    {"mae", 0.875},
    {"mape", 140737488355328.28},
    {"msle", 0.054809309008797914},
    {"rmsle", 0.23411388042744904},
    {"r2", 0.8920907418761496},
    {"explained_variance", 0.9054431500783432},
    {"pearson_squared", 0.9202922730998988},
    {"bias", -0.4375},
    {"calibration_ratio", 0.8823529411764706},
    {"mean_score", 3.28125},
    {"mean_target", 3.71875},
};
const Figures kNumbersWeighted{
    {"rmse", 1.7829993097198715},
    {"mse", 3.1790865384615383},
    {"mae", 1.4086538461538463},
    {"mape", 43303842570870.49},
    {"msle", 0.06174299557742277},
    {"rmsle", 0.2484813787337449},
    {"r2", 0.8470396035529874},
    {"explained_variance", 0.8818810770173502},
    {"pearson_squared", 0.9004706766651239},
    {"bias", -0.8509615384615384},
    {"calibration_ratio", 0.8602999210734016},
    {"mean_score", 5.240384615384615},
    {"mean_target", 6.091346153846154},
};
const Figures kCounts{
    {"poisson_deviance", 4.5786303095604834},
    {"d2", -0.23314054909841997},
    {"zero_share", 0.125},
};
const Figures kCountsWeighted{
    {"poisson_deviance", 5.6642762963957365},
    {"d2", -0.4016524649243822},
    {"zero_share", 0.038461538461538464},
};

TEST(Metrics, OfNumbersAndCountsAreThoseOfScikitLearn) {
  const std::vector<double> targets{3, 0.5, 2, 7, 4.25, 1, 0, 12};
  const std::vector<double> scores{2.5, 0, 2, 8, 3, 1.5, 0.25, 9};
  const ScoredRows rows{.scores = scores, .targets = targets};
  const ScoredRows weighted{.scores = scores, .targets = targets, .weights = kWeights};
  ExpectNear(Measure(Task::kNumber, rows), kNumbers);
  ExpectNear(Measure(Task::kNumber, weighted), kNumbersWeighted);
  ExpectNear(Measure(Task::kCounts, rows), kCounts);
  ExpectNear(Measure(Task::kCounts, weighted), kCountsWeighted);
}

// The best of all thresholds, by the confusion at each of them.
TEST(Metrics, OfTheBestThresholdAreThoseOfAPlainSearch) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> scores, labels, weights;
    for (int row = 0; row < 40; ++row) {
      scores.push_back(static_cast<double>(random() % 20) / 20);
      labels.push_back(random() % 20 < 20 * scores.back() ? 1 : 0);
      weights.push_back(static_cast<double>(random() % 3));
    }
    double positives = 0, negatives = 0;
    for (size_t row = 0; row < 40; ++row) (labels[row] == 1 ? positives : negatives) += weights[row];
    double at_precision = 0, at_recall = 0, at_specificity = 0, specificity_at = 0, separation = 0;
    for (const double threshold : scores) {
      double hits = 0, alarms = 0;
      for (size_t row = 0; row < 40; ++row) {
        if (scores[row] >= threshold) (labels[row] == 1 ? hits : alarms) += weights[row];
      }
      if (hits + alarms == 0) continue;
      if (hits / (hits + alarms) >= 0.9) at_precision = std::max(at_precision, hits / positives);
      if (hits / positives >= 0.9) {
        at_recall = std::max(at_recall, hits / (hits + alarms));
        specificity_at = std::max(specificity_at, (negatives - alarms) / negatives);
      }
      if ((negatives - alarms) / negatives >= 0.9) at_specificity = std::max(at_specificity, hits / positives);
      separation = std::max(separation, hits / positives - alarms / negatives);
    }
    ExpectNear(Measure(Task::kBinary, {.scores = scores, .targets = labels, .weights = weights}),
               {{"recall@precision=0.9", at_precision},
                {"precision@recall=0.9", at_recall},
                {"recall@specificity=0.9", at_specificity},
                {"specificity@recall=0.9", specificity_at},
                {"kolmogorov_smirnov", separation}});
  }
}

TEST(Metrics, OfARankingAreMeansOverAllOrdersOfTies) {
  // One group, the second tie has one relevant row of two: the orders r n r and r r n are as likely.
  const std::vector<double> scores{3, 2, 2, 1};
  const std::vector<double> targets{1, 1, 0, 1};
  const std::vector<int64_t> groups{5, 5, 5, 5};
  ValueAmounts amounts;
  amounts.places.hit = {8, 4, 2};
  const Figures figures =
      Measure(Task::kRanking, {.scores = scores, .targets = targets, .groups = groups}, 0.5, &amounts);
  ExpectNear(figures, {{"map", ((1 + 1.0 + 0.75) / 3 + (1 + 2.0 / 3 + 0.75) / 3) / 2},
                       {"hit@1", 1},
                       {"hit@3", 1},
                       {"precision@5", 0.6},
                       {"recall@5", 1},
                       {"first_place", 1},
                       {"mrr", 1},
                       {"value", 8 + (4.0 + 2.0) / 2},
                       {"weight", 1}});
}

TEST(Metrics, OfARankingWhoseFirstTieIsMixed) {
  const std::vector<double> scores{2, 2, 2, 1, 1, 0};
  const std::vector<double> targets{0, 0, 1, 0, 2, 0};
  const std::vector<int64_t> groups(6, 1);
  const Figures figures = Measure(Task::kRanking, {.scores = scores, .targets = targets, .groups = groups});
  const double second = ((2.0 / 4) + (2.0 / 5)) / 2;
  ExpectNear(figures, {{"map", ((1 + 0.5 + 1.0 / 3) / 3 + second) / 2},
                       {"hit@1", 1.0 / 3},
                       {"hit@3", 1},
                       {"first_place", 2},
                       {"mrr", (1 + 0.5 + 1.0 / 3) / 3},
                       {"recall@5", 1},
                       {"precision@5", 0.4}});
}

TEST(Metrics, AgreeWithTheEvaluationOfTheTask) {
  std::vector<int8_t> labels(kLabels.begin(), kLabels.end());
  for (const std::vector<double>& weights : {std::vector<double>(), kWeights}) {
    const BinaryEvaluation evaluation =
        EvaluateBinary(kScores, labels, {.threshold = 0.4, .calibration_bins = 10, .base_rate = 0.5}, weights).value();
    const Figures figures = Measure(Task::kBinary, {.scores = kScores, .targets = kLabels, .weights = weights}, 0.4);
    ExpectNear(figures, {{"auc", evaluation.model.auc},
                         {"log_loss", evaluation.model.log_loss},
                         {"brier", evaluation.model.brier},
                         {"calibration_error", evaluation.model.calibration_error},
                         {"accuracy", evaluation.model.accuracy},
                         {"precision", evaluation.model.precision},
                         {"recall", evaluation.model.recall}});
    const ScoredRows numbers{.scores = kScores, .targets = kWeights, .weights = weights};
    const NumbersEvaluation of_numbers = EvaluateNumbers(numbers, 0.5).value();
    ExpectNear(Measure(Task::kNumber, numbers), {{"rmse", of_numbers.model.rmse},
                                                 {"mae", of_numbers.model.mae},
                                                 {"median_error", of_numbers.model.median_error},
                                                 {"bias", of_numbers.model.mean_bias},
                                                 {"r2", of_numbers.model.r2},
                                                 {"mean_target", of_numbers.mean_target}});
    const CountsEvaluation of_counts = EvaluateCounts(numbers, 0.5).value();
    ExpectNear(Measure(Task::kCounts, numbers), {{"poisson_deviance", of_counts.model.poisson_deviance},
                                                 {"d2", of_counts.model.d2},
                                                 {"mae", of_counts.model.mae},
                                                 {"rmse", of_counts.model.rmse},
                                                 {"mean_score", of_counts.model.mean_score}});
    const std::vector<int64_t> groups{1, 1, 1, 2, 2, 2, 3, 3};
    const ScoredRows ranked{.scores = kScores, .targets = kLabels, .weights = weights, .groups = groups};
    const RankingEvaluation of_ranking = EvaluateRanking(ranked).value();
    ExpectNear(Measure(Task::kRanking, ranked), {{"ndcg@5", of_ranking.model.ndcg_5},
                                                 {"ndcg@10", of_ranking.model.ndcg_10},
                                                 {"ndcg", of_ranking.model.ndcg},
                                                 {"mrr", of_ranking.model.mrr}});
  }
}

TEST(Metrics, OfClassesAgreeWithTheEvaluation) {
  const std::vector<double> scores{0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.25, 0.25, 0.5, 0.4, 0.35, 0.25};
  const std::vector<double> truth{0, 1, kUnseenClass, 1};
  const ScoredRows rows{.scores = scores, .num_outputs = 3, .targets = truth};
  const ClassesEvaluation evaluation = EvaluateClasses(rows, {.shares = {0.5, 0.25, 0.25}}).value();
  ExpectNear(Measure(Task::kClasses, rows), {{"log_loss", evaluation.model.log_loss},
                                             {"accuracy", evaluation.model.accuracy},
                                             {"macro_f1", evaluation.model.macro_f1},
                                             {"weighted_f1", evaluation.model.weighted_f1},
                                             {"top_2_accuracy", evaluation.model.top_k[0].accuracy},
                                             {"top_3_accuracy", std::nullopt}});
}

TEST(Metrics, AreAbsentWhereTheyAreNotDefined) {
  const std::vector<double> scores{0.1, 0.2};
  const std::vector<double> zeros{0, 0};
  ExpectNear(Measure(Task::kBinary, {.scores = scores, .targets = zeros}), {{"auc", std::nullopt},
                                                                            {"average_precision", std::nullopt},
                                                                            {"recall@precision=0.9", std::nullopt},
                                                                            {"precision@recall=0.9", std::nullopt},
                                                                            {"recall@specificity=0.9", std::nullopt},
                                                                            {"kolmogorov_smirnov", std::nullopt},
                                                                            {"precision", std::nullopt},
                                                                            {"recall", std::nullopt},
                                                                            {"specificity", 1},
                                                                            {"f1", std::nullopt},
                                                                            {"mcc", std::nullopt},
                                                                            {"calibration_ratio", std::nullopt},
                                                                            {"diagnostic_odds_ratio", std::nullopt},
                                                                            {"bias", 0.15}});
  const std::vector<double> tens{10.1, 10.1};
  const std::vector<double> below{-1, 3};
  ExpectNear(Measure(Task::kNumber, {.scores = scores, .targets = tens}),
             {{"r2", std::nullopt}, {"pearson_squared", std::nullopt}, {"explained_variance", std::nullopt}});
  ExpectNear(Measure(Task::kNumber, {.scores = scores, .targets = below}), {{"msle", std::nullopt}});
  ExpectNear(Measure(Task::kCounts, {.scores = scores, .targets = tens}), {{"d2", std::nullopt}});
}

TEST(Metrics, ValueIsTheMeanOfWhatOutcomesAreWorth) {
  const std::vector<double> of_hits{10, 20, 30, 40, 50, 60, 70, 80};
  ValueAmounts amounts;
  amounts.outcomes = {.true_positive = {.per_row = of_hits},
                      .false_positive = {.constant = -1},
                      .false_negative = {.constant = -2},
                      .true_negative = {.constant = 0.5}};
  // At 0.5: rows 3 and 6 are true positives, 5 is a false one, 2 and 4 are false negatives, 0, 1 and 7 true ones.
  ExpectNear(Measure(Task::kBinary, {.scores = kScores, .targets = kLabels}, 0.5, &amounts),
             {{"value", (40.0 + 70 - 1 - 2 * 2 + 3 * 0.5) / 8}});
  amounts.errors = {.over = {.constant = 2}, .under = {.constant = 5}};
  const std::vector<double> targets{1, 2};
  const std::vector<double> scores{1.5, 1};
  ExpectNear(Measure(Task::kNumber, {.scores = scores, .targets = targets}, 0.5, &amounts),
             {{"value", -(2 * 0.5 + 5 * 1.0) / 2}});
}

}  // namespace
}  // namespace roost::evaluate
