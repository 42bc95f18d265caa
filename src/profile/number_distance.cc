#include "profile/number_distance.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "base/format.h"
#include "profile/cells.h"
#include "profile/special_functions.h"

namespace roost::profile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kTenths = 10;

// All values but NaN, ascending: the buckets between the infinities, which are buckets without width.
std::vector<Bucket> Ordered(const Distribution& distribution) {
  std::vector<Bucket> buckets;
  buckets.reserve(distribution.buckets.size() + 2);
  const auto infinite = [&](double value, int64_t count) {
    if (count > 0) buckets.push_back({.low = value, .high = value, .point = value, .count = count});
  };
  infinite(-kInfinity, distribution.negative_infinity);
  buckets.insert(buckets.end(), distribution.buckets.begin(), distribution.buckets.end());
  infinite(kInfinity, distribution.positive_infinity);
  return buckets;
}

int64_t CountOf(std::span<const Bucket> buckets) {
  int64_t count = 0;
  for (const Bucket& bucket : buckets) count += bucket.count;
  return count;
}

// How many values of a side are below a rising series of cuts.
class Below {
 public:
  explicit Below(std::span<const Bucket> buckets) : buckets_(buckets) {}

  // The beginning of the next bucket that was not counted, while there is one.
  std::optional<double> next() const {
    return position_ < buckets_.size() ? std::optional(buckets_[position_].low) : std::nullopt;
  }
  void CountThrough(double low) {
    while (position_ < buckets_.size() && buckets_[position_].low <= low) count_ += buckets_[position_++].count;
  }
  int64_t count() const { return count_; }
  // Whether `cut` lies inside the bucket that was counted last.
  bool Straddles(double cut) const { return position_ > 0 && buckets_[position_ - 1].high > cut; }

 private:
  std::span<const Bucket> buckets_;
  size_t position_ = 0;
  int64_t count_ = 0;
};

Distance KolmogorovSmirnov(std::span<const Bucket> now, std::span<const Bucket> baseline, const CellMass& nan) {
  const int64_t ordered = CountOf(now);
  const int64_t baseline_ordered = CountOf(baseline);
  const double total = static_cast<double>(ordered) + nan.now;
  const double baseline_total = static_cast<double>(baseline_ordered) + nan.baseline;
  const auto difference = [&](int64_t below, int64_t baseline_below) {
    return std::abs(static_cast<double>(below) / total - static_cast<double>(baseline_below) / baseline_total);
  };
  Below ours(now);
  Below theirs(baseline);
  double greatest = difference(ordered, baseline_ordered);  // before NaN
  while (ours.next() || theirs.next()) {
    const double cut = !ours.next()     ? *theirs.next()
                       : !theirs.next() ? *ours.next()
                                        : std::min(*ours.next(), *theirs.next());
    if (!ours.Straddles(cut) && !theirs.Straddles(cut)) {
      greatest = std::max(greatest, difference(ours.count(), theirs.count()));
    }
    ours.CountThrough(cut);
    theirs.CountThrough(cut);
  }
  const double effective = total / (total + baseline_total) * baseline_total;
  return {.measure = Measure::kKolmogorovSmirnov,
          .value = greatest,
          .p_value = KolmogorovTail(std::sqrt(effective) * greatest)};
}

// Mean of the buckets' points over `unit`.
double MeanOf(std::span<const Bucket> buckets, double unit) {
  const auto total = static_cast<double>(CountOf(buckets));
  double mean = 0;
  for (const Bucket& bucket : buckets) mean += static_cast<double>(bucket.count) / total * (bucket.point / unit);
  return mean;
}

// Mean square of the distance from `center`, all over `unit`.
double SquareAround(double center, std::span<const Bucket> buckets, double unit) {
  const auto total = static_cast<double>(CountOf(buckets));
  double square = 0;
  for (const Bucket& bucket : buckets) {
    const double distance = bucket.point / unit - center;
    square += static_cast<double>(bucket.count) / total * distance * distance;
  }
  return square;
}

