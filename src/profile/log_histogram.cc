#include "profile/log_histogram.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

constexpr int kDroppedBits = 52 - LogHistogram::kMantissaBits;
constexpr int64_t kInfinity = int64_t{2047} << LogHistogram::kMantissaBits;  // first magnitude that is no number

// Keys are the top bits of a double, sign first. Ordered keys sort like the values: those of negative values count
// downwards from -1.
constexpr uint32_t kSign = uint32_t{1} << (11 + LogHistogram::kMantissaBits);
int64_t OrderedOf(uint32_t key) { return (key & kSign) != 0 ? -1 - static_cast<int64_t>(key & ~kSign) : int64_t{key}; }
uint32_t KeyOf(int64_t ordered) {
  return ordered < 0 ? static_cast<uint32_t>(-1 - ordered) | kSign : static_cast<uint32_t>(ordered);
}

double MagnitudeOf(uint32_t key) { return std::bit_cast<double>(static_cast<uint64_t>(key & ~kSign) << kDroppedBits); }

}  // namespace

int64_t* LogHistogram::Page(uint32_t page) {
  uint16_t& position = page_of_[page];
  if (position == 0) {
    counters_.resize(counters_.size() + kPageSize);
    position = static_cast<uint16_t>(counters_.size() / kPageSize);
  }
  return counters_.data() + (position - 1) * kPageSize;
}

int64_t& LogHistogram::Counter(double value) {
  // Adding zero makes -0.0 the same as 0.0.
  const auto key = static_cast<uint32_t>(std::bit_cast<uint64_t>(value + 0.0) >> kDroppedBits);
  return Page(key >> kMantissaBits)[key & (kPageSize - 1)];
}

void LogHistogram::Add(std::span<const double> values) {
  for (const double value : values) ++Counter(value);
  count_ += static_cast<int64_t>(values.size());
}

void LogHistogram::Add(double value, int64_t count) {
  Counter(value) += count;
  count_ += count;
}

void LogHistogram::Merge(const LogHistogram& other) {
  for (uint32_t page = 0; page < kPages; ++page) {
    if (other.page_of_[page] == 0) continue;
    int64_t* ours = Page(page);
    const int64_t* theirs = other.counters_.data() + (other.page_of_[page] - 1) * kPageSize;
    for (int i = 0; i < kPageSize; ++i) ours[i] += theirs[i];
  }
  count_ += other.count_;
}

template <typename Visit>
void LogHistogram::ForEach(const Visit& visit) const {
  const auto visit_page = [&](uint32_t page, bool falling) {
    if (page_of_[page] == 0) return;
    const int64_t* counters = counters_.data() + (page_of_[page] - 1) * kPageSize;
    for (int step = 0; step < kPageSize; ++step) {
      const int i = falling ? kPageSize - 1 - step : step;
      if (counters[i] != 0) visit((page << kMantissaBits) | static_cast<uint32_t>(i), counters[i]);
    }
  };
  for (uint32_t page = kPages; page-- > kPages / 2;) visit_page(page, /*falling=*/true);
  for (uint32_t page = 0; page < kPages / 2; ++page) visit_page(page, /*falling=*/false);
}

std::vector<Bucket> LogHistogram::Buckets() const {
  std::vector<Bucket> buckets;
  ForEach([&buckets](uint32_t key, int64_t count) {
    const double near = MagnitudeOf(key);
    const double far = MagnitudeOf(key + 1);
    if ((key & kSign) != 0) {
      buckets.push_back({.low = -far, .high = -near, .point = -near, .count = count});
    } else {
      buckets.push_back({.low = near, .high = far, .point = near, .count = count});
    }
  });
  return buckets;
}

void LogHistogram::Serialize(std::string& bytes) const {
  uint64_t num_buckets = 0;
  ForEach([&num_buckets](uint32_t, int64_t) { ++num_buckets; });
  AppendVarint(bytes, num_buckets);
  int64_t last = -kInfinity - 1;
  ForEach([&](uint32_t key, int64_t count) {
    AppendVarint(bytes, static_cast<uint64_t>(OrderedOf(key) - last - 1));
    AppendVarint(bytes, static_cast<uint64_t>(count));
    last = OrderedOf(key);
  });
}

absl::StatusOr<LogHistogram> LogHistogram::Parse(ByteReader& reader, int64_t max_count) {
  LogHistogram state;
  TRY_ASSIGN(const uint64_t num_buckets, reader.Varint());
  int64_t last = -kInfinity - 1;
  for (uint64_t i = 0; i < num_buckets; ++i) {
    const size_t start = reader.position();
    TRY_ASSIGN(const uint64_t distance, reader.Varint());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    if (distance >= static_cast<uint64_t>(kInfinity - last - 1) || count == 0 ||
        count > static_cast<uint64_t>(max_count - state.count_)) {
      return absl::DataLossError(
          fmt::format("log-histogram: the entry at byte {} has no finite bucket or a count of {}", start, count));
    }
    last += static_cast<int64_t>(distance) + 1;
    const uint32_t key = KeyOf(last);
    state.Page(key >> kMantissaBits)[key & (kPageSize - 1)] = static_cast<int64_t>(count);
    state.count_ += static_cast<int64_t>(count);
  }
  return state;
}

}  // namespace roost::profile
