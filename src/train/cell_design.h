#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/cell_fields.h"
#include "train/design.h"

namespace roost::train {

/// Rows of which equal ones are one, with the sum of their weights.
struct MergedRows {
  std::unique_ptr<Design> design;
  std::vector<double> targets;  ///< of each row that is left; the weighted mean where several targets became one
  std::vector<double> weights;
  double spread = 0;  ///< the sum of weight * (target - mean target of its row)^2 of the rows that were merged
};

/// What becomes of the targets of equal rows.
enum class MergeTargets {
  kMean,  ///< their mean: for losses that are linear in the target but for a constant
  kKeep,  ///< rows with different targets stay apart; targets are whole numbers from 0 to num_classes - 1
};

/// Sorts the rows by their cells, merges equal ones, and gives the form of what is left: margins by look-ups in tables
/// of the fields' cells, sums of slopes by cell. `weights` may be empty: all 1. Rows of weight 0 are left out; at least
/// one must not be. Cost: 20 ns a row and field.
MergedRows MergeRows(CellRows rows, std::span<const double> targets, std::span<const double> weights, MergeTargets how,
                     int32_t num_classes);

}  // namespace roost::train
