#include "profile/number_state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

using column::ColumnView;
using column::Type;

// Rows that go through a state's parts together. Of integers more: the table of their counts is to be worth while.
constexpr size_t kFloatBlock = 1024;
constexpr size_t kIntegerBlock = 4096;
template <typename Value>
constexpr size_t kBlockOf = std::is_same_v<Value, double> ? kFloatBlock : kIntegerBlock;

// Integers of a block are counted one by one where they differ by less than this, and by twice their number.
constexpr size_t kMaxRange = 2 * kIntegerBlock;
// Below, the sums of a block's values and of their squares fit 64 and 128 bits.
constexpr int64_t kMaxCounted = int64_t{1} << 50;
constexpr uint64_t kMicrosPerSecond = 1'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool AllFinite(std::span<const double> values) {
  // What is not finite, less itself, is NaN, and stays it. In lanes, so that the compiler can take several at once.
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> zeros{};
  const size_t whole = values.size() - values.size() % kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) zeros[lane] += values[i + lane] - values[i + lane];
  }
  for (size_t i = whole; i < values.size(); ++i) zeros[0] += values[i] - values[i];
  return std::all_of(zeros.begin(), zeros.end(), [](double zero) { return zero == 0; });
}

template <typename Value>
struct Ends {
  Value least;
  Value greatest;
};

// Of at least one finite value. Four lanes, for each comparison of a lane waits for the one before.
template <typename Value>
Ends<Value> EndsOf(std::span<const Value> values) {
  constexpr size_t kLanes = 4;
  std::array<Value, kLanes> least;
  std::array<Value, kLanes> greatest;
  least.fill(values[0]);
  greatest.fill(values[0]);
  const size_t whole = values.size() - values.size() % kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      least[lane] = std::min(least[lane], values[i + lane]);
      greatest[lane] = std::max(greatest[lane], values[i + lane]);
    }
  }
  for (size_t i = whole; i < values.size(); ++i) {
    least[0] = std::min(least[0], values[i]);
    greatest[0] = std::max(greatest[0], values[i]);
  }
  return {*std::min_element(least.begin(), least.end()), *std::max_element(greatest.begin(), greatest.end())};
}

template <typename Value>
int64_t CountZeros(std::span<const Value> values) {
  int64_t zeros = 0;
  for (const Value value : values) zeros += value == 0 ? 1 : 0;
  return zeros;
}

template <typename Value>
int64_t CountNegative(std::span<const Value> values) {
  int64_t negative = 0;
  for (const Value value : values) negative += value < 0 ? 1 : 0;
  return negative;
}

// Values without those that follow an equal one; returns how many these are.
size_t WithoutRepeats(std::span<const int64_t> values, int64_t* kept) {
  size_t size = 1;
  kept[0] = values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    kept[size] = values[i];
    size += values[i] != values[i - 1] ? 1 : 0;
  }
  return size;
}

// The points of integers' buckets, where these are middles, become whole numbers of the bucket.
void MakePointsWhole(std::vector<Bucket>& buckets) {
  for (Bucket& bucket : buckets) {
    const double near = std::min(std::abs(bucket.low), std::abs(bucket.high));
    bucket.point = std::copysign(std::max(std::trunc(std::abs(bucket.point)), std::ceil(near)), bucket.point);
  }
}

void AppendInteger(std::string& bytes, Int128 value) {
  AppendFixed(bytes, static_cast<uint64_t>(value));
  AppendFixed(bytes, static_cast<int64_t>(value >> 64));
}

absl::StatusOr<Int128> ParseInteger(ByteReader& reader) {
  TRY_ASSIGN(const uint64_t low, reader.Fixed<uint64_t>());
  TRY_ASSIGN(const int64_t high, reader.Fixed<int64_t>());
  const auto value = static_cast<Int128>((static_cast<UInt128>(Int128{high}) << 64) | low);
  if (value < std::numeric_limits<int64_t>::min() || value > Int128{std::numeric_limits<uint64_t>::max()}) {
    return absl::DataLossError(fmt::format("number statistics: no 64-bit integer before byte {}", reader.position()));
  }
  return value;
}

}  // namespace

