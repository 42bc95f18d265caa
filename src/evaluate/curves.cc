#include "evaluate/curves.h"

#include <cstddef>
#include <span>

#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/terms.h"

namespace roost::evaluate {
namespace {

// What all rows come to; at the threshold that acts on each of them.
struct Whole {
  double weight = 0;
  double positives = 0;
};

OperatingPoint PointOf(const ThresholdPoint& point, const Whole& whole, bool has_amounts) {
  OperatingPoint result{.threshold = point.threshold,
                        .acted_share = point.acted_weight / whole.weight,
                        .recall = point.recall,
                        .precision = point.precision};
  const double negatives = whole.weight - whole.positives;
  if (negatives > 0) {
    result.false_positive_rate = point.acted_weight * (1 - point.precision.value_or(1)) / negatives;
  }
  if (has_amounts) result.value = point.value / whole.weight;
  return result;
}

std::vector<CalibrationBin> CalibrationOfRows(const ScoredRows& rows, std::span<const size_t> chosen, int bins) {
  std::vector<double> scores, weights;
  std::vector<int8_t> labels;
  for (const size_t row : chosen) {
    if (rows.WeightOf(row) == 0) continue;
    scores.push_back(rows.scores[row]);
    labels.push_back(rows.targets[row] == 1 ? 1 : 0);
    if (!rows.weights.empty()) weights.push_back(rows.weights[row]);
  }
  return CalibrationOf(scores, labels, bins, weights);
}

}  // namespace

absl::StatusOr<BinaryCurves> MakeCurves(const ScoredRows& rows, const OutcomeAmounts* amounts,
                                        const CurveOptions& options) {
  const OutcomeAmounts worth = amounts == nullptr ? OutcomeAmounts{} : *amounts;
  TRY_ASSIGN(const ThresholdCurve curve, ValueCurve(rows, worth, options.max_points));
  const ThresholdPoint& all = curve.points.back();
  const Whole whole{.weight = all.acted_weight, .positives = all.acted_weight * all.precision.value_or(0)};
  BinaryCurves curves;
  for (const ThresholdPoint& point : curve.points) curves.points.push_back(PointOf(point, whole, amounts != nullptr));
  if (amounts != nullptr) curves.best = PointOf(curve.best, whole, true);
  TRY_ASSIGN(curves.lift, LiftCurve(rows, worth, options.lift_parts));
  return curves;
}

absl::StatusOr<std::vector<std::vector<CalibrationBin>>> CalibrationBySlice(const ScoredRows& rows,
                                                                            const SliceSet& slices, int bins,
                                                                            const Context& context) {
  TRY(CheckTaskRows(predict::Task::kBinary, rows));
  if (bins < 1 || bins > 1000) {
    return absl::InvalidArgumentError(fmt::format("{} bins are asked for; 1 to 1000 can be made", bins));
  }
  if (slices.num_rows != rows.targets.size()) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows are looked at in slices of {} rows", rows.targets.size(), slices.num_rows));
  }
  std::vector<std::vector<CalibrationBin>> of_slices(slices.slices.size());
  const absl::Status made = context.pool->ParallelFor(of_slices.size(), [&](size_t slice) -> absl::Status {
    TRY(context.CheckCancelled());
    of_slices[slice] = CalibrationOfRows(rows, slices.RowsOf(slice), bins);
    return absl::OkStatus();
  });
  TRY(made);
  return of_slices;
}

}  // namespace roost::evaluate
