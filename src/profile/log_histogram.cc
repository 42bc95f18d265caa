#include "profile/log_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

constexpr int kPageBits = 12;  // sign and exponent
constexpr int64_t kMaxNarrow = std::numeric_limits<uint16_t>::max();
constexpr uint64_t kMaxWide = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kHalfOfWide = uint64_t{1} << 31;
constexpr int64_t kMaxBlock = int64_t{1} << 30;  // values that are counted between two looks at the greatest counter

// Adding zero makes -0.0 the same as 0.0.
uint64_t BitsOf(double value) { return std::bit_cast<uint64_t>(value + 0.0); }
uint32_t PageOf(uint64_t bits) { return static_cast<uint32_t>(bits >> (64 - kPageBits)); }

// How many of a double's bits tell buckets apart, at a level.
int MantissaBitsAt(int level) { return LogHistogram::kMantissaBits - level; }

// Keys are the highest bits of a double, sign first. Ordered keys sort like the values: those of negative values count
// downwards from -1.
struct Keys {
  explicit Keys(int level)
      : dropped_bits(64 - kPageBits - MantissaBitsAt(level)), sign(uint32_t{1} << (11 + MantissaBitsAt(level))) {}

  int64_t OrderedOf(uint32_t key) const {
    return (key & sign) != 0 ? -1 - static_cast<int64_t>(key & ~sign) : int64_t{key};
  }
  uint32_t KeyOf(int64_t ordered) const {
    return ordered < 0 ? static_cast<uint32_t>(-1 - ordered) | sign : static_cast<uint32_t>(ordered);
  }
  double MagnitudeOf(uint32_t key) const {
    return std::bit_cast<double>(static_cast<uint64_t>(key & ~sign) << dropped_bits);
  }
  /// The first magnitude that is no number.
  int64_t infinity() const { return int64_t{2047} * (sign >> 11); }

  int dropped_bits;
  uint32_t sign;
};

}  // namespace

void LogHistogram::Widen() {
  wide_.assign(narrow_.begin(), narrow_.end());
  narrow_ = std::vector<uint16_t>();  // braces would leave it its memory
  is_wide_ = true;
  greatest_ = static_cast<uint64_t>(count_);
}

void LogHistogram::TakeOffGreat(uint64_t limit) {
  for (size_t i = 0; i < wide_.size(); ++i) {
    if (wide_[i] < limit) continue;
    overflown_[static_cast<uint32_t>(i)] += wide_[i];
    wide_[i] = 0;
  }
  greatest_ = limit - 1;
}

void LogHistogram::MakeRoom(int64_t count) {
  if (!is_wide_) {
    if (count_ + count <= kMaxNarrow) return;
    Widen();
  }
  if (greatest_ + static_cast<uint64_t>(count) > kMaxWide) TakeOffGreat(kHalfOfWide);
  greatest_ += static_cast<uint64_t>(count);
}

void LogHistogram::Coarsen() {
  const auto halve = [](auto& counters) {
    for (size_t i = 0; i < counters.size(); i += 2) {
      counters[i / 2] = static_cast<std::decay_t<decltype(counters[0])>>(counters[i] + counters[i + 1]);
    }
    counters.resize(counters.size() / 2);
    counters.shrink_to_fit();
  };
  const bool is_great = greatest_ >= kHalfOfWide;
  // Within a block the rest of it, for which there was room, is still to come.
  if (is_great) TakeOffGreat(kHalfOfWide / 4);
  halve(narrow_);
  halve(wide_);
  greatest_ = 2 * greatest_ + (is_great ? kMaxBlock : 0);
  std::map<uint32_t, uint64_t> overflown;
  for (const auto& [counter, count] : overflown_) overflown[counter / 2] += count;
  overflown_ = std::move(overflown);
  for (uint16_t& place : pages_) place = place == 0 ? 0 : (place - 1) / 2 + 1;
  ++level_;
}

void LogHistogram::Use(uint32_t page) {
  while (((num_pages_ + 1) << MantissaBitsAt(level_)) > kMaxCounters) Coarsen();
  uint8_t& group = group_of_[page / kGroupPages];
  if (group == 0) {
    group = static_cast<uint8_t>(pages_.size() / kGroupPages);
    pages_.resize(pages_.size() + kGroupPages);
  }
  const size_t first = size_t{num_pages_} << MantissaBitsAt(level_);
  const size_t size = size_t{1} << MantissaBitsAt(level_);
  const auto grow = [&](auto& counters) {
    // By eights: doubling would be half empty, and each page by itself copies too often.
    if (counters.capacity() < first + size) counters.reserve(std::min<size_t>(first + 8 * size, kMaxCounters));
    counters.resize(first + size);
  };
  is_wide_ ? grow(wide_) : grow(narrow_);
  pages_[group * kGroupPages + page % kGroupPages] = static_cast<uint16_t>(first + 1);
  ++num_pages_;
}