NumberState::Kind NumberState::KindOf(Type type) {
  if (column::IsTime(type)) return Kind::kTime;
  const bool is_float = type == Type::kFloat32 || type == Type::kFloat64 || type == Type::kDecimal;
  return is_float ? Kind::kFloat : Kind::kInteger;
}

void NumberState::AddFloats(std::span<const double> values) {
  if (AllFinite(values)) return AddFinite(values);
  std::array<double, kFloatBlock> finite;
  size_t num_finite = 0;
  for (const double value : values) {
    nan_ += std::isnan(value) ? 1 : 0;
    positive_infinity_ += value == kInfinity ? 1 : 0;
    negative_infinity_ += value == -kInfinity ? 1 : 0;
    finite[num_finite] = value;
    num_finite += std::isfinite(value) ? 1 : 0;
  }
  if (num_finite > 0) AddFinite({finite.data(), num_finite});
}

void NumberState::AddFinite(std::span<const double> values) {
  const Ends<double> ends = EndsOf(values);
  // Adding zero makes -0.0 the same as 0.0.
  float_min_ = (finite_ == 0 ? ends.least : std::min(float_min_, ends.least)) + 0.0;
  float_max_ = (finite_ == 0 ? ends.greatest : std::max(float_max_, ends.greatest)) + 0.0;
  finite_ += static_cast<int64_t>(values.size());
  if (ends.least <= 0 && ends.greatest >= 0) zeros_ += CountZeros(values);
  if (ends.least < 0) negative_ += CountNegative(values);
  histogram_.Add(values);
  float_sums_.Add(values);
  distinct_.Add(values);
}

template <typename Integer>
void NumberState::AddEnds(std::span<const Integer> values, Integer least, Integer greatest) {
  integer_min_ = finite_ == 0 ? Int128{least} : std::min(integer_min_, Int128{least});
  integer_max_ = finite_ == 0 ? Int128{greatest} : std::max(integer_max_, Int128{greatest});
  finite_ += static_cast<int64_t>(values.size());
}

template <typename Integer>
void NumberState::AddIntegers(std::span<const Integer> values) {
  const Ends<Integer> ends = EndsOf(values);
  AddEnds(values, ends.least, ends.greatest);
  const uint64_t range = static_cast<uint64_t>(ends.greatest) - static_cast<uint64_t>(ends.least) + 1;
  const bool are_small = Int128{ends.least} > -kMaxCounted && Int128{ends.greatest} < kMaxCounted;
  if (are_small && range <= 2 * values.size()) return AddCounted(values, ends.least, range);
  zeros_ += CountZeros(values);
  if (ends.least < 0) negative_ += CountNegative(values);
  integer_sums_.Add(values);
  distinct_.Add(values);
  std::array<double, kFloatBlock> numbers;
  for (size_t start = 0; start < values.size(); start += kFloatBlock) {
    const std::span<const Integer> block = values.subspan(start, std::min(kFloatBlock, values.size() - start));
    std::transform(block.begin(), block.end(), numbers.begin(),
                   [](Integer value) { return static_cast<double>(value); });
    histogram_.Add({numbers.data(), block.size()});
  }
}

template <typename Integer>
void NumberState::AddCounted(std::span<const Integer> values, Integer least, size_t range) {
  constexpr size_t kTogether = 4;  // counts that one comparison finds to be zero
  std::array<uint16_t, 2 * kMaxRange> counts;
  const size_t size = (range + kTogether - 1) / kTogether * kTogether;
  // Two rows of counts: a value that follows itself would have to wait for its count.
  uint16_t* const even = counts.data();
  uint16_t* const odd = counts.data() + size;
  std::fill_n(even, 2 * size, uint16_t{0});
  size_t i = 0;
  for (; i + 1 < values.size(); i += 2) {
    ++even[static_cast<size_t>(values[i] - least)];
    ++odd[static_cast<size_t>(values[i + 1] - least)];
  }
  if (i < values.size()) ++even[static_cast<size_t>(values[i] - least)];
  CountedIntegers counted;
  for (size_t start = 0; start < size; start += kTogether) {
    uint64_t in_even, in_odd;
    std::memcpy(&in_even, even + start, sizeof in_even);
    std::memcpy(&in_odd, odd + start, sizeof in_odd);
    if ((in_even | in_odd) == 0) continue;
    if (counted.size + kTogether > counted.values.size()) AddDistinct(counted);
    for (size_t offset = start; offset < start + kTogether; ++offset) {
      // Written also where it is none, and then over: a branch here would have no pattern.
      counted.values[counted.size] = static_cast<int64_t>(least) + static_cast<int64_t>(offset);
      counted.counts[counted.size] = uint32_t{even[offset]} + odd[offset];
      counted.size += counted.counts[counted.size] != 0 ? 1 : 0;
    }
  }
  AddDistinct(counted);
}

