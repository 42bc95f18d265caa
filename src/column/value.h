#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "column/column_view.h"

namespace roost::column {

/// What a model knows of a column's type: how a value is handed over, whatever it was stored as.
enum class Kind {
  kNumber,      ///< integers, floats and bools, as a double
  kText,        ///< UTF-8
  kTime,        ///< microseconds since 1970-01-01T00:00 UTC
  kTextList,    ///< a list of texts; null elements are left out
  kNumberList,  ///< a list of numbers; null and NaN elements are left out
};

/// One value of one row, in the shape of its Kind: null, kNumber, kTime, kText, kTextList or kNumberList. Texts and
/// lists are borrowed.
using Value = std::variant<std::monostate, double, int64_t, std::string_view, std::span<const std::string_view>,
                           std::span<const double>>;

/// Whether both are of the same shape and hold the same bits (0.0 is not -0.0, NaN is NaN).
bool SameValue(const Value& a, const Value& b);
/// Whether `value` is null or has the shape of `kind`.
inline bool HasKind(const Value& value, Kind kind) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (kind) {
    case Kind::kNumber: return std::holds_alternative<double>(value);
    case Kind::kText: return std::holds_alternative<std::string_view>(value);
    case Kind::kTime: return std::holds_alternative<int64_t>(value);
    case Kind::kTextList: return std::holds_alternative<std::span<const std::string_view>>(value);
    case Kind::kNumberList: return std::holds_alternative<std::span<const double>>(value);
  }
  return false;
}

/// The kind of columns of `type`; InvalidArgument for types that no model can take (binary, lists and the like).
absl::StatusOr<Kind> KindOf(Type type);
/// The kind of `column`, lists included; InvalidArgument for what no model can take.
absl::StatusOr<Kind> KindOf(const ColumnView& column);
/// The kind of lists whose elements are of `element`; InvalidArgument where no model can take them.
absl::StatusOr<Kind> ListKindOf(Type element);

/// "number", "text", "time", "text list", "number list".
std::string_view KindName(Kind kind);

/// What the values of a list lie in while one row is read; reused from row to row.
struct ListStorage {
  std::vector<std::string_view> texts;
  std::vector<double> numbers;
};

/// The value of `column` at `row`, null included. `kind` must be the column's, and none of lists.
Value ValueAt(const ColumnView& column, Kind kind, int64_t row);
/// The same for every kind; a list lies in `storage` until the next call.
Value ValueAt(const ColumnView& column, Kind kind, int64_t row, ListStorage& storage);

}  // namespace roost::column
