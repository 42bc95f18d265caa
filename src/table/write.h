#pragma once

#include <cstdint>
#include <string>

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "table/format.h"
#include "table/output.h"

namespace roost::table {

/// Writes all rows of `reader` to `out`, which is neither flushed nor closed, and returns their number.
///
/// Parquet: zstd, content-defined chunking of pages (a changed row changes few bytes of the file), checksums of pages;
/// times in seconds become milliseconds, which is the coarsest it has.
/// CSV: RFC 4180 with a header; null is empty and unquoted, the empty string "". JSON Lines: an object a line; null,
/// NaN and infinities are null. Values in both as AppendCell writes them: what is read back is the same. Lists, structs
/// and maps are JSON (json_value.h), in CSV as texts. Binary values cannot be written as text: InvalidArgument or
/// Unimplemented that names the column.
/// Arrow: the IPC stream.
///
/// Reports "writing" in rows and stops where `ctx` is cancelled. Memory: a batch; Parquet a compressed row group of
/// 1,048,576 rows.
absl::StatusOr<int64_t> WriteTable(arrow::RecordBatchReader& reader, Format format, arrow::io::OutputStream& out,
                                   const Context& ctx);

/// The same into the file at `path` as OutputFile does: whole or not at all. "-" is standard output. In Arrow's format
/// a named file is an IPC file, with dictionary columns written as their values; standard output gets the stream.
absl::StatusOr<int64_t> WriteTable(arrow::RecordBatchReader& reader, Format format, const std::string& path,
                                   Overwrite overwrite, const Context& ctx);

}  // namespace roost::table
