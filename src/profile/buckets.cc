#include "profile/buckets.h"

#include <algorithm>
#include <cmath>

namespace roost::profile {
namespace {

constexpr int kBars = 10;

// The last bar that starts at or below `value`.
int BarOf(std::span<const HistogramBar> bars, double value) {
  int bar = 0;
  while (bar + 1 < static_cast<int>(bars.size()) && value >= bars[bar + 1].low) ++bar;
  return bar;
}

// Spreads whole counts so that they sum to the bucket's: each bar gets what the rounded-down shares up to its ends
// differ by.
void Spread(int64_t count, double low, double high, std::span<HistogramBar> bars) {
  int64_t given = 0;
  for (int bar = BarOf(bars, low); given < count; ++bar) {
    const bool last = bar + 1 == static_cast<int>(bars.size()) || bars[bar].high >= high;
    const double share = (bars[bar].high - low) / (high - low);
    const int64_t up_to = last ? count : static_cast<int64_t>(share * static_cast<double>(count));
    bars[bar].count += up_to - given;
    given = up_to;
    if (last) break;
  }
}

}  // namespace

std::vector<double> PercentilesOf(std::span<const Bucket> buckets, double min, double max) {
  int64_t total = 0;
  for (const Bucket& bucket : buckets) total += bucket.count;
  std::vector<double> percentiles(101);
  size_t position = 0;
  int64_t below = buckets[0].count;
  for (int64_t percent = 0; percent <= 100; ++percent) {
    const int64_t rank = std::max<int64_t>(1, total / 100 * percent + (total % 100 * percent + 99) / 100);
    while (below < rank) below += buckets[++position].count;
    percentiles[percent] = std::clamp(buckets[position].point, min, max);
  }
  percentiles.front() = min;
  percentiles.back() = max;
  return percentiles;
}

std::vector<HistogramBar> BarsOf(std::span<const Bucket> buckets, double min, double max) {
  const double step = max / kBars - min / kBars;  // max - min may be beyond the doubles
  const bool single = min + step <= min || max - step >= max;
  std::vector<HistogramBar> bars(single ? 1 : kBars);
  const double span = max - min;
  const auto end = [&](size_t bar) {
    const auto place = static_cast<double>(bar);
    return std::isfinite(span * kBars) ? min + span * place / kBars : std::lerp(min, max, place / kBars);
  };
  for (size_t i = 0; i < bars.size(); ++i) bars[i] = {.low = end(i), .high = end(i + 1)};
  bars.back().high = max;
  for (const Bucket& bucket : buckets) {
    const double low = std::max(bucket.low, min);
    const double high = std::min(bucket.high, max);
    if (high - low > step) {
      Spread(bucket.count, low, high, bars);
    } else {
      bars[BarOf(bars, std::clamp(bucket.point, min, max))].count += bucket.count;
    }
  }
  return bars;
}

}  // namespace roost::profile
