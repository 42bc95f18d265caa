#include <cmath>

#include "evaluate/metric_tables.h"

namespace roost::evaluate {
namespace {

using namespace binary_sums;
using Sums = std::span<const double>;
using Value = std::optional<double>;

double TrueNegatives(Sums sums) { return sums[kTrueNegatives]; }
double FalsePositives(Sums sums) { return sums[kFalsePositives]; }
double FalseNegatives(Sums sums) { return sums[kFalseNegatives]; }
double TruePositives(Sums sums) { return sums[kTruePositives]; }
double Negatives(Sums sums) { return TrueNegatives(sums) + FalsePositives(sums); }
double Positives(Sums sums) { return TruePositives(sums) + FalseNegatives(sums); }
double Predicted(Sums sums) { return TruePositives(sums) + FalsePositives(sums); }
double Rejected(Sums sums) { return TrueNegatives(sums) + FalseNegatives(sums); }
double Weight(Sums sums) { return Negatives(sums) + Positives(sums); }

Value Precision(Sums sums) { return Ratio(TruePositives(sums), Predicted(sums)); }
Value Recall(Sums sums) { return Ratio(TruePositives(sums), Positives(sums)); }
Value Specificity(Sums sums) { return Ratio(TrueNegatives(sums), Negatives(sums)); }
Value NegativePredictiveValue(Sums sums) { return Ratio(TrueNegatives(sums), Rejected(sums)); }
Value FalsePositiveRate(Sums sums) { return Ratio(FalsePositives(sums), Negatives(sums)); }
Value FalseNegativeRate(Sums sums) { return Ratio(FalseNegatives(sums), Positives(sums)); }

// finish(a, b) of two values, absent where one is.
template <typename Finish>
Value Both(Value a, Value b, const Finish& finish) {
  if (!a.has_value() || !b.has_value()) return std::nullopt;
  return finish(*a, *b);
}
Value Quotient(Value a, Value b) {
  return Both(a, b, [](double top, double bottom) { return Ratio(top, bottom); });
}

Value Mcc(Sums sums) {
  // The factors are taken apart so that no product of four weights leaves the doubles.
  const double root =
      std::sqrt(Predicted(sums)) * std::sqrt(Positives(sums)) * std::sqrt(Negatives(sums)) * std::sqrt(Rejected(sums));
  return Ratio(TruePositives(sums) * TrueNegatives(sums) - FalsePositives(sums) * FalseNegatives(sums), root);
}

// The share of positives below which a positive prediction is more likely wrong than right. Source: Balayla,
// "Prevalence threshold and the geometry of screening curves" (2020).
Value PrevalenceThreshold(Sums sums) {
  return Both(Recall(sums), FalsePositiveRate(sums), [](double hits, double alarms) -> Value {
    return Ratio(std::sqrt(hits * alarms) - alarms, hits - alarms);
  });
}

constexpr double kLevel = 0.9;  // of the metrics that ask for one

double RecallAtPrecision(double hits, double alarms, double positives, double) {
  if (hits + alarms > 0 && hits / (hits + alarms) < kLevel) return kNoThreshold;
  return hits / positives;
}
double PrecisionAtRecall(double hits, double alarms, double positives, double) {
  return hits / positives < kLevel ? kNoThreshold : hits / (hits + alarms);
}
double RecallAtSpecificity(double hits, double alarms, double positives, double negatives) {
  const double specificity = (negatives - alarms) / negatives;
  if (specificity < kLevel) return kNoThreshold;
  return specificity >= kLevel ? hits / positives : specificity;  // NaN where there are no negative rows
}
double SpecificityAtRecall(double hits, double alarms, double positives, double negatives) {
  const double recall = hits / positives;
  if (recall < kLevel) return kNoThreshold;
  return recall >= kLevel ? (negatives - alarms) / negatives : recall;
}
double Separation(double hits, double alarms, double positives, double negatives) {
  return hits / positives - alarms / negatives;
}

constexpr NamedMetric OfThresholds(std::string_view name, std::string_view meaning, ThresholdFigure figure) {
  return {
      .name = name, .meaning = meaning, .needs = kOutcome, .by_order = ByOrder::kBestThreshold, .of_threshold = figure};
}

constexpr NamedMetric kMetrics[] = {
    {.name = "auc",
     .meaning = "the probability that a positive row scores above a negative one, ties counting half",
     .needs = kOutcome,
     .by_order = ByOrder::kAuc},
    {.name = "average_precision",
     .meaning = "the area under the curve of precision over recall, as a step function",
     .needs = kOutcome,
     .by_order = ByOrder::kAveragePrecision},
    {.name = "log_loss",
     .better = Better::kLower,
     .meaning = "the mean of -log(probability of the true label)",
     .of_sums = [](Sums sums) { return Ratio(sums[kLosses], Weight(sums)); },
     .needs = kOutcome | kLoss},
    {.name = "brier",
     .better = Better::kLower,
     .meaning = "the mean squared difference of score and label",
     .of_sums = [](Sums sums) { return Ratio(sums[kSquares], Weight(sums)); },
     .needs = kOutcome | kSquare},
    {.name = "calibration_error",
     .better = Better::kLower,
     .meaning = "how far scores are from the share of positives, over bins of about equally many rows",
     .needs = kOutcome,
     .by_order = ByOrder::kCalibrationError},
    {.name = "accuracy",
     .uses_threshold = true,
     .meaning = "the share of rows that are predicted right",
     .of_sums = [](Sums sums) { return Ratio(TruePositives(sums) + TrueNegatives(sums), Weight(sums)); },
     .needs = kOutcome},
    {.name = "balanced_accuracy",
     .uses_threshold = true,
     .meaning = "the mean of recall and specificity",
     .of_sums =
         [](Sums sums) {
           return Both(Recall(sums), Specificity(sums), [](double a, double b) -> Value { return (a + b) / 2; });
         },
     .needs = kOutcome},
    {.name = "precision",
     .uses_threshold = true,
     .meaning = "the share of positive rows among those predicted positive",
     .of_sums = Precision,
     .needs = kOutcome},
    {.name = "recall",
     .uses_threshold = true,
     .meaning = "the share of positive rows that are predicted positive",
     .of_sums = Recall,
     .needs = kOutcome},
    {.name = "specificity",
     .uses_threshold = true,
     .meaning = "the share of negative rows that are predicted negative",
     .of_sums = Specificity,
     .needs = kOutcome},
    {.name = "negative_predictive_value",
     .uses_threshold = true,
     .meaning = "the share of negative rows among those predicted negative",
     .of_sums = NegativePredictiveValue,
     .needs = kOutcome},
    {.name = "f1",
     .uses_threshold = true,
     .meaning = "the harmonic mean of precision and recall",
     .of_sums = [](Sums sums) { return Ratio(2 * TruePositives(sums), Predicted(sums) + Positives(sums)); },
     .needs = kOutcome},
    {.name = "mcc",
     .uses_threshold = true,
     .meaning = "Matthews' correlation of prediction and label",
     .of_sums = Mcc,
     .needs = kOutcome},
    {.name = "threat_score",
     .uses_threshold = true,
     .meaning = "true positives among all that are positive or predicted so (Jaccard's index)",
     .of_sums = [](Sums sums) { return Ratio(TruePositives(sums), Weight(sums) - TrueNegatives(sums)); },
     .needs = kOutcome},
    {.name = "fowlkes_mallows",
     .uses_threshold = true,
     .meaning = "the geometric mean of precision and recall",
     .of_sums =
         [](Sums sums) {
           return Both(Precision(sums), Recall(sums), [](double a, double b) -> Value { return std::sqrt(a * b); });
         },
     .needs = kOutcome},
    {.name = "informedness",
     .uses_threshold = true,
     .meaning = "recall + specificity - 1 (Youden's index)",
     .of_sums =
         [](Sums sums) {
           return Both(Recall(sums), Specificity(sums), [](double a, double b) -> Value { return a + b - 1; });
         },
     .needs = kOutcome},
    {.name = "markedness",
     .uses_threshold = true,
     .meaning = "precision + negative predictive value - 1",
     .of_sums =
         [](Sums sums) {
           return Both(Precision(sums), NegativePredictiveValue(sums),
                       [](double a, double b) -> Value { return a + b - 1; });
         },
     .needs = kOutcome},
    {.name = "false_positive_rate",
     .better = Better::kLower,
     .uses_threshold = true,
     .meaning = "the share of negative rows that are predicted positive (fall-out)",
     .of_sums = FalsePositiveRate,
     .needs = kOutcome},
    {.name = "false_negative_rate",
     .better = Better::kLower,
     .uses_threshold = true,
     .meaning = "the share of positive rows that are predicted negative (miss rate)",
     .of_sums = FalseNegativeRate,
     .needs = kOutcome},
    {.name = "false_discovery_rate",
     .better = Better::kLower,
     .uses_threshold = true,
     .meaning = "the share of negative rows among those predicted positive",
     .of_sums = [](Sums sums) { return Ratio(FalsePositives(sums), Predicted(sums)); },
     .needs = kOutcome},
    {.name = "false_omission_rate",
     .better = Better::kLower,
     .uses_threshold = true,
     .meaning = "the share of positive rows among those predicted negative",
     .of_sums = [](Sums sums) { return Ratio(FalseNegatives(sums), Rejected(sums)); },
     .needs = kOutcome},
    {.name = "positive_likelihood_ratio",
     .uses_threshold = true,
     .meaning = "recall divided by the false positive rate",
     .of_sums = [](Sums sums) { return Quotient(Recall(sums), FalsePositiveRate(sums)); },
     .needs = kOutcome},
    {.name = "negative_likelihood_ratio",
     .better = Better::kLower,
     .uses_threshold = true,
     .meaning = "the false negative rate divided by specificity",
     .of_sums = [](Sums sums) { return Quotient(FalseNegativeRate(sums), Specificity(sums)); },
     .needs = kOutcome},
    {.name = "diagnostic_odds_ratio",
     .uses_threshold = true,
     .meaning = "the odds of a positive prediction of positive rows, divided by those of negative ones",
     .of_sums =
         [](Sums sums) {
           return Quotient(Ratio(TruePositives(sums), FalseNegatives(sums)),
                           Ratio(FalsePositives(sums), TrueNegatives(sums)));
         },
     .needs = kOutcome},
    {.name = "prevalence_threshold",
     .better = Better::kLower,
     .uses_threshold = true,
     .meaning = "the prevalence below which precision falls off fast",
     .of_sums = PrevalenceThreshold,
     .needs = kOutcome},
    OfThresholds("recall@precision=0.9", "the greatest recall of all thresholds with a precision of at least 0.9",
                 RecallAtPrecision),
    OfThresholds("precision@recall=0.9", "the greatest precision of all thresholds with a recall of at least 0.9",
                 PrecisionAtRecall),
    OfThresholds("recall@specificity=0.9", "the greatest recall of all thresholds with a specificity of at least 0.9",
                 RecallAtSpecificity),
    OfThresholds("specificity@recall=0.9", "the greatest specificity of all thresholds with a recall of at least 0.9",
                 SpecificityAtRecall),
    OfThresholds("kolmogorov_smirnov", "the greatest informedness of all thresholds", Separation),
    {.name = "discrimination",
     .meaning = "the mean score of positive rows minus that of negative ones (Tjur)",
     .of_sums =
         [](Sums sums) {
           return Both(Ratio(sums[kPositiveScores], Positives(sums)),
                       Ratio(sums[kScores] - sums[kPositiveScores], Negatives(sums)),
                       [](double a, double b) -> Value { return a - b; });
         },
     .needs = kOutcome | kScore | kPositiveScore},
    {.name = "bias",
     .better = Better::kNearest,
     .nearest = 0,
     .meaning = "the mean score minus the share of positive rows",
     .of_sums = [](Sums sums) { return Ratio(sums[kScores] - Positives(sums), Weight(sums)); },
     .needs = kOutcome | kScore},
    {.name = "calibration_ratio",
     .better = Better::kNearest,
     .nearest = 1,
     .meaning = "the mean score divided by the share of positive rows",
     .of_sums = [](Sums sums) { return Ratio(sums[kScores], Positives(sums)); },
     .needs = kOutcome | kScore},
    {.name = "value",
     .uses_threshold = true,
     .meaning = "the mean value of a row's outcome",
     .of_sums = [](Sums sums) { return Ratio(sums[kValues], Weight(sums)); },
     .needs = kOutcome | kValue},
    {.name = "mean_score",
     .better = Better::kNeither,
     .meaning = "the mean of the scores",
     .of_sums = [](Sums sums) { return Ratio(sums[kScores], Weight(sums)); },
     .needs = kOutcome | kScore},
    {.name = "prevalence",
     .better = Better::kNeither,
     .meaning = "the share of positive rows",
     .of_sums = [](Sums sums) { return Ratio(Positives(sums), Weight(sums)); },
     .needs = kOutcome},
    {.name = "positive_rate",
     .better = Better::kNeither,
     .uses_threshold = true,
     .meaning = "the share of rows that are predicted positive",
     .of_sums = [](Sums sums) { return Ratio(Predicted(sums), Weight(sums)); },
     .needs = kOutcome},
    {.name = "weight",
     .better = Better::kNeither,
     .meaning = "the sum of the rows' weights: their number, where they have none",
     .of_sums = [](Sums sums) -> Value { return Weight(sums); },
     .needs = kOutcome},
};

}  // namespace

std::span<const NamedMetric> BinaryMetrics() { return kMetrics; }

}  // namespace roost::evaluate
