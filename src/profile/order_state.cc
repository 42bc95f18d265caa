#include "profile/order_state.h"

#include <algorithm>
#include <array>
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

// Unsigned integers of 64 bits, so moved that they compare as signed ones.
int64_t Moved(int64_t bits) { return static_cast<int64_t>(static_cast<uint64_t>(bits) ^ (uint64_t{1} << 63)); }

double Gap(double first, double second) { return std::abs(second - first); }
double Gap(int64_t first, int64_t second) {
  const auto low = static_cast<uint64_t>(std::min(first, second));
  const auto high = static_cast<uint64_t>(std::max(first, second));
  return static_cast<double>(high - low);
}

}  // namespace

// At least one value.
template <typename Wide>
void OrderState::AddBlock(std::span<const Wide> values) {
  const Value first = ValueOf(values.front());
  if (count_ > 0) {
    AddPair(last_, first);
  } else {
    first_ = first;
  }
  int64_t rises = 0;
  int64_t falls = 0;
  double gap = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    rises += values[i] > values[i - 1] ? 1 : 0;
    falls += values[i] < values[i - 1] ? 1 : 0;
    gap = std::max(gap, Gap(values[i - 1], values[i]));
  }
  rises_ += rises;
  falls_ += falls;
  greatest_gap_ = std::max(greatest_gap_, gap);
  last_ = ValueOf(values.back());
  count_ += static_cast<int64_t>(values.size());
}

void OrderState::AddPair(const Value& first, const Value& second) {
  rises_ += second.number > first.number || second.integer > first.integer ? 1 : 0;
  falls_ += second.number < first.number || second.integer < first.integer ? 1 : 0;
  greatest_gap_ = std::max({greatest_gap_, Gap(first.number, second.number), Gap(first.integer, second.integer)});
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

template <typename Stored, typename Wide>
void OrderState::AddStored(const ColumnView& column) {
  const std::span<const Stored> values = column.Values<Stored>();
  AddValues<Wide>(column, [&values](int64_t row) { return static_cast<Wide>(values[static_cast<size_t>(row)]); });
}

void OrderState::Add(const ColumnView& column) {
  if (column::IsTime(column.type())) {
    return AddValues<int64_t>(column, [&column](int64_t row) { return column.MicrosAt(row); });
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
      case Type::kFloat32: return AddStored<float, double>(column);
      case Type::kFloat64: return AddStored<double, double>(column);
      default: break;
    }
  }
  switch (column.type()) {
    case Type::kFloat32:
    case Type::kFloat64:
    case Type::kDecimal: return AddValues<double>(column, [&column](int64_t row) { return column.NumberAt(row); });
    case Type::kUInt64:
      return AddValues<int64_t>(column, [&column](int64_t row) { return Moved(column.IntegerAt(row)); });
    default: return AddValues<int64_t>(column, [&column](int64_t row) { return column.IntegerAt(row); });
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
  for (const Value& end : {first_, last_}) {
    AppendFixed(bytes, end.number);
    AppendFixed(bytes, end.integer);
  }
}

absl::StatusOr<OrderState> OrderState::Parse(ByteReader& reader, int64_t max_count) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("order at byte {}: {}", start, what));
  };
  OrderState state;
  for (int64_t* figure : {&state.count_, &state.rises_, &state.falls_}) {
    TRY_ASSIGN(const uint64_t value, reader.Varint());
    if (value > static_cast<uint64_t>(max_count)) return broken("a count of more than all values");
    *figure = static_cast<int64_t>(value);
  }
  if (state.rises_ + state.falls_ > std::max<int64_t>(0, state.count_ - 1)) return broken("more pairs than values");
  if (state.count_ == 0) return state;
  TRY_ASSIGN(state.greatest_gap_, reader.Fixed<double>());
  if (!(state.greatest_gap_ >= 0)) return broken("a gap below zero");
  for (Value* end : {&state.first_, &state.last_}) {
    TRY_ASSIGN(end->number, reader.Fixed<double>());
    TRY_ASSIGN(end->integer, reader.Fixed<int64_t>());
    if (!std::isfinite(end->number)) return broken("an end that is no finite number");
  }
  return state;
}

}  // namespace roost::profile
