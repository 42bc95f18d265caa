#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "profile/summary.h"

namespace roost::profile {

/// `count` values that lie between `low` and `high`, of which `point` is the best guess.
struct Bucket {
  double low = 0;
  double high = 0;
  double point = 0;
  int64_t count = 0;
};

/// 101 values: [q] is the least point such that at least q percent of the values are not above it. [0] is `min`, [100]
/// is `max`, and all lie between. `buckets` are ascending and not empty; `min` and `max` are those of the values.
std::vector<double> PercentilesOf(std::span<const Bucket> buckets, double min, double max);

/// 10 bars of equal width from `min` to `max`; one bar where all values are (nearly) equal. The counts sum to the
/// buckets'. A bucket wider than a bar is taken to be spread evenly.
std::vector<HistogramBar> BarsOf(std::span<const Bucket> buckets, double min, double max);

}  // namespace roost::profile
