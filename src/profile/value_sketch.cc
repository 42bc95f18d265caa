#include "profile/value_sketch.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "base/status.h"
#include "base/utf8.h"

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

/// Calls each(bit) for every bit that is set.
template <typename Each>
void ForEachBit(uint64_t word, const Each& each) {
  for (; word != 0; word &= word - 1) each(static_cast<size_t>(std::countr_zero(word)));
}

}  // namespace

ValueSketch::ValueSketch()
    : counts_(kDepth * kWidth), groups_(kTables * kGroups * kGroupSize), pending_(kTables * kGroups) {}

size_t ValueSketch::GroupOf(size_t table, uint64_t hash) { return (MixBits(hash) >> (8 * table)) % kGroups; }

ValueSketch::Bits ValueSketch::BitsOf(std::string_view value, uint64_t hash) {
  // Bits beyond a short value's end are not set.
  Bits bits{hash};
  bits[1] = std::min(value.size(), kMaxLength);
  for (size_t i = 0; i < std::min(value.size(), kPrefix); ++i) {
    const size_t at = 72 + 8 * i;
    bits[at / 64] |= uint64_t{static_cast<uint8_t>(value[i])} << (at % 64);
  }
  return bits;
}

void ValueSketch::AddPending(const Pending& pending, uint64_t* group) {
  for (size_t plane = 0; plane < kPlanes; ++plane) {
    for (size_t word = 0; word < kWords; ++word) {
      ForEachBit(pending.planes[plane][word], [&](size_t bit) { group[1 + 64 * word + bit] += uint64_t{1} << plane; });
    }
  }
}

void ValueSketch::AddOnce(const Bits& bits, size_t group) {
  Pending& pending = pending_[group];
  Bits carry = bits;
  for (Bits& plane : pending.planes) {
    uint64_t left = 0;
    for (size_t word = 0; word < kWords; ++word) {
      const uint64_t both = plane[word] & carry[word];
      plane[word] ^= carry[word];
      carry[word] = both;
      left |= both;
    }
    if (left == 0) break;
  }
  if (++pending.added < (1u << kPlanes) - 1) return;
  AddPending(pending, groups_.data() + group * kGroupSize);
  pending = Pending();
}

void ValueSketch::Add(std::string_view value, uint64_t hash, int64_t count) {
  const auto weight = static_cast<uint64_t>(count);
  rows_ += weight;
  distinct_.AddHash(hash);
  for (size_t row = 0; row < kDepth; ++row) {
    counts_[row * kWidth + (hash >> (row * kWidthBits)) % kWidth] += weight;
  }
  const Bits bits = BitsOf(value, hash);
  for (size_t table = 0; table < kTables; ++table) {
    const size_t group = table * kGroups + GroupOf(table, hash);
    uint64_t* counters = groups_.data() + group * kGroupSize;
    counters[0] += weight;
    if (weight == 1) {
      AddOnce(bits, group);
      continue;
    }
    for (size_t word = 0; word < kWords; ++word) {
      ForEachBit(bits[word], [&](size_t bit) { counters[1 + 64 * word + bit] += weight; });
    }
  }
}

std::vector<uint64_t> ValueSketch::Groups() const {
  std::vector<uint64_t> groups = groups_;
  for (size_t group = 0; group < pending_.size(); ++group) {
    if (pending_[group].added > 0) AddPending(pending_[group], groups.data() + group * kGroupSize);
  }
  return groups;
}

void ValueSketch::Merge(const ValueSketch& other) {
  rows_ += other.rows_;
  distinct_.Merge(other.distinct_);
  MergeCounters(counts_, other.counts_);
  MergeCounters(groups_, other.Groups());
}

uint64_t ValueSketch::Estimate(uint64_t hash) const {
  uint64_t least = rows_;
  for (size_t row = 0; row < kDepth; ++row) {
    least = std::min(least, counts_[row * kWidth + (hash >> (row * kWidthBits)) % kWidth]);
  }
  return least;
}

void ValueSketch::Spell(const std::vector<uint64_t>& groups, size_t table, size_t group,
                        std::vector<ValueCount>& found) const {
  const uint64_t* counters = groups.data() + (table * kGroups + group) * kGroupSize;
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
  const std::vector<uint64_t> groups = Groups();
  for (size_t table = 0; table < kTables; ++table) {
    for (size_t group = 0; group < kGroups; ++group) Spell(groups, table, group, found);
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
  AppendCounters(bytes, Groups());
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
