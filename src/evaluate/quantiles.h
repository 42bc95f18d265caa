#pragma once

#include <span>
#include <utility>
#include <vector>

namespace roost::evaluate {

/// Values with their weights, which are above 0.
using WeightedValues = std::vector<std::pair<double, double>>;

/// For each of `shares` (ascending, in [0, 1]) the value that this share of the weight does not exceed. Where a share
/// ends between two values their mean is taken (numpy's averaged_inverted_cdf). `sorted` ascends and is not empty.
/// Cost: a pass over the values.
std::vector<double> WeightedQuantiles(const WeightedValues& sorted, std::span<const double> shares);

}  // namespace roost::evaluate