void NumberState::AddDistinct(CountedIntegers& counted) {
  const std::span<const int64_t> values(counted.values.data(), counted.size);
  std::array<double, CountedIntegers::kMost> numbers;
  int64_t sum = 0;
  UInt128 squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t value = values[i];
    const int64_t count = counted.counts[i];
    sum += value * count;
    squares += static_cast<UInt128>(Int128{value} * value) * static_cast<uint64_t>(count);
    zeros_ += value == 0 ? count : 0;
    negative_ += value < 0 ? count : 0;
    numbers[i] = static_cast<double>(value);
  }
  integer_sums_.AddSums(sum, squares);
  histogram_.Add({numbers.data(), values.size()}, {counted.counts.data(), values.size()});
  distinct_.Add(values);
  counted.size = 0;
}

void NumberState::AddTimes(std::span<const int64_t> micros) {
  const Ends<int64_t> ends = EndsOf(micros);
  AddEnds(micros, ends.least, ends.greatest);
  if (ends.least <= 0) {
    zeros_ += CountZeros(micros);
    negative_ += CountNegative(micros);
  }
  integer_sums_.Add(micros);
  time_histogram_.Add(micros);
  std::array<int64_t, kIntegerBlock> kept;
  distinct_.Add(std::span<const int64_t>(kept.data(), WithoutRepeats(micros, kept.data())));
}

template <typename Wide, typename Get>
void NumberState::AddRows(const ColumnView& column, const Get& get) {
  std::array<Wide, kBlockOf<Wide>> block;
  const bool has_nulls = column.CountNulls() > 0;
  for (int64_t row = 0; row < column.length();) {
    size_t size = 0;
    const int64_t end = std::min<int64_t>(column.length(), row + static_cast<int64_t>(block.size()));
    for (; row < end; ++row) {
      if (!has_nulls || !column.IsNull(row)) block[size++] = get(row);
    }
    if (size > 0) AddBlock(std::span<const Wide>(block.data(), size));
  }
}

template <typename Stored, typename Wide>
void NumberState::AddStored(const ColumnView& column) {
  const std::span<const Stored> values = column.Values<Stored>();
  const bool has_nulls = column.CountNulls() > 0;
  std::array<Wide, kBlockOf<Wide>> block;
  for (size_t start = 0; start < values.size(); start += block.size()) {
    const std::span<const Stored> stored = values.subspan(start, std::min(block.size(), values.size() - start));
    size_t size = 0;
    if (!has_nulls) {
      if constexpr (std::is_same_v<Stored, Wide>) {
        AddBlock(stored);  // nothing to leave out, nothing to convert: no copy
        continue;
      }
      for (const Stored value : stored) block[size++] = static_cast<Wide>(value);
    } else {
      for (size_t i = 0; i < stored.size(); ++i) {
        block[size] = static_cast<Wide>(stored[i]);
        size += column.IsNull(static_cast<int64_t>(start + i)) ? 0 : 1;
      }
    }
    if (size > 0) AddBlock(std::span<const Wide>(block.data(), size));
  }
}

