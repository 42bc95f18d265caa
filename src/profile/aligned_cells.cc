#include "profile/cells.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "profile/buckets.h"

namespace roost::profile {
namespace {

constexpr int kDeciles = 10;

struct Bar {
  double low = 0;
  double high = 0;
  double mass = 0;

  bool is_point() const { return low == high; }
};

// The histogram of one side: ascending bars with finite ends, and the mass of bars with an infinite one.
struct Histogram {
  std::vector<Bar> bars;
  double infinite = 0;
};

Histogram EqualWidth(const Distribution& distribution) {
  Histogram histogram;
  histogram.infinite = static_cast<double>(distribution.negative_infinity + distribution.positive_infinity);
  if (distribution.buckets.empty()) return histogram;
  for (const HistogramBar& bar : BarsOf(distribution.buckets, distribution.min, distribution.max)) {
    histogram.bars.push_back({bar.low, bar.high, static_cast<double>(bar.count)});
  }
  return histogram;
}

// A decile's value, how many deciles have it, and the values that are above the decile before and not above this one.
struct Decile {
  double value = 0;
  int times = 0;
  int64_t count = 0;
};

std::vector<Decile> DecilesOf(const Distribution& distribution) {
  std::vector<Bucket> values = distribution.buckets;
  for (Bucket& bucket : values) bucket.point = std::clamp(bucket.point, distribution.min, distribution.max);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (distribution.negative_infinity > 0) {
    values.insert(values.begin(), Bucket{.point = -kInfinity, .count = distribution.negative_infinity});
  }
  if (distribution.positive_infinity > 0) {
    values.push_back({.point = kInfinity, .count = distribution.positive_infinity});
  }
  int64_t total = 0;
  for (const Bucket& value : values) total += value.count;
  std::vector<Decile> deciles;
  size_t position = 0;
  int64_t seen = 0;   // values before `position`
  int64_t given = 0;  // values up to the last decile
  for (int i = 0; i <= kDeciles && total > 0; ++i) {
    const int64_t rank = std::max<int64_t>(1, (total * i + kDeciles - 1) / kDeciles);
    while (seen + values[position].count < rank) seen += values[position++].count;
    const double value = values[position].point;
    if (deciles.empty() || deciles.back().value != value) {
      const int64_t up_to = seen + values[position].count;
      deciles.push_back({.value = value, .count = up_to - given});
      given = up_to;
    }
    ++deciles.back().times;
  }
  return deciles;
}

// Bars from decile to decile, each with its upper end. Deciles that are equal make bars without width, which share the
// values equally with the bar that ends there; the values that equal the least one are the first bar's.
Histogram Deciles(const Distribution& distribution) {
  Histogram histogram;
  const auto add = [&](double low, double high, double mass) {
    if (std::isfinite(low) && std::isfinite(high)) {
      if (mass > 0) histogram.bars.push_back({low, high, mass});
    } else {
      histogram.infinite += mass;
    }
  };
  const std::vector<Decile> deciles = DecilesOf(distribution);
  double carried = 0;
  for (size_t i = 0; i < deciles.size(); ++i) {
    const Decile& decile = deciles[i];
    const auto count = static_cast<double>(decile.count);
    if (i == 0) {
      // Where the least value is one decile only, it belongs to the bar that begins there.
      if (decile.times > 1) add(decile.value, decile.value, count);
      if (decile.times == 1) carried = count;
      continue;
    }
    const double part = count / decile.times;
    add(deciles[i - 1].value, decile.value, part + carried);
    add(decile.value, decile.value, count - part);
    carried = 0;
  }
  return histogram;
}

Histogram HistogramOf(const Distribution& distribution, Histograms histograms) {
  return histograms == Histograms::kEqualWidth ? EqualWidth(distribution) : Deciles(distribution);
}

// Masses of the bars without width, which meet only others at the same value.
void AddPoints(const Histogram& now, const Histogram& baseline, std::vector<CellMass>& cells) {
  struct Point {
    double value;
    CellMass mass;
  };
  std::vector<Point> points;
  for (const Bar& bar : now.bars) {
    if (bar.is_point()) points.push_back({bar.low, {.now = bar.mass}});
  }
  for (const Bar& bar : baseline.bars) {
    if (bar.is_point()) points.push_back({bar.low, {.baseline = bar.mass}});
  }
  std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
  for (size_t i = 0; i < points.size(); ++i) {
    if (i == 0 || points[i].value != points[i - 1].value) cells.emplace_back();
    cells.back().now += points[i].mass.now;
    cells.back().baseline += points[i].mass.baseline;
  }
}

// What of a side's mass lies between neighbouring boundaries, one after the other.
class Spread {
 public:
  explicit Spread(const std::vector<Bar>& bars) : bars_(bars) {}

  // `low` and `high` are neighbours among boundaries that hold those of all bars.
  double Between(double low, double high) {
    while (position_ < bars_.size() && (bars_[position_].is_point() || bars_[position_].high <= low)) ++position_;
    if (position_ == bars_.size() || bars_[position_].low > low) return 0;
    const Bar& bar = bars_[position_];
    // Halves: a difference of doubles may be beyond the doubles.
    return (high / 2 - low / 2) / (bar.high / 2 - bar.low / 2) * bar.mass;
  }

 private:
  const std::vector<Bar>& bars_;
  size_t position_ = 0;
};

}  // namespace

std::vector<CellMass> AlignedCells(const Distribution& now, const Distribution& baseline, Histograms histograms) {
  const Histogram ours = HistogramOf(now, histograms);
  const Histogram theirs = HistogramOf(baseline, histograms);
  std::vector<double> boundaries;
  for (const Histogram* histogram : {&ours, &theirs}) {
    for (const Bar& bar : histogram->bars) {
      if (!bar.is_point()) boundaries.insert(boundaries.end(), {bar.low, bar.high});
    }
  }
  std::sort(boundaries.begin(), boundaries.end());
  boundaries.erase(std::unique(boundaries.begin(), boundaries.end()), boundaries.end());
  std::vector<CellMass> cells;
  Spread our_spread(ours.bars);
  Spread their_spread(theirs.bars);
  for (size_t i = 0; i + 1 < boundaries.size(); ++i) {
    const double low = boundaries[i];
    const double high = boundaries[i + 1];
    cells.push_back({.now = our_spread.Between(low, high), .baseline = their_spread.Between(low, high)});
  }
  AddPoints(ours, theirs, cells);
  for (const double mass : {ours.infinite, static_cast<double>(now.nan)}) cells.push_back({.now = mass});
  for (const double mass : {theirs.infinite, static_cast<double>(baseline.nan)}) cells.push_back({.baseline = mass});
  return cells;
}

}  // namespace roost::profile
