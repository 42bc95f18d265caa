#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "evaluate/terms.h"
#include "predict/task.h"

namespace roost::evaluate {

/// Which values of a metric are the better ones.
enum class Better {
  kHigher,
  kLower,
  kNearest,  ///< those near to NamedMetric::nearest
  kNeither,  ///< it describes the rows or the model, and says nothing of how good it is
};

/// What follows from the rows in the order of their scores (or errors), and not from sums over them (by_order.h).
enum class ByOrder { kNone, kAuc, kAveragePrecision, kCalibrationError, kBestThreshold, kMedianError };

/// What a threshold gives: of the weights of positive and negative rows with scores from it on (hits, alarms) and of
/// all positive and negative rows. NaN where it is not defined for such rows, kNoThreshold where this one does not
/// count.
using ThresholdFigure = double (*)(double hits, double alarms, double positives, double negatives);
inline constexpr double kNoThreshold = -std::numeric_limits<double>::infinity();

/// A figure that people ask for by its name. All weigh rows: one of weight 2 counts as two, one of weight 0 as none.
struct NamedMetric {
  std::string_view name;  ///< snake_case, as scikit-learn names it where it does
  Better better = Better::kHigher;
  double nearest = 0;           ///< of Better::kNearest
  bool uses_threshold = false;  ///< depends on the decision threshold
  std::string_view meaning;     ///< one sentence for people
  /// The value from the sums of terms.h, absent where it is not defined; null where it follows from the order. `sums`
  /// are all sums of the task, of which only those in `needs` are filled in.
  std::optional<double> (*of_sums)(std::span<const double> sums) = nullptr;
  TermSet needs = 0;
  ByOrder by_order = ByOrder::kNone;
  /// Of ByOrder::kBestThreshold: the metric is the greatest of these over all thresholds, that above all scores too.
  ThresholdFigure of_threshold = nullptr;
};

/// All metrics of a task, the usual ones first. The span and all that it holds live for ever.
std::span<const NamedMetric> MetricsOf(predict::Task task);

/// NotFound, with the nearest name as a hint, where the task has no metric of that name.
absl::StatusOr<const NamedMetric*> FindMetric(predict::Task task, std::string_view name);

/// By how much `value` is better than `other`, a value of the same metric, in the metric's unit; below 0 where it is
/// worse. Absent for Better::kNeither.
std::optional<double> BetterBy(const NamedMetric& metric, double value, double other);

}  // namespace roost::evaluate
