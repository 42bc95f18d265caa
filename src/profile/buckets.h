#pragma once

#include <cstdint>
#include <optional>
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

/// Third and fourth standardised moment of the population (the fourth less 3, which is 0 for a normal distribution).
struct Shape {
  double skewness = 0;
  double kurtosis = 0;
};

/// Of the values in `buckets`, whose exact deviation is `standard_deviation`; values are taken to lie evenly between a
/// bucket's ends, or on its whole numbers. Exact but for rounding where each bucket holds one value; else within about
/// 1 % of it (and 0.01) for smooth distributions. Empty where all values are equal, or lie so close together that the
/// buckets do not show how: where the buckets' own deviation is not within 2 % of the exact one, or a quarter of it is
/// due to their width.
std::optional<Shape> ShapeOf(std::span<const Bucket> buckets, double standard_deviation, bool whole_numbers);

}  // namespace roost::profile
