#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "column/column_view.h"

namespace roost::column {

/// What a model knows of a column's type: how a value is handed over, whatever it was stored as.
enum class Kind {
  kNumber,  ///< integers, floats and bools, as a double
  kText,    ///< UTF-8
  kTime,    ///< microseconds since 1970-01-01T00:00 UTC
};

/// One value of one row, in the shape of its Kind: null, kNumber, kTime or kText. Text is borrowed.
using Value = std::variant<std::monostate, double, int64_t, std::string_view>;

/// The kind of columns of `type`; InvalidArgument for types that no model can take (binary, lists and the like).
absl::StatusOr<Kind> KindOf(Type type);

/// "number", "text", "time".
std::string_view KindName(Kind kind);

/// The value of `column` at `row`, null included. `kind` must be the column's.
Value ValueAt(const ColumnView& column, Kind kind, int64_t row);

}  // namespace roost::column
