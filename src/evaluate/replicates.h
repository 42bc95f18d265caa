#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/resample.h"
#include "evaluate/resample_kernels.h"

namespace roost::evaluate {

/// Numbers by slice, model, item (a sum or a metric) and resample: whole blocks of kLanes resamples, one block of all
/// slices after the other.
class LaneTable {
 public:
  LaneTable(size_t blocks, size_t slices, size_t items)
      : slices_(slices), items_(items), lanes_(blocks * slices * items * kLanes) {}

  /// kLanes numbers for each item.
  double* Of(size_t block, size_t slice) { return lanes_.data() + (block * slices_ + slice) * items_ * kLanes; }
  const double* Of(size_t block, size_t slice) const {
    return lanes_.data() + (block * slices_ + slice) * items_ * kLanes;
  }
  double At(size_t resample, size_t slice, size_t item) const {
    return Of(resample / kLanes, slice)[item * kLanes + resample % kLanes];
  }

 private:
  size_t slices_;
  size_t items_;
  std::vector<double> lanes_;
};

/// What everybody who measures slices needs to know. All is borrowed.
struct Measurement {
  const MeasuredRows& rows;
  std::span<const ModelScores> models;
  const SliceSet& slices;
  const MeasureOptions& options;
  const Context& context;
  std::span<const uint64_t> keys;  ///< of the row's unit (UnitKey)
  double centre = 0;               ///< TermOptions::centre

  size_t num_blocks() const { return (static_cast<size_t>(options.resamples) + kLanes - 1) / kLanes; }
  TermSet needs() const;
  bool NeedsOrder() const;
  ScoredRows RowsOf(size_t model) const;
};

/// Sums over the rows of each slice: by slice, the sums of the first model, then of the second and so on.
struct SliceSums {
  std::vector<size_t> first_sum;           ///< of each model, and their number
  std::vector<std::vector<double>> exact;  ///< by slice
  LaneTable lanes;                         ///< items are sums
};

/// Cost: a pass over the rows for each block of resamples.
absl::StatusOr<SliceSums> SumSlices(const Measurement& measurement);

/// Writes the metrics by order of `model`: values into [slice][metric], and resamples into the item model * metrics +
/// metric of `resampled`.
absl::Status MeasureByOrder(const Measurement& measurement, size_t model, const SliceSums& sums,
                            std::vector<std::vector<std::optional<double>>>& values, LaneTable& resampled);

}  // namespace roost::evaluate
