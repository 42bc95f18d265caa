#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluate/metric.h"
#include "evaluate/rows.h"
#include "evaluate/value_amounts.h"

namespace roost::evaluate {

/// What a decision threshold is worth, on binary rows: a row is acted on where its score is at least the threshold.
/// The rows' own metric `value` (metric.h) is what one threshold is worth a row, with its error by resample.h.
///
/// All here: InvalidArgument as EvaluateBinary for rows and as CheckAmounts for amounts. The same bits for any order of
/// the rows. Weights count as everywhere. Cost: a sort of 48 bytes a row.

/// The probability from which on acting is worth as much as not acting, where scores are probabilities:
/// (tn - fp) / ((tn - fp) + (tp - fn)), in [0, 1]. Absent where acting is worth more at every probability, or less, or
/// an amount is one a row. Source: Elkan, "The foundations of cost-sensitive learning" (2001), equation 2.
std::optional<double> BreakEvenProbability(const OutcomeAmounts& amounts);

struct ThresholdPoint {
  double threshold = 0;             ///< a score of the rows; just above all scores where no row is acted on
  double acted_weight = 0;          ///< of the rows acted on
  double value = 0;                 ///< of all rows together
  std::optional<double> precision;  ///< absent where no row is acted on
  std::optional<double> recall;     ///< absent where no label is positive

  friend bool operator==(const ThresholdPoint&, const ThresholdPoint&) = default;
};

struct ThresholdCurve {
  /// By falling threshold, from no row (left out where a score is 1) to all of them: about max_points at most, with
  /// about equally many rows between.
  std::vector<ThresholdPoint> points;
  ThresholdPoint best;  ///< of all thresholds that of the greatest value; of equal ones the highest
};

/// The value of every threshold. `max_points` is 2 to 10,000.
absl::StatusOr<ThresholdCurve> ValueCurve(const ScoredRows& rows, const OutcomeAmounts& amounts, int64_t max_points);

/// The rows of the highest scores up to a share of all.
struct LiftPoint {
  double share = 0;            ///< of the rows' weight
  std::optional<double> gain;  ///< the share of the positive rows that is among them; absent without positive rows
  std::optional<double> lift;  ///< gain / share: how many times as many as among as many rows at random
  double value = 0;            ///< of all rows together where these are acted on
};

/// The lift at each of `parts` (2 to 1,000; ten: deciles) equal shares. Rows of equal scores are taken in any order:
/// where a share ends among them, it has its part of each of their sums.
absl::StatusOr<std::vector<LiftPoint>> LiftCurve(const ScoredRows& rows, const OutcomeAmounts& amounts, int64_t parts);

struct LearnedThreshold {
  double threshold = 0;
  double value = 0;  ///< of the metric, on the rows that it was learned on: too good, as it was chosen for them
};

/// The threshold that is best by `metric`, which uses one: of equally good ones the highest. Learn it on one set of
/// rows and report it on another (ModelScores::threshold). `amounts` are needed for the metric `value`, else may be
/// null. InvalidArgument also where the metric uses no threshold, has no better direction, or is defined for none.
absl::StatusOr<LearnedThreshold> LearnThreshold(const ScoredRows& rows, const NamedMetric& metric,
                                                const OutcomeAmounts* amounts);

}  // namespace roost::evaluate
