#include "profile/time_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "profile/int128.h"

namespace roost::profile {
namespace {

// Room for kMaxBuckets at a load of 0.84, where a look-up takes 3.6 probes on average (Knuth, volume 3, 6.4).
constexpr size_t kMostPlaces = 4880;
constexpr size_t kFewestPlaces = 16;

size_t CapacityOf(size_t places) { return places == kMostPlaces ? TimeHistogram::kMaxBuckets : places / 4 * 3; }

// Keys are often multiples of a day or an hour: both halves of the product have to matter.
uint64_t HashOf(int64_t key) {
  constexpr uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  const uint64_t product = static_cast<uint64_t>(key) * kOdd;
  return (product ^ (product >> 32)) * kOdd;
}

}  // namespace

size_t TimeHistogram::PlaceOf(int64_t key) const {
  const size_t places = keys_.size();
  auto place = static_cast<size_t>((UInt128{HashOf(key)} * places) >> 64);
  while (counts_[place] != 0 && keys_[place] != key) place = place + 1 == places ? 0 : place + 1;
  return place;
}

std::vector<TimeHistogram::Entry> TimeHistogram::Entries() const {
  std::vector<Entry> entries;
  entries.reserve(size_);
  for (size_t place = 0; place < keys_.size(); ++place) {
    if (counts_[place] == 0) continue;
    const auto overflown = overflown_.find(keys_[place]);
    const uint64_t count = counts_[place] + (overflown == overflown_.end() ? 0 : overflown->second);
    entries.emplace_back(keys_[place], static_cast<int64_t>(count));
  }
  return entries;
}

void TimeHistogram::Rebuild(size_t places, int levels) {
  const std::vector<Entry> entries = Entries();
  keys_.assign(places, 0);
  counts_.assign(places, 0);
  keys_.shrink_to_fit();
  counts_.shrink_to_fit();
  overflown_ = {};
  size_ = 0;
  for (const auto& [key, count] : entries) {
    const int64_t coarse = key >> levels;
    AddAt(PlaceOf(coarse), coarse, static_cast<uint64_t>(count));
  }
}

void TimeHistogram::Coarsen(int level) {
  Rebuild(std::max(keys_.size(), kFewestPlaces), level - level_);
  level_ = level;
}

void TimeHistogram::AddAt(size_t place, int64_t key, uint64_t count) {
  size_ += counts_[place] == 0 ? 1 : 0;
  keys_[place] = key;
  uint64_t sum = counts_[place] + count;
  if (sum > std::numeric_limits<uint32_t>::max()) {
    overflown_[key] += sum - 1;  // the one that is left tells that the place is taken
    sum = 1;
  }
  counts_[place] = static_cast<uint32_t>(sum);
}

void TimeHistogram::AddBucket(int64_t key, int64_t count) {
  count_ += count;
  if (keys_.empty()) Rebuild(kFewestPlaces, /*levels=*/0);
  size_t place = PlaceOf(key);
  while (counts_[place] == 0 && size_ == CapacityOf(keys_.size())) {
    if (size_ < kMaxBuckets) {
      Rebuild(std::min(keys_.size() * 4, kMostPlaces), /*levels=*/0);
    } else {
      Coarsen(level_ + 1);
      key >>= 1;
    }
    place = PlaceOf(key);
  }
  AddAt(place, key, static_cast<uint64_t>(count));
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
  for (const auto& [key, count] : other.Entries()) AddBucket(key >> (level_ - other.level_), count);
}

std::vector<TimeHistogram::Entry> TimeHistogram::Sorted() const {
  std::vector<Entry> entries = Entries();
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<Bucket> TimeHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  buckets.reserve(size_);
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
  AppendVarint(bytes, size_);
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
  int64_t last = 0;
  for (uint64_t i = 0; i < num_buckets; ++i) {
    const size_t entry = reader.position();
    TRY_ASSIGN(const uint64_t key_bits, reader.Varint());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    const int64_t key = UnZigZag(key_bits);
    const int64_t limit = std::numeric_limits<int64_t>::max() >> level;
    const bool fits = key <= limit && key >= -limit - 1;
    if (!fits || (i > 0 && key <= last) || count == 0 || count > static_cast<uint64_t>(max_count - state.count_)) {
      return absl::DataLossError(fmt::format("time histogram: a wrong entry at byte {}", entry));
    }
    last = key;
    state.AddBucket(key, static_cast<int64_t>(count));
  }
  return state;
}

}  // namespace roost::profile
