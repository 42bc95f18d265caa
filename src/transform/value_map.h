#pragma once

#include <cstdint>
#include <vector>

#include "transform/transform.h"

namespace roost::transform {

/// How the values of a feature of one transform become those of the same feature of another: value_to = scale *
/// value_from + shift, or for a category code_to = categories[code_from].
struct ValueMap {
  int32_t from = 0;
  int32_t to = 0;
  double scale = 1;
  double shift = 0;
  std::vector<int32_t> categories;  ///< by old code; -1: the word is gone. Empty: no category
};

/// The features that both transforms have, by their meaning as MapFeatures (feature_map.h) tells them, where the values
/// of one follow from those of the other; by ascending `to`. For models whose questions are about values: trees.
std::vector<ValueMap> MapValues(const Transform& from, const Transform& to);

}  // namespace roost::transform
