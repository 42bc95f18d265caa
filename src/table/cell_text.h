#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "column/batch.h"

namespace roost::table {

/// Appends the value of `column` at `row`, which is not null, as text from which it can be read back exactly: integers;
/// floats as short as possible, whole ones with ".0" so that they stay floats; "true", "false"; dates "2001-05-01";
/// times "2001-05-01T13:45:00" with as many of 3, 6 or 9 digits of the second as it needs, and a "Z" where the column
/// has a zone (values of such columns are UTC); text and bytes as they are. The column must not be of kOther.
void AppendCell(std::string& out, const column::ColumnView& column, int64_t row);

/// `batch` for writing as text: decimals, times of day and durations turned into strings, lists, structs and maps into
/// JSON (json_value.h), and the rest as ToColumns does. Unimplemented, naming the column, for types without a text
/// form; InvalidArgument for binary values within others.
absl::StatusOr<column::OwnedBatch> ToTextColumns(const arrow::RecordBatch& batch);

/// Appends `text` as a JSON string with its quotes: ", \ and control characters escaped, bytes that are not UTF-8
/// replaced by U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace roost::table
