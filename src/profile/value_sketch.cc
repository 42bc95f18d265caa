#include "profile/value_sketch.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/status.h"
#include "profile/utf8.h"

namespace roost::profile {
namespace {

constexpr size_t kMaxLength = 255;  // longer lengths are told apart by the hash

void AppendCounters(std::string& bytes, const std::vector<uint64_t>& counters) {
  for (const uint64_t counter : counters) AppendVarint(bytes, counter);
}

absl::Status ParseCounters(ByteReader& reader, std::vector<uint64_t>& counters) {
  for (uint64_t& counter : counters) {
    TRY_ASSIGN(counter, reader.Varint());
  }
  return absl::OkStatus();
}

void MergeCounters(std::vector<uint64_t>& ours, const std::vector<uint64_t>& theirs) {
  for (size_t i = 0; i < ours.size(); ++i) ours[i] += theirs[i];
}

}  // namespace

ValueSketch::ValueSketch() : counts_(kDepth * kWidth), groups_(kTables * kGroups * kGroupSize) {}

size_t ValueSketch::GroupOf(size_t table, uint64_t hash) { return (MixBits(hash) >> (8 * table)) % kGroups; }

void ValueSketch::Add(std::string_view value, uint64_t hash, int64_t count) {
  const auto weight = static_cast<uint64_t>(count);
  rows_ += weight;
  distinct_.AddHash(hash);
  for (size_t row = 0; row < kDepth; ++row) {
    counts_[row * kWidth + (hash >> (row * kWidthBits)) % kWidth] += weight;
  }
  // One number for each bit: `count` where it is set. Bits beyond a short value's end are not set.
  std::array<uint64_t, kBits> added;
  size_t num_bits = 0;
  const auto append = [&](uint64_t bits, int width) {
    for (int bit = 0; bit < width; ++bit) added[num_bits++] = -((bits >> bit) & 1) & weight;
  };
  append(hash, 64);
  append(std::min(value.size(), kMaxLength), 8);
  for (const char byte : value.substr(0, kPrefix)) append(static_cast<uint8_t>(byte), 8);
  for (size_t table = 0; table < kTables; ++table) {
    uint64_t* group = groups_.data() + (table * kGroups + GroupOf(table, hash)) * kGroupSize;
    group[0] += weight;
    for (size_t bit = 0; bit < num_bits; ++bit) group[1 + bit] += added[bit];
  }
}

void ValueSketch::Merge(const ValueSketch& other) {
  rows_ += other.rows_;
  distinct_.Merge(other.distinct_);
  MergeCounters(counts_, other.counts_);
  MergeCounters(groups_, other.groups_);
}

uint64_t ValueSketch::Estimate(uint64_t hash) const {
  uint64_t least = rows_;
  for (size_t row = 0; row < kDepth; ++row) {
    least = std::min(least, counts_[row * kWidth + (hash >> (row * kWidthBits)) % kWidth]);
  }
  return least;
}

void ValueSketch::Spell(size_t table, size_t group, std::vector<ValueCount>& found) const {
  const uint64_t* counters = groups_.data() + (table * kGroups + group) * kGroupSize;
  const auto bits = [&](size_t first, size_t width) {
    uint64_t value = 0;
    for (size_t bit = 0; bit < width; ++bit) {
      value |= uint64_t{counters[1 + first + bit] > counters[0] / 2 ? 1u : 0u} << bit;
    }
    return value;
  };
  const uint64_t hash = bits(0, 64);
  const uint64_t count = Estimate(hash);
  if (GroupOf(table, hash) != group || count == 0 || count < rows_ / kGroups) return;
  const size_t length = bits(64, 8);
  std::string value;
  for (size_t i = 0; i < std::min(length, kPrefix); ++i) value += static_cast<char>(bits(72 + 8 * i, 8));
  if (length > kPrefix) {
    value = std::string(CutUtf8(value, kPrefix)) + "...";
  } else if (Hash64(value) != hash) {
    return;  // no value makes up most of the group
  }
  found.push_back({.value = std::move(value), .count = static_cast<int64_t>(count)});
}

std::vector<ValueCount> ValueSketch::Frequent() const {
  std::vector<ValueCount> found;
  for (size_t table = 0; table < kTables; ++table) {
    for (size_t group = 0; group < kGroups; ++group) Spell(table, group, found);
  }
  std::sort(found.begin(), found.end(), [](const ValueCount& a, const ValueCount& b) {
    return a.count != b.count ? a.count > b.count : a.value < b.value;
  });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void ValueSketch::Serialize(std::string& bytes) const {
  AppendVarint(bytes, rows_);
  distinct_.Serialize(bytes);
  AppendCounters(bytes, counts_);
  AppendCounters(bytes, groups_);
}

absl::StatusOr<ValueSketch> ValueSketch::Parse(ByteReader& reader) {
  ValueSketch sketch;
  TRY_ASSIGN(sketch.rows_, reader.Varint());
  TRY_ASSIGN(sketch.distinct_, HyperLogLog::Parse(reader));
  TRY(ParseCounters(reader, sketch.counts_));
  TRY(ParseCounters(reader, sketch.groups_));
  return sketch;
}

}  // namespace roost::profile
