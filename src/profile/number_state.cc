#include "profile/number_state.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

using column::ColumnView;
using column::Type;

constexpr size_t kBlock = 1024;
constexpr uint64_t kMicrosPerSecond = 1'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool AllFinite(std::span<const double> values) {
  // Without an early end, so that the compiler can take several at once.
  uint64_t not_finite = 0;
  for (const double value : values) not_finite |= std::abs(value) < kInfinity ? 0 : 1;
  return not_finite == 0;
}

template <typename Value>
struct Figures {
  int64_t zeros = 0;
  int64_t negative = 0;
  Value least;
  Value greatest;
};

// Of at least one finite value. Four lanes, for each comparison of a lane waits for the one before.
template <typename Value>
Figures<Value> FiguresOf(std::span<const Value> values) {
  constexpr size_t kLanes = 4;
  std::array<Value, kLanes> least;
  std::array<Value, kLanes> greatest;
  least.fill(values[0]);
  greatest.fill(values[0]);
  const auto compare = [&](size_t lane, Value value) {
    least[lane] = std::min(least[lane], value);
    greatest[lane] = std::max(greatest[lane], value);
  };
  const size_t whole = values.size() - values.size() % kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) compare(lane, values[i + lane]);
  }
  for (size_t i = whole; i < values.size(); ++i) compare(0, values[i]);
  Figures<Value> figures{.least = *std::min_element(least.begin(), least.end()),
                         .greatest = *std::max_element(greatest.begin(), greatest.end())};
  for (const Value value : values) {
    figures.zeros += value == 0 ? 1 : 0;
    figures.negative += value < 0 ? 1 : 0;
  }
  return figures;
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
  return type == Type::kFloat32 || type == Type::kFloat64 ? Kind::kFloat : Kind::kInteger;
}

void NumberState::AddFloats(std::span<const double> values) {
  if (AllFinite(values)) return AddFinite(values);
  std::array<double, kBlock> finite;
  size_t num_finite = 0;
  for (const double value : values) {
    nan_ += std::isnan(value) ? 1 : 0;
    positive_infinity_ += value == kInfinity ? 1 : 0;
    negative_infinity_ += value == -kInfinity ? 1 : 0;
    if (std::isfinite(value)) finite[num_finite++] = value;
  }
  if (num_finite > 0) AddFinite({finite.data(), num_finite});
}

void NumberState::AddFinite(std::span<const double> values) {
  const Figures<double> figures = FiguresOf(values);
  zeros_ += figures.zeros;
  negative_ += figures.negative;
  // Adding zero makes -0.0 the same as 0.0.
  float_min_ = (finite_ == 0 ? figures.least : std::min(float_min_, figures.least)) + 0.0;
  float_max_ = (finite_ == 0 ? figures.greatest : std::max(float_max_, figures.greatest)) + 0.0;
  finite_ += static_cast<int64_t>(values.size());
  histogram_.Add(values);
  float_sums_.Add(values);
  for (const double value : values) distinct_.AddHash(MixBits(std::bit_cast<uint64_t>(value + 0.0)));
}

template <typename Integer>
void NumberState::CountIntegers(std::span<const Integer> values) {
  const Figures<Integer> figures = FiguresOf(values);
  zeros_ += figures.zeros;
  negative_ += figures.negative;
  integer_min_ = finite_ == 0 ? Int128{figures.least} : std::min(integer_min_, Int128{figures.least});
  integer_max_ = finite_ == 0 ? Int128{figures.greatest} : std::max(integer_max_, Int128{figures.greatest});
  finite_ += static_cast<int64_t>(values.size());
  integer_sums_.Add(values);
  for (const Integer value : values) distinct_.AddHash(MixBits(static_cast<uint64_t>(value)));
}

template <typename Integer>
void NumberState::AddIntegers(std::span<const Integer> values) {
  CountIntegers(values);
  std::array<double, kBlock> numbers;
  std::transform(values.begin(), values.end(), numbers.begin(),
                 [](Integer value) { return static_cast<double>(value); });
  histogram_.Add({numbers.data(), values.size()});
}

