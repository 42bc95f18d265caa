#include "profile/time_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {

void TimeHistogram::Coarsen(int level) {
  absl::flat_hash_map<int64_t, int64_t> coarse;
  for (const auto& [key, count] : counts_) coarse[key >> (level - level_)] += count;
  counts_ = std::move(coarse);
  level_ = level;
}

void TimeHistogram::AddBucket(int64_t key, int64_t count) {
  counts_[key] += count;
  count_ += count;
  while (counts_.size() > kMaxBuckets) Coarsen(level_ + 1);
}

void TimeHistogram::Add(std::span<const int64_t> micros) {
  // Runs of one bucket cost one look-up.
  size_t start = 0;
  while (start < micros.size()) {
    const int64_t key = micros[start] >> level_;
    size_t end = start + 1;
    while (end < micros.size() && micros[end] >> level_ == key) ++end;
    AddBucket(key, static_cast<int64_t>(end - start));
    start = end;
  }
}

void TimeHistogram::Merge(const TimeHistogram& other) {
  if (level_ < other.level_) Coarsen(other.level_);
  for (const auto& [key, count] : other.counts_) AddBucket(key >> (level_ - other.level_), count);
}

std::vector<std::pair<int64_t, int64_t>> TimeHistogram::Sorted() const {
  std::vector<std::pair<int64_t, int64_t>> entries(counts_.begin(), counts_.end());
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<Bucket> TimeHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  buckets.reserve(counts_.size());
  for (const auto& [key, count] : Sorted()) {
    const double low = std::ldexp(static_cast<double>(key), level_) / 1e6;
    // At the finest level a bucket is a single instant.
    const double high = level_ == 0 ? low : std::ldexp(static_cast<double>(key + 1), level_) / 1e6;
    buckets.push_back({.low = low, .high = high, .point = low, .count = count});
  }
  return buckets;
}

void TimeHistogram::Serialize(std::string& bytes) const {
  AppendFixed(bytes, static_cast<uint8_t>(level_));
  AppendVarint(bytes, counts_.size());
  for (const auto& [key, count] : Sorted()) {
    AppendVarint(bytes, ZigZag(key));
    AppendVarint(bytes, static_cast<uint64_t>(count));
  }
}

absl::StatusOr<TimeHistogram> TimeHistogram::Parse(ByteReader& reader, int64_t max_count) {
  TimeHistogram state;
  const size_t start = reader.position();
  TRY_ASSIGN(const uint8_t level, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const uint64_t num_buckets, reader.Varint());
  if (level > kMaxLevel || num_buckets > kMaxBuckets) {
    return absl::DataLossError(
        fmt::format("time histogram at byte {}: level {} with {} buckets", start, level, num_buckets));
  }
  state.level_ = level;
  for (uint64_t i = 0; i < num_buckets; ++i) {
    const size_t entry = reader.position();
    TRY_ASSIGN(const uint64_t key_bits, reader.Varint());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    const int64_t key = UnZigZag(key_bits);
    const int64_t limit = std::numeric_limits<int64_t>::max() >> level;
    const bool fits = key <= limit && key >= -limit - 1;
    if (!fits || count == 0 || count > static_cast<uint64_t>(max_count - state.count_) ||
        !state.counts_.emplace(key, static_cast<int64_t>(count)).second) {
      return absl::DataLossError(fmt::format("time histogram: a wrong entry at byte {}", entry));
    }
    state.count_ += static_cast<int64_t>(count);
  }
  return state;
}

}  // namespace roost::profile
