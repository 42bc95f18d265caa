#pragma once

#include <functional>
#include <memory>
#include <new>
#include <string>

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>
#include <fmt/format.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "table/arrow_status.h"
#include "table/file_stamp.h"
#include "table/read.h"

namespace roost::table {

/// A file opened by the reader of its format; OpenFile wraps it with what all formats have in common.
struct Opened {
  std::shared_ptr<void> owner;  ///< what `reader` needs alive
  std::shared_ptr<arrow::RecordBatchReader> reader;
  std::shared_ptr<arrow::Schema> schema;  ///< what columns are cast to, in the reader's order; null: as they come
  bool validate = false;  ///< whether batches are taken from the file as they are, so that their buffers need checks
  /// A better message for an error of `reader`: which row, which column.
  std::function<absl::Status(const arrow::Status&)> explain;
};

absl::StatusOr<Opened> OpenCsv(const std::string& path, const ReadOptions& options, bool use_threads);
absl::StatusOr<Opened> OpenJsonLines(const std::string& path, const ReadOptions& options, bool use_threads);
absl::StatusOr<Opened> OpenParquet(const std::string& path, const ReadOptions& options, bool use_threads);
absl::StatusOr<Opened> OpenArrow(const std::string& path, const ReadOptions& options, bool use_threads);

/// The bytes of a text file, decompressed where its name says so.
absl::StatusOr<std::shared_ptr<arrow::io::InputStream>> OpenText(const std::string& path);

/// The status for what Arrow says of the file at `path`: damaged content, which FromArrow calls lost data, is
/// InvalidArgument, for the file is the user's.
absl::Status FileFault(const std::string& path, const arrow::Status& status);

/// What `read` returns; where it throws, which Arrow's own code should not, the exception as a status of Arrow.
template <typename Read>
auto Guarded(const std::string& path, const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    return ToArrow(absl::ResourceExhaustedError(fmt::format("out of memory while reading '{}'", path)));
  } catch (const std::exception& exception) {
    return ToArrow(absl::InvalidArgumentError(fmt::format("'{}' is damaged: {}", path, exception.what())));
  }
}

/// FileFault of the file at `path`.
std::function<absl::Status(const arrow::Status&)> ExplainAs(const std::string& path);

/// The types that columns are handed on with: no views. Of Parquet, `read` may have dictionaries of strings where
/// `file` says large strings.
std::shared_ptr<arrow::Schema> TypesOf(const arrow::Schema& file, const arrow::Schema& read);

/// What all formats have in common: cancellation, errors that name the file, a plain schema, no empty batches, no file
/// that changes meanwhile.
std::shared_ptr<arrow::RecordBatchReader> BatchesOf(const std::string& path, const FileStamp& stamp, Opened opened,
                                                    const Cancellation* cancellation);

/// `array` with the values of `type`: dictionaries are decoded or made (int32 codes), the rest is cast.
arrow::Result<std::shared_ptr<arrow::Array>> Conform(std::shared_ptr<arrow::Array> array,
                                                     const std::shared_ptr<arrow::DataType>& type);

/// The type of the values: a dictionary's, or `type` itself.
const std::shared_ptr<arrow::DataType>& ValueType(const std::shared_ptr<arrow::DataType>& type);

/// The bytes of text that types are inferred from, and that are read at a time.
inline constexpr int32_t kTextBlockBytes = 8 << 20;

}  // namespace roost::table
