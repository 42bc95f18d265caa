#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/metric.h"
#include "evaluate/slices.h"

namespace roost::evaluate {

/// Metrics that follow from the order of the rows by their scores (binary) or by their absolute errors (numbers and
/// counts), of all slices in one walk over the rows.

/// A row in ascending order of its value.
struct RankedValue {
  double value;
  double weight;  ///< above 0
  uint32_t row;
  uint32_t role;  ///< binary: the label; else 0
};

/// The rows of a weight above 0, so ordered that figures do not depend on the order in which they came. Cost: a sort.
/// `roles` may be empty: all 0.
std::vector<RankedValue> Ranked(std::span<const double> values, std::span<const double> weights,
                                std::span<const double> roles);

/// The cells of the ranked rows, in their order.
std::vector<uint32_t> CellsOf(std::span<const RankedValue> ranked, const SliceSet::Group& group);

struct BinaryOrderFigures {
  std::optional<double> auc;                ///< binary.h
  std::optional<double> average_precision;  ///< as scikit-learn's average_precision_score; absent without positives
  std::optional<double> calibration_error;  ///< binary.h; absent without rows
  std::vector<std::optional<double>> best;  ///< of each ThresholdFigure; absent where it is not defined
  /// The lowest score of each calibration bin, ascending.
  std::vector<double> calibration_floors;
};

/// The figures of each slice in [first_slice, first_slice + num_slices) of `group`; `cells` are those of `ranked`.
std::vector<BinaryOrderFigures> BinaryOrder(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                            const SliceSet::Group& group, size_t first_slice, size_t num_slices,
                                            int64_t calibration_bins,
                                            std::span<const ThresholdFigure> threshold_figures);

/// The weighted medians of the values in each slice: numbers.h says which where two are in the middle.
std::vector<std::optional<double>> Medians(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                           const SliceSet::Group& group, size_t first_slice, size_t num_slices);

/// Neighbours in the order of a slice's values, which resamples take as ties.
struct SliceBin {
  size_t end = 0;      ///< all its rows are before that of the ranked ones, and all that follow it are not
  uint32_t slice = 0;  ///< counted from the first one
  bool ends_calibration_bin = false;
  double lowest = 0;
  double highest = 0;
  double mean = 0;
};

/// Of each slice bins of about equally many rows, between 4,096 and 8,192 where it has so many values; equal values are
/// never parted, and no bin reaches over a floor of BinaryOrderFigures (none: medians). By ascending `end`.
std::vector<SliceBin> SliceBins(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                const SliceSet::Group& group, size_t first_slice, size_t num_slices,
                                std::span<const BinaryOrderFigures> figures);

}  // namespace roost::evaluate