void NumberState::Add(const ColumnView& column) {
  if (kind_ == Kind::kTime) {
    const bool as_stored = column.type() == Type::kTimestamp && column.time_unit() == column::TimeUnit::kMicro;
    if (as_stored && !column.is_dictionary()) return AddStored<int64_t, int64_t>(column);
    return AddRows<int64_t>(column, [&column](int64_t row) { return column.MicrosAt(row); });
  }
  const bool as_stored = column.VisitStored([&]<typename Stored>(std::span<const Stored>) {
    using Integer = std::conditional_t<std::is_same_v<Stored, uint64_t>, uint64_t, int64_t>;
    AddStored<Stored, std::conditional_t<std::is_floating_point_v<Stored>, double, Integer>>(column);
  });
  if (as_stored) return;
  if (kind_ == Kind::kFloat) return AddRows<double>(column, [&column](int64_t row) { return column.NumberAt(row); });
  if (column.type() == Type::kUInt64) {
    return AddRows<uint64_t>(column, [&column](int64_t row) { return static_cast<uint64_t>(column.IntegerAt(row)); });
  }
  AddRows<int64_t>(column, [&column](int64_t row) { return column.IntegerAt(row); });
}

void NumberState::Merge(const NumberState& other) {
  if (other.finite_ > 0) {
    const bool first = finite_ == 0;
    float_min_ = first ? other.float_min_ : std::min(float_min_, other.float_min_);
    float_max_ = first ? other.float_max_ : std::max(float_max_, other.float_max_);
    integer_min_ = first ? other.integer_min_ : std::min(integer_min_, other.integer_min_);
    integer_max_ = first ? other.integer_max_ : std::max(integer_max_, other.integer_max_);
  }
  finite_ += other.finite_;
  zeros_ += other.zeros_;
  negative_ += other.negative_;
  nan_ += other.nan_;
  positive_infinity_ += other.positive_infinity_;
  negative_infinity_ += other.negative_infinity_;
  float_sums_.Merge(other.float_sums_);
  integer_sums_.Merge(other.integer_sums_);
  histogram_.Merge(other.histogram_);
  time_histogram_.Merge(other.time_histogram_);
  distinct_.Merge(other.distinct_);
}

bool NumberState::HistogramIsExact() const {
  constexpr int kLimit = 2 << LogHistogram::kMantissaBits;
  switch (kind_) {
    case Kind::kTime: return time_histogram_.exact();
    case Kind::kInteger: return integer_min_ >= -kLimit && integer_max_ <= kLimit;
    case Kind::kFloat: return false;
  }
  return false;
}

bool NumberState::distinct_is_exact() const {
  return finite_ == 0 || HistogramIsExact() ||
         (kind_ == Kind::kFloat ? float_min_ == float_max_ : integer_min_ == integer_max_);
}

double NumberState::Distinct() const {
  if (finite_ == 0) return 0;
  if (HistogramIsExact()) {
    return kind_ == Kind::kTime ? static_cast<double>(time_histogram_.size()) : static_cast<double>(histogram_.size());
  }
  if (distinct_is_exact()) return 1;
  return std::min(std::round(distinct_.Estimate()), static_cast<double>(finite_));
}

double NumberState::MinimumAsDouble() const {
  if (kind_ == Kind::kFloat) return float_min_;
  const auto value = static_cast<double>(integer_min_);
  return kind_ == Kind::kTime ? value / static_cast<double>(kMicrosPerSecond) : value;
}

double NumberState::MaximumAsDouble() const {
  if (kind_ == Kind::kFloat) return float_max_;
  const auto value = static_cast<double>(integer_max_);
  return kind_ == Kind::kTime ? value / static_cast<double>(kMicrosPerSecond) : value;
}

std::vector<Bucket> NumberState::Buckets() const {
  if (kind_ == Kind::kTime) return time_histogram_.Buckets();
  std::vector<Bucket> buckets = histogram_.Buckets();
  if (kind_ == Kind::kInteger && histogram_.level() > 0) MakePointsWhole(buckets);
  return buckets;
}

