#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "evaluate/metric.h"
#include "evaluate/slices.h"
#include "evaluate/value_amounts.h"
#include "predict/task.h"

namespace roost::evaluate {

/// What models are measured on. All is borrowed.
struct MeasuredRows {
  predict::Task task = predict::Task::kBinary;
  std::span<const double> targets;  ///< as in ScoredRows (rows.h), as are weights and groups
  std::span<const double> weights;
  std::span<const int64_t> groups;  ///< of a ranking
  /// Rows of one unit are drawn together: those that are not independent (of one customer, one day). One a row, or
  /// none: each row is a unit, and in a ranking each group. In a ranking all rows of a group are of one unit.
  std::span<const int64_t> units;
  const ValueAmounts* amounts = nullptr;  ///< for the metric `value`; its amounts a row are of these rows
};

/// The scores of one model on these rows.
struct ModelScores {
  std::span<const double> scores;  ///< as in ScoredRows
  int32_t num_outputs = 1;
  double threshold = 0.5;  ///< binary: predicted positive from this score on, in [0, 1]
  /// For the metric `value`, in place of amounts: what each row is worth with these scores. Not of classes or rankings.
  std::span<const double> values = {};
};

struct MeasureOptions {
  std::vector<const NamedMetric*> metrics;       ///< of the task (metric.h)
  std::vector<std::pair<size_t, size_t>> pairs;  ///< models whose differences are wanted: the first minus the second
  int64_t resamples = 200;                       ///< 0 (values only), or 20 to 10,000
  int64_t least_units = 30;                      ///< with fewer effective units nothing is claimed; 2 or more
  int64_t calibration_bins = 10;                 ///< of calibration_error; 1 to 1,000
};

struct Interval {
  double low = 0;
  double high = 0;
};

/// A value and how far it may be from what all rows of its kind would give.
struct Estimate {
  std::optional<double> value;  ///< exact; absent where it is not defined
  /// Absent where nothing is claimed. Never 0, but for differences: a value that no resample changes (all rows are
  /// predicted right) is not known to be exact. 0 of a difference: the models are equal on these rows.
  std::optional<double> standard_error;
  double degrees = 0;  ///< of freedom, of Student's distribution

  /// value +- t * standard_error, which holds the true value with the chance `confidence` (in (0, 1)). Absent without
  /// standard error. For a bound on one side with the chance c take one end of that at 2 c - 1.
  std::optional<Interval> At(double confidence) const;
};

/// What the difference of two models says of the first one.
enum class Tendency {
  kUnclear,  ///< chance may have made it, or no direction of the metric is the better one for sure
  kBetter,
  kWorse,
};

/// kUnclear unless 0 is outside of difference.At(confidence), and for metrics of Better::kNearest and kNeither.
Tendency TendencyOf(const NamedMetric& metric, const Estimate& difference, double confidence);

struct SliceFigures {
  int64_t rows = 0;  ///< of a weight above 0
  double weight = 0;
  /// Kish's effective number of units: (sum of weights)^2 / sum of squared weights, of units. Without weights, of
  /// units of one size, their number. A ranking's units are of those groups that have a target above 0, each with the
  /// mean weight of its rows.
  double effective_units = 0;
  std::vector<std::vector<Estimate>> models;       ///< by model, then by metric, as asked for
  std::vector<std::vector<Estimate>> differences;  ///< by pair, then by metric
};

/// Measures all models on all slices, which were made of the same rows.
///
/// Values are exact: to some 1e-15 those of the whole evaluation of a slice's rows alone (binary.h and so on), the same
/// bits for any order of the rows and any number of threads.
///
/// Standard errors are those of a paired Poisson bootstrap (resample_kernels.h): each unit gets the same weights for
/// all models and slices, so that differences have the error of differences. They follow from the rows in their order,
/// the units' numbers and context.seed, and not from the number of threads. Intervals are value +- t * error with
/// Student's t of min(resamples, effective units) - 1 degrees, and not quantiles of the resamples, because gates ask
/// for tails far beyond what 200 resamples show (Efron and Tibshirani, "An introduction to the bootstrap", 1993,
/// chapter 12). A metric has no error where it is not defined in a tenth of the resamples, and none is given with fewer
/// than least_units effective units.
///
/// In resamples the metrics by order take neighbouring scores of a slice as equal, where it has more than 8,192 rows:
/// in 4,096 bins or more of about equally many rows (by_order.h). That moves a resample's auc by 1 / 8,192 at most
/// where half of the rows are positive (in general by the chance that a positive and a negative row share a bin,
/// halved), all resamples alike, so it is nothing beside their spread. calibration_error has the bins of the slice as
/// it is in all resamples. It is above 0 also where scores are calibrated, by chance, and more so in resamples: its
/// error says how far it varies, not how far it is from 0.
///
/// InvalidArgument as CheckTaskRows (terms.h), for no metrics or models, metrics that are not MetricsOf the task,
/// options out of range, thresholds out of [0, 1], rows that are not those of the slices, `value` without amounts,
/// amounts that do not fit (value_amounts.h), and more than 4,294,967,295 rows. Cancelled.
///
/// Cost: for R resamples of n rows with s slices a row and M models about n R (1 + M s / 3) ns where a metric is by
/// order, n R where none is, on all threads of the context together; and without resamples some walks over the rows
/// and, for metrics by order, a sort a model. Memory: 80 bytes a row, 12 bytes a term for a million rows at a time, 8
/// bytes a resample, slice, model and sum, 48 bytes a bin. Rankings: the groups of each slice are sorted anew.
absl::StatusOr<std::vector<SliceFigures>> MeasureSlices(const MeasuredRows& rows, std::span<const ModelScores> models,
                                                        const SliceSet& slices, const MeasureOptions& options,
                                                        const Context& context);

}  // namespace roost::evaluate