// Of the baseline; where all its values are equal, of both together, half each.
double DeviationOf(std::span<const Bucket> now, std::span<const Bucket> baseline, double unit) {
  const double mean = MeanOf(baseline, unit);
  if (baseline.size() > 1) return std::sqrt(SquareAround(mean, baseline, unit));
  const double middle = mean / 2 + MeanOf(now, unit) / 2;
  return std::sqrt(SquareAround(middle, now, unit) / 2 + SquareAround(middle, baseline, unit) / 2);
}

std::optional<Distance> Wasserstein(const Distribution& now, const Distribution& baseline) {
  if (now.buckets.empty() || baseline.buckets.empty()) return std::nullopt;
  // In a unit in which nothing overflows.
  double unit = 0;
  for (const std::vector<Bucket>* buckets : {&now.buckets, &baseline.buckets}) {
    unit = std::max({unit, std::abs(buckets->front().point), std::abs(buckets->back().point)});
  }
  if (unit == 0) return Distance{.measure = Measure::kWasserstein};
  const auto total = static_cast<double>(CountOf(now.buckets));
  const auto baseline_total = static_cast<double>(CountOf(baseline.buckets));
  double area = 0;
  int64_t below = 0;
  int64_t baseline_below = 0;
  size_t ours = 0;
  size_t theirs = 0;
  double last = 0;
  while (ours < now.buckets.size() || theirs < baseline.buckets.size()) {
    const double our_point = ours < now.buckets.size() ? now.buckets[ours].point : kInfinity;
    const double their_point = theirs < baseline.buckets.size() ? baseline.buckets[theirs].point : kInfinity;
    const double point = std::min(our_point, their_point) / unit;
    if (ours + theirs > 0) {
      area += (point - last) *
              std::abs(static_cast<double>(below) / total - static_cast<double>(baseline_below) / baseline_total);
    }
    last = point;
    if (our_point <= their_point) below += now.buckets[ours++].count;
    if (their_point <= our_point) baseline_below += baseline.buckets[theirs++].count;
  }
  if (area == 0) return Distance{.measure = Measure::kWasserstein};
  const double deviations = area / DeviationOf(now.buckets, baseline.buckets, unit);
  // Values beside which the baseline's spread vanishes.
  return Distance{.measure = Measure::kWasserstein, .value = std::min(deviations, std::numeric_limits<double>::max())};
}

// A range of values: what both sides have of it, and the least and greatest value that occurred.
struct Range {
  CellMass mass;
  double least = kInfinity;
  double greatest = -kInfinity;
};

// The baseline's values cut into tenths, and what lies outside its finite range: ranges[0] and the last one.
class Tenths {
 public:
  Tenths(const Distribution& now, const Distribution& baseline, std::span<const Bucket> our_buckets,
         std::span<const Bucket> their_buckets)
      : baseline_(baseline), nan_{static_cast<double>(now.nan), static_cast<double>(baseline.nan)} {
    Cut(their_buckets);
    ranges_.resize(cuts_.size() + 3);
    for (const Bucket& bucket : their_buckets) {
      ranges_[RangeOf(bucket)].mass.baseline += static_cast<double>(bucket.count);
      Widen(ranges_[RangeOf(bucket)], bucket, baseline);
    }
    for (const Bucket& bucket : our_buckets) {
      ranges_[RangeOf(bucket)].mass.now += static_cast<double>(bucket.count);
      Widen(ranges_[RangeOf(bucket)], bucket, now);
    }
  }

  double Stability() const {
    std::vector<CellMass> cells;
    for (size_t i = 1; i + 1 < ranges_.size(); ++i) cells.push_back(ranges_[i].mass);
    cells.front().now += ranges_.front().mass.now;
    cells.front().baseline += ranges_.front().mass.baseline;
    cells.back().now += ranges_.back().mass.now;
    cells.back().baseline += ranges_.back().mass.baseline;
    if (nan_.now > 0 || nan_.baseline > 0) cells.push_back(nan_);
    return PopulationStability(cells);
  }

