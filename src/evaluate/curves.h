#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "evaluate/binary.h"
#include "evaluate/rows.h"
#include "evaluate/slices.h"
#include "evaluate/value.h"

namespace roost::evaluate {

/// What people draw of the scores of a binary model.
///
/// All here: InvalidArgument as CheckTaskRows (terms.h) and for options out of range. The same bits for any order of
/// the rows and any number of threads.

/// What acting on the rows with scores from a threshold on comes to: a point of the ROC curve, of precision and recall,
/// and of the value.
struct OperatingPoint {
  double threshold = 0;
  double acted_share = 0;                     ///< of the rows' weight
  std::optional<double> recall;               ///< the share of the positive rows; absent without positive rows
  std::optional<double> false_positive_rate;  ///< the share of the negative rows; absent without negative rows
  std::optional<double> precision;            ///< absent where no row is acted on
  std::optional<double> value;                ///< a row; absent without amounts

  friend bool operator==(const OperatingPoint&, const OperatingPoint&) = default;
};

struct BinaryCurves {
  /// By falling threshold, from no row (left out where a score is 1) to all of them.
  std::vector<OperatingPoint> points;
  /// The threshold of the greatest value, of all thresholds: too good, as it was chosen for these rows. Absent without
  /// amounts.
  std::optional<OperatingPoint> best;
  std::vector<LiftPoint> lift;  ///< value.h; its values are 0 without amounts
};

struct CurveOptions {
  int64_t max_points = 200;  ///< about so many at most; 2 to 10,000
  int64_t lift_parts = 10;   ///< equal shares of the rows; 2 to 1,000
};

/// `amounts` may be null. Cost: two sorts of 48 bytes a row.
absl::StatusOr<BinaryCurves> MakeCurves(const ScoredRows& rows, const OutcomeAmounts* amounts,
                                        const CurveOptions& options);

/// The calibration table (binary.h) of the rows of each slice; an empty one where all their weights are 0. `bins` are 1
/// to 1,000. Cancelled. Cost: for each slice a pass over all rows and a sort of its own; on all threads of the context.
absl::StatusOr<std::vector<std::vector<CalibrationBin>>> CalibrationBySlice(const ScoredRows& rows,
                                                                            const SliceSet& slices, int bins,
                                                                            const Context& context);

}  // namespace roost::evaluate
