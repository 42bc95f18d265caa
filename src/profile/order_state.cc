#include "profile/order_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "profile/ordered_bits.h"

namespace roost::profile {
namespace {

using column::ColumnView;
using column::Type;

constexpr size_t kBlock = 1024;

// Unsigned integers of 64 bits, so moved that they compare as signed ones.
int64_t Moved(uint64_t value) { return static_cast<int64_t>(value ^ (uint64_t{1} << 63)); }

double Gap(double first, double second) { return std::abs(second - first); }
// Of integers any two are less than 2^64 apart.
uint64_t Gap(int64_t first, int64_t second) {
  const auto low = static_cast<uint64_t>(std::min(first, second));
  const auto high = static_cast<uint64_t>(std::max(first, second));
  return high - low;
}

// As a double and as an integer, of which one counts.
absl::StatusOr<int64_t> ParseEndOfVersion2(ByteReader& reader, bool is_float) {
  TRY_ASSIGN(const double number, reader.Fixed<double>());
  TRY_ASSIGN(const int64_t integer, reader.Fixed<int64_t>());
  return is_float ? OrderedBits(number) : integer;
}

int64_t Ordered(double value) { return OrderedBits(value); }
int64_t Ordered(int64_t value) { return value; }

}  // namespace

// At least one value.
template <typename Wide>
void OrderState::AddBlock(std::span<const Wide> values) {
  const int64_t first = Ordered(values.front());
  if (count_ > 0) {
    AddPair(last_, first);
  } else {
    first_ = first;
  }
  int64_t rises = 0;
  int64_t falls = 0;
  auto gap = Gap(values.front(), values.front());
  for (size_t i = 1; i < values.size(); ++i) {
    rises += values[i] > values[i - 1] ? 1 : 0;
    falls += values[i] < values[i - 1] ? 1 : 0;
    gap = std::max(gap, Gap(values[i - 1], values[i]));
  }
  rises_ += rises;
  falls_ += falls;
  greatest_gap_ = std::max(greatest_gap_, static_cast<double>(gap));
  last_ = Ordered(values.back());
  count_ += static_cast<int64_t>(values.size());
}

void OrderState::AddPair(int64_t first, int64_t second) {
  rises_ += second > first ? 1 : 0;
  falls_ += second < first ? 1 : 0;
  const double gap = is_float_ ? Gap(DoubleOfOrderedBits(first), DoubleOfOrderedBits(second))
                               : static_cast<double>(Gap(first, second));
  greatest_gap_ = std::max(greatest_gap_, gap);
}

template <typename Wide, typename Get>
void OrderState::AddValues(const ColumnView& column, const Get& get) {
  std::array<Wide, kBlock> block;
  const bool has_nulls = column.has_nulls();
  for (int64_t row = 0; row < column.length();) {
    size_t size = 0;
    const int64_t end = std::min<int64_t>(column.length(), row + static_cast<int64_t>(kBlock));
    for (; row < end; ++row) {
      if (has_nulls && column.IsNull(row)) continue;
      const Wide value = get(row);
      if constexpr (std::is_same_v<Wide, double>) {
        if (!std::isfinite(value)) continue;
      }
      block[size++] = value;
    }
    if (size > 0) AddBlock(std::span<const Wide>(block.data(), size));
  }
}

template <typename Stored>
void OrderState::AddStored(const ColumnView& column, std::span<const Stored> values) {
  if constexpr (std::is_same_v<Stored, int64_t>) {
    // Nothing to convert, and often nothing to leave out: no copy.
    if (!column.has_nulls() && !values.empty()) return AddBlock(values);
  }
  if constexpr (std::is_same_v<Stored, uint64_t>) {
    AddValues<int64_t>(column, [values](int64_t row) { return Moved(values[static_cast<size_t>(row)]); });
  } else {
    using Wide = std::conditional_t<std::is_floating_point_v<Stored>, double, int64_t>;
    AddValues<Wide>(column, [values](int64_t row) { return static_cast<Wide>(values[static_cast<size_t>(row)]); });
  }
}

void OrderState::Add(const ColumnView& column) {
  const Type type = column.type();
  const bool is_in_micros = type == Type::kTimestamp && column.time_unit() == column::TimeUnit::kMicro;
  if (is_in_micros && !column.is_dictionary()) return AddStored(column, column.Values<int64_t>());
  if (column::IsTime(type)) {
    return AddValues<int64_t>(column, [&column](int64_t row) { return column.MicrosAt(row); });
  }
  const bool as_stored =
      column.VisitStored([&]<typename Stored>(std::span<const Stored> values) { AddStored(column, values); });
  if (as_stored) return;
  if (type == Type::kFloat32 || type == Type::kFloat64 || type == Type::kDecimal) {
    AddValues<double>(column, [&column](int64_t row) { return column.NumberAt(row); });
  } else if (type == Type::kUInt64) {
    AddValues<int64_t>(column, [&column](int64_t row) { return Moved(static_cast<uint64_t>(column.IntegerAt(row))); });
  } else {
    AddValues<int64_t>(column, [&column](int64_t row) { return column.IntegerAt(row); });
  }
}

void OrderState::Merge(const OrderState& later) {
  if (later.count_ == 0) return;
  if (count_ == 0) {
    *this = later;
    return;
  }
  AddPair(last_, later.first_);
  count_ += later.count_;
  rises_ += later.rises_;
  falls_ += later.falls_;
  greatest_gap_ = std::max(greatest_gap_, later.greatest_gap_);
  last_ = later.last_;
}

OrderSummary OrderState::Summarize(double unit) const {
  return {.rises = rises_,
          .falls = falls_,
          .repeats = std::max<int64_t>(0, count_ - 1) - rises_ - falls_,
          .greatest_gap = greatest_gap_ / unit};
}

void OrderState::Serialize(std::string& bytes) const {
  for (const int64_t figure : {count_, rises_, falls_}) AppendVarint(bytes, static_cast<uint64_t>(figure));
  if (count_ == 0) return;
  AppendFixed(bytes, greatest_gap_);
  AppendFixed(bytes, first_);
  AppendFixed(bytes, last_);
}

absl::StatusOr<OrderState> OrderState::Parse(ByteReader& reader, bool is_float, int64_t max_count, uint16_t version) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("order at byte {}: {}", start, what));
  };
  OrderState state(is_float);
  for (int64_t* figure : {&state.count_, &state.rises_, &state.falls_}) {
    TRY_ASSIGN(const uint64_t value, reader.Varint());
    if (value > static_cast<uint64_t>(max_count)) return broken("a count of more than all values");
    *figure = static_cast<int64_t>(value);
  }
  if (state.rises_ + state.falls_ > std::max<int64_t>(0, state.count_ - 1)) return broken("more pairs than values");
  if (state.count_ == 0) return state;
  TRY_ASSIGN(state.greatest_gap_, reader.Fixed<double>());
  if (!(state.greatest_gap_ >= 0)) return broken("a gap below zero");
  for (int64_t* end : {&state.first_, &state.last_}) {
    TRY_ASSIGN(*end, version == 2 ? ParseEndOfVersion2(reader, is_float) : reader.Fixed<int64_t>());
    if (is_float && !std::isfinite(DoubleOfOrderedBits(*end))) return broken("an end that is no finite number");
  }
  return state;
}

}  // namespace roost::profile