template <typename Counter, typename Times>
size_t LogHistogram::CountKnown(std::span<const double> values, const Times& times, Counter* counters) const {
  // Copies, as any object might be among the counters.
  const std::array<uint8_t, kPages / kGroupPages> group_of = group_of_;
  const uint16_t* const pages = pages_.data();
  const int dropped_bits = 64 - kPageBits - MantissaBitsAt(level_);
  const uint64_t within_page = (uint64_t{1} << MantissaBitsAt(level_)) - 1;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t bits = BitsOf(values[i]);
    const uint32_t page = PageOf(bits);
    const uint16_t place = pages[group_of[page / kGroupPages] * kGroupPages + page % kGroupPages];
    if (place == 0) return i;
    Counter& counter = counters[place - 1 + ((bits >> dropped_bits) & within_page)];
    counter = static_cast<Counter>(counter + times(i));
  }
  return values.size();
}

template <typename Times>
void LogHistogram::AddBlock(std::span<const double> values, int64_t count, const Times& times) {
  MakeRoom(count);
  count_ += count;
  for (size_t done = 0; done < values.size();) {
    const std::span<const double> rest = values.subspan(done);
    const auto times_of_rest = [&times, done](size_t i) { return times(done + i); };
    done += is_wide_ ? CountKnown(rest, times_of_rest, wide_.data()) : CountKnown(rest, times_of_rest, narrow_.data());
    if (done < values.size()) Use(PageOf(BitsOf(values[done])));
  }
}

void LogHistogram::Add(std::span<const double> values) {
  constexpr size_t kBlock = 1 << 15;
  for (size_t start = 0; start < values.size(); start += kBlock) {
    const std::span<const double> block = values.subspan(start, std::min(kBlock, values.size() - start));
    AddBlock(block, static_cast<int64_t>(block.size()), [](size_t) { return 1u; });
  }
}

void LogHistogram::Add(std::span<const double> values, std::span<const uint32_t> counts) {
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  if (total <= kMaxBlock) return AddBlock(values, total, [&counts](size_t i) { return counts[i]; });
  for (size_t i = 0; i < values.size(); ++i) AddBits(BitsOf(values[i]), counts[i]);
}

void LogHistogram::AddBits(uint64_t bits, int64_t count) {
  if (!is_wide_ && count_ + count > kMaxNarrow) Widen();
  count_ += count;
  const uint32_t page = PageOf(bits);
  if (PlaceOf(page) == 0) Use(page);
  const uint64_t within_page = (uint64_t{1} << MantissaBitsAt(level_)) - 1;
  AddAt(PlaceOf(page) - 1 + ((bits >> Keys(level_).dropped_bits) & within_page), static_cast<uint64_t>(count));
}

void LogHistogram::AddAt(size_t counter, uint64_t count) {
  if (!is_wide_) {
    narrow_[counter] = static_cast<uint16_t>(narrow_[counter] + count);
    return;
  }
  uint64_t sum = wide_[counter] + count;
  if (sum > kMaxWide) {
    overflown_[static_cast<uint32_t>(counter)] += sum;
    sum = 0;
  }
  wide_[counter] = static_cast<uint32_t>(sum);
  greatest_ = std::max(greatest_, sum);
}

uint64_t LogHistogram::CountAt(size_t counter) const {
  if (!is_wide_) return narrow_[counter];
  if (overflown_.empty()) return wide_[counter];
  const auto overflown = overflown_.find(static_cast<uint32_t>(counter));
  return wide_[counter] + (overflown == overflown_.end() ? 0 : overflown->second);
}

void LogHistogram::Add(double value, int64_t count) { AddBits(BitsOf(value), count); }

template <typename Visit>
void LogHistogram::ForEachPage(const Visit& visit) const {
  for (uint32_t group = 0; group < group_of_.size(); ++group) {
    if (group_of_[group] == 0) continue;
    for (uint32_t page = group * kGroupPages; page < (group + 1) * kGroupPages; ++page) {
      if (PlaceOf(page) != 0) visit(page);
    }
  }
}