  std::vector<Contributor> Contributors() const {
    std::vector<CellMass> cells;
    for (const Range& range : ranges_) cells.push_back(range.mass);
    cells.push_back(nan_);
    const CellMass total = TotalOf(cells);
    std::vector<Contributor> contributors;
    for (const size_t place : GreatestDifferences(cells)) {
      contributors.push_back({.value = NameOf(place),
                              .share = cells[place].now / total.now,
                              .baseline_share = cells[place].baseline / total.baseline});
    }
    return contributors;
  }

 private:
  void Cut(std::span<const Bucket> buckets) {
    const int64_t total = CountOf(buckets);
    int64_t below = 0;
    int tenth = 1;
    for (const Bucket& bucket : buckets) {
      if (below > 0 && below * kTenths >= total * tenth) {
        cuts_.push_back(bucket.low);
        while (below * kTenths >= total * tenth) ++tenth;
      }
      below += bucket.count;
    }
  }

  size_t RangeOf(const Bucket& bucket) const {
    if (!baseline_.buckets.empty()) {
      const Bucket& last = baseline_.buckets.back();
      if (bucket.low < baseline_.buckets.front().low) return 0;
      if (bucket.low > last.low && bucket.low >= last.high) return ranges_.size() - 1;
    }
    return 1 + static_cast<size_t>(std::upper_bound(cuts_.begin(), cuts_.end(), bucket.low) - cuts_.begin());
  }

  static void Widen(Range& range, const Bucket& bucket, const Distribution& side) {
    const double value = std::isfinite(bucket.point) ? std::clamp(bucket.point, side.min, side.max) : bucket.point;
    range.least = std::min(range.least, value);
    range.greatest = std::max(range.greatest, value);
  }

  std::string Text(double value) const {
    if (!baseline_.is_time || !std::isfinite(value)) return FormatNumber(value);
    return FormatUtcSeconds(absl::UnixEpoch() + absl::Seconds(value));
  }

  std::string NameOf(size_t place) const {
    if (place == ranges_.size()) return "NaN";
    const Range& range = ranges_[place];
    const bool single = range.least == range.greatest;
    const bool infinite = !std::isfinite(range.least) || !std::isfinite(range.greatest);
    if (place == 0 && !(single && infinite)) return fmt::format("below {}", Text(baseline_.min));
    if (place + 1 == ranges_.size() && !(single && infinite)) return fmt::format("above {}", Text(baseline_.max));
    if (single) return Text(range.least);
    return fmt::format("{} to {}", Text(range.least), Text(range.greatest));
  }

  const Distribution& baseline_;
  CellMass nan_;
  std::vector<double> cuts_;  // each the beginning of the tenth above it
  std::vector<Range> ranges_;
};

}  // namespace

Comparison CompareNumbers(const Distribution& now, const Distribution& baseline, const CompareOptions& options) {
  const std::vector<Bucket> ours = Ordered(now);
  const std::vector<Bucket> theirs = Ordered(baseline);
  const Tenths tenths(now, baseline, ours, theirs);
  const std::vector<CellMass> cells = AlignedCells(now, baseline, options.jensen_shannon);
  Comparison comparison;
  comparison.distances = {
      {.measure = Measure::kJensenShannon, .value = JensenShannon(cells)},
      {.measure = Measure::kPopulationStability, .value = tenths.Stability()},
  };
  if (const std::optional<Distance> distance = Wasserstein(now, baseline)) comparison.distances.push_back(*distance);
  comparison.distances.push_back(
      KolmogorovSmirnov(ours, theirs, {static_cast<double>(now.nan), static_cast<double>(baseline.nan)}));
  comparison.contributors = tenths.Contributors();
  return comparison;
}

}  // namespace roost::profile
