#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "table/format.h"

namespace roost::table {

struct ReadOptions {
  std::optional<Format> format;  ///< absent: FormatOf(path)
  int64_t batch_rows = 65536;    ///< Parquet: the most rows of one batch; fewer where there are more than 128 columns

  /// Parquet: columns of strings that lie in the file as dictionaries throughout come as such (int32 codes), one per
  /// row group.
  bool dictionary_strings = false;

  /// CSV and JSON Lines: columns of these names are read with these types, the others' are inferred from the first
  /// 8 MB. May be null. A dataset that is appended to passes its schema.
  std::shared_ptr<arrow::Schema> types;

  /// CSV and JSON Lines: texts that are not UTF-8 come as they are; else they are an error. For who counts them.
  bool keep_invalid_utf8 = false;

  char delimiter = '\0';                  ///< CSV: 0 stands for a tab in .tsv and .tab files, else for a comma
  std::vector<std::string> nulls = {""};  ///< CSV: what stands for null when it is not quoted
};

/// The rows of one file, batch by batch in the order of the file, in memory bounded by a few batches (Parquet: by one
/// compressed row group of all columns). Columns are decoded in parallel where `ctx.pool` has several threads; what is
/// read does not depend on their number.
///
/// The schema has no metadata, every column nullable, names that are unique, not empty and UTF-8, and at least one
/// column. CSV and JSON Lines: a column that is null all over the first 8 MB is text; times are ISO 8601.
///
/// NotFound, PermissionDenied; InvalidArgument for a folder, an empty, damaged, cut off or foreign file, and for values
/// that do not fit, with row and column. Such errors of later rows come from ReadNext, as `FromArrow` turns them back.
/// A file that is written to while it is read is told by its size and its time of change, at the latest with the end
/// of its rows: InvalidArgument, in place of whatever else such a file led to.
/// What `ctx` points to must outlive the reader. Threads: a reader is used by one at a time.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> OpenFile(const std::string& path, const ReadOptions& options,
                                                                   const Context& ctx);

/// The rows of several files one after the other, with the schema of the first. Files with the same columns in another
/// order are put in order. InvalidArgument, before any row is read, names every file and column that does not fit, with
/// the type found and the type wanted. Each file is opened twice: at once for its schema, and when its turn comes.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> OpenFiles(std::span<const std::string> paths,
                                                                    const ReadOptions& options, const Context& ctx);

/// The name of the column whose later values are not of the type that its first 8 MB had, where `status` says so: read
/// again with a wider type for it (`ReadOptions::types`) the file can be had.
std::optional<std::string> ColumnOfOtherType(const absl::Status& status);

/// For ReadOptions::types. `types`, which may be null, with a wider type for the column `read` than it has: numbers
/// with fractions for whole numbers, text for all others. Null where it is text already.
std::shared_ptr<arrow::Schema> WithWiderType(const std::shared_ptr<arrow::Schema>& types, const arrow::Field& read);

/// The columns of both, with the types of `over` where both have one; either may be null.
std::shared_ptr<arrow::Schema> WithTypes(const std::shared_ptr<arrow::Schema>& types,
                                         const std::shared_ptr<arrow::Schema>& over);

/// How many rows the file at `path` says that it has: Parquet does. Nothing for other formats and unreadable files.
/// Cost: reads the end of the file.
std::optional<int64_t> CountRows(const std::string& path);

/// The next batch, or null after the last.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Next(arrow::RecordBatchReader& reader);

/// The first `num_rows` rows, or fewer where there are no more, as one batch.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Head(arrow::RecordBatchReader& reader, int64_t num_rows);

/// Every difference in the columns of `found` from `wanted` (missing, unknown, of another type), a line each, or "".
/// Their order, whether they may be null, and whether they are dictionaries do not count.
std::string SchemaDifference(const arrow::Schema& found, const arrow::Schema& wanted);

}  // namespace roost::table
