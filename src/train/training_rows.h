#pragma once

#include <cstdint>
#include <span>

#include "transform/features.h"

namespace roost::train {

/// What a trainer learns from: rows of features with what is to be predicted of each. Borrowed.
struct TrainingRows {
  const transform::FeatureRows* features = nullptr;
  /// One a row. Binary tasks: 0 or 1; classes: 0 to num_classes - 1; counts: at least 0; else any finite number.
  std::span<const double> targets;
  /// One a row, at least 0 and finite; empty: all 1.
  std::span<const double> weights;
  /// Ranking: the group of each row, the rows of a group lying together; else empty.
  std::span<const int64_t> groups;
  int32_t num_classes = 2;  ///< of classes
};

}  // namespace roost::train
