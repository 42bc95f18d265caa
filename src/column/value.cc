#include "column/value.h"

#include <bit>
#include <cmath>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"

namespace roost::column {
namespace {

bool SameBits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }
bool SameBits(std::monostate, std::monostate) { return true; }
bool SameBits(int64_t a, int64_t b) { return a == b; }
bool SameBits(std::string_view a, std::string_view b) { return a == b; }
template <typename T>
bool SameBits(std::span<const T> a, std::span<const T> b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i])) return false;
  }
  return true;
}

Value TextsAt(const ColumnView& column, int64_t row, std::vector<std::string_view>& texts) {
  texts.clear();
  const ColumnView& elements = column.children().front();
  const auto [begin, end] = column.ListRange(row);
  for (int64_t i = begin; i < end; ++i) {
    if (!elements.IsNull(i)) texts.push_back(elements.TextAt(i));
  }
  return std::span<const std::string_view>(texts);
}

Value NumbersAt(const ColumnView& column, int64_t row, std::vector<double>& numbers) {
  numbers.clear();
  const ColumnView& elements = column.children().front();
  const auto [begin, end] = column.ListRange(row);
  for (int64_t i = begin; i < end; ++i) {
    if (elements.IsNull(i)) continue;
    const double number = elements.NumberAt(i);
    if (!std::isnan(number)) numbers.push_back(number);
  }
  return std::span<const double>(numbers);
}

}  // namespace

bool SameValue(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  return std::visit([&b](const auto& value) { return SameBits(value, std::get<std::decay_t<decltype(value)>>(b)); }, a);
}

absl::StatusOr<Kind> KindOf(Type type) {
  if (IsNumber(type) || type == Type::kBool) return Kind::kNumber;
  if (IsText(type)) return Kind::kText;
  if (IsTime(type)) return Kind::kTime;
  return absl::InvalidArgumentError(fmt::format("a column of type {} cannot be a model's input", TypeName(type)));
}

absl::StatusOr<Kind> KindOf(const ColumnView& column) {
  if (column.nesting() == Nesting::kList) {
    const ColumnView& elements = column.children().front();
    if (elements.nesting() == Nesting::kNone) {
      if (auto kind = ListKindOf(elements.type()); kind.ok()) return kind;
    }
    return absl::InvalidArgumentError(fmt::format("a column of type {} cannot be a model's input", column.TypeText()));
  }
  return KindOf(column.type());
}

absl::StatusOr<Kind> ListKindOf(Type element) {
  if (IsText(element)) return Kind::kTextList;
  if (IsNumber(element) || element == Type::kBool) return Kind::kNumberList;
  return absl::InvalidArgumentError(fmt::format("a list of {} cannot be a model's input", TypeName(element)));
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNumber: return "number";
    case Kind::kText: return "text";
    case Kind::kTime: return "time";
    case Kind::kTextList: return "text list";
    case Kind::kNumberList: return "number list";
  }
  return "number";
}

Value ValueAt(const ColumnView& column, Kind kind, int64_t row) {
  ROOST_CHECK(kind != Kind::kTextList && kind != Kind::kNumberList, "a list needs a place to lie in");
  ListStorage none;
  return ValueAt(column, kind, row, none);
}

Value ValueAt(const ColumnView& column, Kind kind, int64_t row, ListStorage& storage) {
  if (column.IsNull(row)) return std::monostate();
  switch (kind) {
    case Kind::kNumber: return column.NumberAt(row);
    case Kind::kText: return column.TextAt(row);
    case Kind::kTime: return column.MicrosAt(row);
    case Kind::kTextList: return TextsAt(column, row, storage.texts);
    case Kind::kNumberList: return NumbersAt(column, row, storage.numbers);
  }
  return std::monostate();
}

}  // namespace roost::column
