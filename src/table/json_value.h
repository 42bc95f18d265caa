#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "column/column_view.h"

namespace roost::table {

/// What to do with binary values, for which JSON has no form.
enum class JsonBytes {
  kRefuse,  ///< InvalidArgument
  kAsHex,   ///< text for people
};

/// The values of a nested column as JSON, a string array: lists as arrays, structs as objects, a map as an array of
/// objects with "key" and "value" (keys need not be texts, nor be different), all others as JSON Lines have them.
/// Unimplemented for types without a text form.
absl::StatusOr<std::shared_ptr<arrow::Array>> JsonTexts(const std::shared_ptr<arrow::Array>& array, JsonBytes bytes);

/// Appends the value of a flat column as JSON: numbers, strings, times as strings; null for nulls, NaN and infinities.
void AppendJsonCell(std::string& out, const column::ColumnView& column, int64_t row);

}  // namespace roost::table
