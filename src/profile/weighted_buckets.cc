#include "profile/weighted_buckets.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "profile/ordered_bits.h"

namespace roost::profile {
namespace {

constexpr int kMantissaBits = 9;
constexpr int kShift = 52 - kMantissaBits;
constexpr int kMaxLevel = kMantissaBits;  // at which a bucket is an exponent, of which there are fewer than 4,096

}  // namespace

void WeightedBuckets::Add(double value, int64_t units) {
  units_[OrderedBits(value) >> (kShift + level_)] += units;
  if (units_.size() > kMaxBuckets) Limit();
}

void WeightedBuckets::Limit() {
  while (units_.size() > kMaxBuckets) {
    ++level_;
    absl::flat_hash_map<int64_t, int64_t> coarser;
    for (const auto& [key, units] : units_) coarser[key >> 1] += units;
    units_ = std::move(coarser);
  }
}

void WeightedBuckets::Merge(const WeightedBuckets& other) {
  WeightedBuckets theirs = other;
  WeightedBuckets& coarse = theirs.level_ > level_ ? theirs : *this;
  WeightedBuckets& fine = theirs.level_ > level_ ? *this : theirs;
  for (const auto& [key, units] : fine.units_) coarse.units_[key >> (coarse.level_ - fine.level_)] += units;
  coarse.Limit();
  if (&coarse != this) *this = std::move(coarse);
}

std::vector<Bucket> WeightedBuckets::Buckets() const {
  std::vector<Bucket> buckets;
  const int shift = kShift + level_;
  for (const auto& [key, units] : units_) {
    // The last one ends at the greatest finite value.
    constexpr int64_t kGreatest = std::bit_cast<int64_t>(std::numeric_limits<double>::max());
    const double low = DoubleOfOrderedBits(std::max(key << shift, -kGreatest - 1));
    const double high = DoubleOfOrderedBits(std::min(((key + 1) << shift) - 1, kGreatest));
    // As in LogHistogram: the end nearer to zero, so that whole numbers up to 1,024 are exact, until buckets are
    // coarser.
    const double near = (key < 0 ? high : low) + 0.0;
    const double point = level_ == 0 || near == 0 ? near : std::midpoint(low, high);
    buckets.push_back({.low = low, .high = high, .point = point, .count = units});
  }
  std::sort(buckets.begin(), buckets.end(), [](const Bucket& a, const Bucket& b) { return a.low < b.low; });
  return buckets;
}

void WeightedBuckets::Serialize(std::string& bytes) const {
  std::vector<std::pair<int64_t, int64_t>> sorted(units_.begin(), units_.end());
  std::sort(sorted.begin(), sorted.end());
  AppendFixed(bytes, static_cast<uint8_t>(level_));
  AppendVarint(bytes, sorted.size());
  for (const auto& [key, units] : sorted) {
    AppendVarint(bytes, ZigZag(key));
    AppendVarint(bytes, static_cast<uint64_t>(units));
  }
}

absl::StatusOr<WeightedBuckets> WeightedBuckets::Parse(ByteReader& reader, int64_t total_units) {
  WeightedBuckets buckets;
  TRY_ASSIGN(const uint8_t level, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const uint64_t size, reader.Varint());
  const size_t start = reader.position();
  if (level > kMaxLevel || size > kMaxBuckets) {
    return absl::DataLossError(fmt::format("weights at byte {}: {} buckets of level {}", start, size, level));
  }
  buckets.level_ = level;
  const int64_t last = std::numeric_limits<int64_t>::max() >> (kShift + level);
  int64_t least = -last - 1;
  int64_t rest = total_units;
  for (uint64_t i = 0; i < size; ++i) {
    TRY_ASSIGN(const uint64_t key, reader.Varint());
    TRY_ASSIGN(const uint64_t units, reader.Varint());
    const int64_t ordered = UnZigZag(key);
    if (units == 0 || units > static_cast<uint64_t>(rest) || ordered > last || ordered < least) {
      return absl::DataLossError(fmt::format("weights at byte {}: wrong bucket {}", start, ordered));
    }
    buckets.units_.emplace(ordered, static_cast<int64_t>(units));
    rest -= static_cast<int64_t>(units);
    least = ordered + 1;
  }
  if (rest != 0) return absl::DataLossError(fmt::format("weights at byte {}: they do not sum up", start));
  return buckets;
}

}  // namespace roost::profile
