#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace roost::telemetry {

/// Upper bounds, in nanoseconds, of the buckets that durations are counted in: 5 µs to 10 s, two or three to each power
/// of ten, so that a quantile read from them is at most 2.5 times off. A further bucket has what is longer.
inline constexpr std::array<int64_t, 20> kLatencyBounds = {
    5'000,       10'000,      25'000,        50'000,        100'000,       250'000,       500'000,
    1'000'000,   2'500'000,   5'000'000,     10'000'000,    25'000'000,    50'000'000,    100'000'000,
    250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

inline constexpr size_t kLatencyBuckets = kLatencyBounds.size() + 1;

/// Which bucket `duration` belongs to. A bound belongs to the bucket below it.
inline size_t LatencyBucket(std::chrono::nanoseconds duration) {
  const auto bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), duration.count());
  return static_cast<size_t>(bound - kLatencyBounds.begin());
}

}  // namespace roost::telemetry