NumberSummary NumberState::Summarize() const {
  NumberSummary summary{.finite = finite_,
                        .zeros = zeros_,
                        .negative = negative_,
                        .nan = nan_,
                        .positive_infinity = positive_infinity_,
                        .negative_infinity = negative_infinity_};
  if (finite_ == 0) return summary;
  const bool is_time = kind_ == Kind::kTime;
  const double min = MinimumAsDouble();
  const double max = MaximumAsDouble();
  summary.min = min;
  summary.max = max;
  if (is_time) {
    summary.min_micros = static_cast<int64_t>(integer_min_);
    summary.max_micros = static_cast<int64_t>(integer_max_);
  }
  const Moments moments = kind_ == Kind::kFloat ? float_sums_.MomentsOf(finite_)
                                                : integer_sums_.MomentsOf(finite_, is_time ? kMicrosPerSecond : 1);
  summary.mean = moments.mean;
  summary.standard_deviation = moments.standard_deviation;
  const std::vector<Bucket> buckets = Buckets();
  if (const auto shape = ShapeOf(buckets, moments.standard_deviation, kind_ == Kind::kInteger)) {
    summary.skewness = shape->skewness;
    summary.kurtosis = shape->kurtosis;
  }
  summary.percentiles = PercentilesOf(buckets, min, max);
  summary.histogram = BarsOf(buckets, min, max);
  return summary;
}

Distribution NumberState::GetDistribution() const {
  Distribution distribution{.is_numeric = true,
                            .is_time = kind_ == Kind::kTime,
                            .nan = nan_,
                            .positive_infinity = positive_infinity_,
                            .negative_infinity = negative_infinity_};
  if (finite_ == 0) return distribution;
  distribution.buckets = Buckets();
  distribution.min = MinimumAsDouble();
  distribution.max = MaximumAsDouble();
  return distribution;
}

void NumberState::Serialize(std::string& bytes) const {
  for (const int64_t count : {finite_, zeros_, negative_, nan_, positive_infinity_, negative_infinity_}) {
    AppendVarint(bytes, static_cast<uint64_t>(count));
  }
  if (finite_ == 0) return;
  if (kind_ == Kind::kFloat) {
    AppendFixed(bytes, float_min_);
    AppendFixed(bytes, float_max_);
    float_sums_.Serialize(bytes);
  } else {
    AppendInteger(bytes, integer_min_);
    AppendInteger(bytes, integer_max_);
    integer_sums_.Serialize(bytes);
  }
  kind_ == Kind::kTime ? time_histogram_.Serialize(bytes) : histogram_.Serialize(bytes);
  distinct_.Serialize(bytes);
}

absl::StatusOr<NumberState> NumberState::Parse(ByteReader& reader, Kind kind, int64_t count, uint16_t version) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("number statistics at byte {}: {}", start, what));
  };
  NumberState state(kind);
  for (int64_t* figure : {&state.finite_, &state.zeros_, &state.negative_, &state.nan_, &state.positive_infinity_,
                          &state.negative_infinity_}) {
    TRY_ASSIGN(const uint64_t value, reader.Varint());
    if (value > static_cast<uint64_t>(count)) return broken("a count of more than all values");
    *figure = static_cast<int64_t>(value);
  }
  if (state.count() != count || state.zeros_ + state.negative_ > state.finite_) return broken("counts do not sum up");
  if (state.finite_ == 0) return state;
  if (kind == Kind::kFloat) {
    TRY_ASSIGN(state.float_min_, reader.Fixed<double>());
    TRY_ASSIGN(state.float_max_, reader.Fixed<double>());
    const bool finite = std::isfinite(state.float_min_) && std::isfinite(state.float_max_);
    if (!finite || state.float_min_ > state.float_max_) return broken("wrong least and greatest value");
    TRY_ASSIGN(state.float_sums_, FloatSums::Parse(reader, version));
  } else {
    TRY_ASSIGN(state.integer_min_, ParseInteger(reader));
    TRY_ASSIGN(state.integer_max_, ParseInteger(reader));
    if (state.integer_min_ > state.integer_max_) return broken("wrong least and greatest value");
    TRY_ASSIGN(state.integer_sums_, IntegerSums::Parse(reader));
  }
  if (kind == Kind::kTime) {
    TRY_ASSIGN(state.time_histogram_, TimeHistogram::Parse(reader, state.finite_));
  } else {
    TRY_ASSIGN(state.histogram_, LogHistogram::Parse(reader, state.finite_, version));
  }
  if (state.histogram_.count() + state.time_histogram_.count() != state.finite_) return broken("a histogram of others");
  TRY_ASSIGN(state.distinct_, HyperLogLog::Parse(reader));
  return state;
}

}  // namespace roost::profile
