#include "column/value.h"

#include <string>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace roost::column {

absl::StatusOr<Kind> KindOf(Type type) {
  if (IsNumber(type) || type == Type::kBool) return Kind::kNumber;
  if (IsText(type)) return Kind::kText;
  if (IsTime(type)) return Kind::kTime;
  return absl::InvalidArgumentError(fmt::format("a column of type {} cannot be a model's input", TypeName(type)));
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNumber: return "number";
    case Kind::kText: return "text";
    case Kind::kTime: return "time";
  }
  return "number";
}

Value ValueAt(const ColumnView& column, Kind kind, int64_t row) {
  if (column.IsNull(row)) return std::monostate();
  switch (kind) {
    case Kind::kNumber: return column.NumberAt(row);
    case Kind::kText: return column.TextAt(row);
    case Kind::kTime: return column.MicrosAt(row);
  }
  return std::monostate();
}

}  // namespace roost::column
