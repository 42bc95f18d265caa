#pragma once

#include <memory>
#include <string>

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"

namespace roost::table {

/// Whether a file that is there already may be replaced.
enum class Overwrite { kNo, kYes };

/// A file that appears under its name whole or not at all: it is written beside its place under a hidden name, and
/// moved there by Commit. Not committed, it leaves nothing behind (a process that is killed leaves the hidden file).
/// "-" is standard output, and a path that names a device or a pipe is that: both are written to directly.
///
/// A closed pipe is an error that IsBrokenPipe knows, provided that the process ignores SIGPIPE.
class OutputFile {
 public:
  /// AlreadyExists unless `overwrite`; InvalidArgument for a folder; NotFound where the folder is missing;
  /// PermissionDenied.
  static absl::StatusOr<OutputFile> Open(const std::string& path, Overwrite overwrite);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  /// Buffered; its errors name the path.
  arrow::io::OutputStream& stream() const { return *stream_; }

  /// Flushes, makes the content durable (fsync of file and folder), moves the file to its place. AlreadyExists where
  /// another file has appeared there since Open, and may not be replaced.
  absl::Status Commit();

 private:
  OutputFile() = default;
  void Discard();

  std::string path_;
  std::string temporary_;  // "" where `path_` is written to directly
  Overwrite overwrite_ = Overwrite::kNo;
  int file_ = -1;
  std::shared_ptr<arrow::io::OutputStream> stream_;
};

}  // namespace roost::table