void LogHistogram::Merge(const LogHistogram& other) {
  other.ForEachPage([this](uint32_t page) {
    if (PlaceOf(page) == 0) Use(page);
  });
  if (!is_wide_ && count_ + other.count_ > kMaxNarrow) Widen();
  const int coarser = level_ - other.level_;
  const size_t size = size_t{1} << MantissaBitsAt(other.level_);
  other.ForEachPage([&](uint32_t page) {
    const size_t ours = PlaceOf(page) - 1;
    const size_t theirs = other.PlaceOf(page) - 1;
    for (size_t i = 0; i < size; ++i) AddAt(ours + (i >> coarser), other.CountAt(theirs + i));
  });
  count_ += other.count_;
}

template <typename Visit>
void LogHistogram::ForEach(const Visit& visit) const {
  const int mantissa_bits = MantissaBitsAt(level_);
  const uint32_t size = uint32_t{1} << mantissa_bits;
  const auto visit_page = [&](uint32_t page, bool falling) {
    const uint16_t place = PlaceOf(page);
    if (place == 0) return;
    for (uint32_t step = 0; step < size; ++step) {
      const uint32_t i = falling ? size - 1 - step : step;
      const uint64_t count = CountAt(place - 1 + i);
      if (count != 0) visit((page << mantissa_bits) | i, static_cast<int64_t>(count));
    }
  };
  constexpr uint32_t kGroups = kPages / kGroupPages;
  for (uint32_t group = kGroups; group-- > kGroups / 2;) {
    if (group_of_[group] == 0) continue;
    for (uint32_t i = kGroupPages; i-- > 0;) visit_page(group * kGroupPages + i, /*falling=*/true);
  }
  for (uint32_t group = 0; group < kGroups / 2; ++group) {
    if (group_of_[group] == 0) continue;
    for (uint32_t i = 0; i < kGroupPages; ++i) visit_page(group * kGroupPages + i, /*falling=*/false);
  }
}

int64_t LogHistogram::size() const {
  int64_t size = 0;
  ForEach([&size](uint32_t, int64_t) { ++size; });
  return size;
}

std::vector<Bucket> LogHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  buckets.reserve(static_cast<size_t>(size()));
  const Keys keys(level_);
  ForEach([&](uint32_t key, int64_t count) {
    const double near = keys.MagnitudeOf(key);
    const double far = std::min(keys.MagnitudeOf(key + 1), std::numeric_limits<double>::max());
    const double point = level_ == 0 || near == 0 ? near : near + (far - near) / 2;
    if ((key & keys.sign) != 0) {
      buckets.push_back({.low = -far, .high = -near, .point = -point, .count = count});
    } else {
      buckets.push_back({.low = near, .high = far, .point = point, .count = count});
    }
  });
  return buckets;
}

void LogHistogram::Serialize(std::string& bytes) const {
  AppendFixed(bytes, static_cast<uint8_t>(level_));
  AppendVarint(bytes, static_cast<uint64_t>(size()));
  const Keys keys(level_);
  int64_t last = -keys.infinity() - 1;
  ForEach([&](uint32_t key, int64_t count) {
    AppendVarint(bytes, static_cast<uint64_t>(keys.OrderedOf(key) - last - 1));
    AppendVarint(bytes, static_cast<uint64_t>(count));
    last = keys.OrderedOf(key);
  });
}

absl::StatusOr<LogHistogram> LogHistogram::Parse(ByteReader& reader, int64_t max_count, uint16_t version) {
  LogHistogram state;
  int level = 0;
  const size_t begin = reader.position();
  if (version > 1) {
    TRY_ASSIGN(level, reader.Fixed<uint8_t>());
    if (level > kMaxLevel) return absl::DataLossError(fmt::format("log-histogram at byte {}: level {}", begin, level));
  }
  const Keys keys(level);
  TRY_ASSIGN(const uint64_t num_buckets, reader.Varint());
  int64_t last = -keys.infinity() - 1;
  for (uint64_t i = 0; i < num_buckets; ++i) {
    const size_t start = reader.position();
    TRY_ASSIGN(const uint64_t distance, reader.Varint());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    if (distance >= static_cast<uint64_t>(keys.infinity() - last - 1) || count == 0 ||
        count > static_cast<uint64_t>(max_count - state.count_)) {
      return absl::DataLossError(
          fmt::format("log-histogram: the entry at byte {} has no finite bucket or a count of {}", start, count));
    }
    last += static_cast<int64_t>(distance) + 1;
    const uint32_t key = keys.KeyOf(last);
    // Values of the same pages, added anew, lead to the same level.
    state.AddBits(uint64_t{key} << keys.dropped_bits, static_cast<int64_t>(count));
  }
  if (version > 1 && state.level_ != level) {
    return absl::DataLossError(
        fmt::format("log-histogram at byte {}: level {}, where its pages ask for {}", begin, level, state.level_));
  }
  return state;
}

}  // namespace roost::profile
