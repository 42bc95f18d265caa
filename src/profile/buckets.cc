#include "profile/buckets.h"

#include <algorithm>
#include <cmath>

namespace roost::profile {
namespace {

constexpr int kBars = 10;

// The last bar, from `bar` on, that starts at or below `value`.
int BarOf(std::span<const HistogramBar> bars, double value, int bar) {
  while (bar + 1 < static_cast<int>(bars.size()) && value >= bars[bar + 1].low) ++bar;
  return bar;
}

// Spreads whole counts so that they sum to the bucket's: each bar gets what the rounded-down shares up to its ends
// differ by.
void Spread(int64_t count, double low, double high, std::span<HistogramBar> bars) {
  int64_t given = 0;
  for (int bar = BarOf(bars, low, 0); given < count; ++bar) {
    const bool last = bar + 1 == static_cast<int>(bars.size()) || bars[bar].high >= high;
    const double share = (bars[bar].high - low) / (high - low);
    const int64_t up_to = last ? count : static_cast<int64_t>(share * static_cast<double>(count));
    bars[bar].count += up_to - given;
    given = up_to;
    if (last) break;
  }
}

// The whole numbers in a bucket, whose end away from zero does not belong to it.
double NumbersIn(const Bucket& bucket) {
  const double near = std::min(std::abs(bucket.low), std::abs(bucket.high));
  const double far = std::max(std::abs(bucket.low), std::abs(bucket.high));
  return std::max(1.0, std::ceil(far) - std::ceil(near));
}

double MiddleOf(const Bucket& bucket, bool whole_numbers) {
  if (!whole_numbers) return bucket.low + (bucket.high - bucket.low) / 2;
  const double first = std::ceil(std::min(std::abs(bucket.low), std::abs(bucket.high)));
  return std::copysign(first + (NumbersIn(bucket) - 1) / 2, bucket.low + bucket.high);
}

double VarianceWithin(const Bucket& bucket, bool whole_numbers) {
  const double width = bucket.high - bucket.low;
  if (!whole_numbers) return width * width / 12;
  const double numbers = NumbersIn(bucket);
  return (numbers * numbers - 1) / 12;
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
  int bar = 0;  // points ascend
  for (const Bucket& bucket : buckets) {
    const double low = std::max(bucket.low, min);
    const double high = std::min(bucket.high, max);
    if (high - low > step) {
      Spread(bucket.count, low, high, bars);
    } else {
      bar = BarOf(bars, std::clamp(bucket.point, min, max), bar);
      bars[bar].count += bucket.count;
    }
  }
  return bars;
}

std::optional<Shape> ShapeOf(std::span<const Bucket> buckets, double standard_deviation, bool whole_numbers) {
  if (standard_deviation == 0) return std::nullopt;
  // In units of the deviation, so that fourth powers stay among the doubles.
  double count = 0;
  double mean = 0;
  for (const Bucket& bucket : buckets) {
    count += static_cast<double>(bucket.count);
    mean += static_cast<double>(bucket.count) * (MiddleOf(bucket, whole_numbers) / standard_deviation);
  }
  mean /= count;
  double within = 0;  // variance within the buckets
  double second = 0, third = 0, fourth = 0;
  for (const Bucket& bucket : buckets) {
    const auto share = static_cast<double>(bucket.count) / count;
    const double distance = MiddleOf(bucket, whole_numbers) / standard_deviation - mean;
    const double variance = VarianceWithin(bucket, whole_numbers) / standard_deviation / standard_deviation;
    const double square = distance * distance;
    within += share * variance;
    second += share * (square + variance);
    third += share * distance * (square + 3 * variance);
    // 1.8 is the fourth moment of an even spread, over the square of its variance.
    fourth += share * (square * (square + 6 * variance) + 1.8 * variance * variance);
  }
  constexpr double kMaxWithin = 1.0 / 16;
  constexpr double kTolerance = 0.04;  // of a variance: twice that of a deviation
  // Written so that NaN, from values at the end of the doubles, is refused too.
  if (!(within <= kMaxWithin) || !(std::abs(second - 1) <= kTolerance)) return std::nullopt;
  // Divided by what the buckets have themselves: that they round all values alike cancels out.
  return Shape{.skewness = third / (second * std::sqrt(second)), .kurtosis = fourth / (second * second) - 3};
}

}  // namespace roost::profile