void NumberState::AddTimes(std::span<const int64_t> micros) {
  CountIntegers(micros);
  time_histogram_.Add(micros);
}

template <typename Wide, typename Get>
void NumberState::AddRows(const ColumnView& column, const Get& get) {
  std::array<Wide, kBlock> block;
  const bool has_nulls = column.CountNulls() > 0;
  for (int64_t row = 0; row < column.length();) {
    size_t size = 0;
    const int64_t end = std::min<int64_t>(column.length(), row + static_cast<int64_t>(kBlock));
    for (; row < end; ++row) {
      if (!has_nulls || !column.IsNull(row)) block[size++] = get(row);
    }
    if (size > 0) AddBlock(std::span<const Wide>(block.data(), size));
  }
}

template <typename Stored, typename Wide>
void NumberState::AddStored(const ColumnView& column) {
  const std::span<const Stored> values = column.Values<Stored>();
  if constexpr (std::is_same_v<Stored, Wide>) {
    if (column.CountNulls() == 0) {  // nothing to leave out, nothing to convert: no copy
      for (size_t row = 0; row < values.size(); row += kBlock) {
        AddBlock(values.subspan(row, std::min(kBlock, values.size() - row)));
      }
      return;
    }
  }
  AddRows<Wide>(column, [&values](int64_t row) { return static_cast<Wide>(values[row]); });
}

void NumberState::Add(const ColumnView& column) {
  if (kind_ == Kind::kTime) {
    const bool as_stored = column.type() == Type::kTimestamp && column.time_unit() == column::TimeUnit::kMicro;
    if (as_stored && !column.is_dictionary()) return AddStored<int64_t, int64_t>(column);
    return AddRows<int64_t>(column, [&column](int64_t row) { return column.MicrosAt(row); });
  }
  if (!column.is_dictionary()) {
    switch (column.type()) {
      case Type::kInt8: return AddStored<int8_t, int64_t>(column);
      case Type::kInt16: return AddStored<int16_t, int64_t>(column);
      case Type::kInt32: return AddStored<int32_t, int64_t>(column);
      case Type::kInt64: return AddStored<int64_t, int64_t>(column);
      case Type::kUInt8: return AddStored<uint8_t, int64_t>(column);
      case Type::kUInt16: return AddStored<uint16_t, int64_t>(column);
      case Type::kUInt32: return AddStored<uint32_t, int64_t>(column);
      case Type::kUInt64: return AddStored<uint64_t, uint64_t>(column);
      case Type::kFloat32: return AddStored<float, double>(column);
      case Type::kFloat64: return AddStored<double, double>(column);
      default: break;  // bools
    }
  }
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
    const size_t buckets = kind_ == Kind::kTime ? time_histogram_.size() : histogram_.Buckets().size();
    return static_cast<double>(buckets);
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
  const std::vector<Bucket> buckets = is_time ? time_histogram_.Buckets() : histogram_.Buckets();
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
  distribution.buckets = kind_ == Kind::kTime ? time_histogram_.Buckets() : histogram_.Buckets();
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

absl::StatusOr<NumberState> NumberState::Parse(ByteReader& reader, Kind kind, int64_t count) {
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
    TRY_ASSIGN(state.float_sums_, FloatSums::Parse(reader));
  } else {
    TRY_ASSIGN(state.integer_min_, ParseInteger(reader));
    TRY_ASSIGN(state.integer_max_, ParseInteger(reader));
    if (state.integer_min_ > state.integer_max_) return broken("wrong least and greatest value");
    TRY_ASSIGN(state.integer_sums_, IntegerSums::Parse(reader));
  }
  if (kind == Kind::kTime) {
    TRY_ASSIGN(state.time_histogram_, TimeHistogram::Parse(reader, state.finite_));
  } else {
    TRY_ASSIGN(state.histogram_, LogHistogram::Parse(reader, state.finite_));
  }
  if (state.histogram_.count() + state.time_histogram_.count() != state.finite_) return broken("a histogram of others");
  TRY_ASSIGN(state.distinct_, HyperLogLog::Parse(reader));
  return state;
}

}  // namespace roost::profile
