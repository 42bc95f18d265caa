#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "net/listener.h"

namespace roost::telemetry {

/// A file that lines are appended to, and that others may rename or remove. Threads: one at a time.
class LogFile {
 public:
  /// Opens `path`, or makes it, readable for the owner and the group; "-" is stderr. Errors as ErrnoStatus.
  static absl::StatusOr<LogFile> Open(std::string path);

  /// Opens the file anew where another one, or none, lies at its path by now, or `always`. After an error it goes on
  /// with the one that it has.
  absl::Status Follow(bool always);

  /// Appends the beginning of `pieces`, and returns how many bytes of it: 0 where a reader (of a pipe, a terminal)
  /// takes nothing for a tenth of a second. ResourceExhausted where the disk is full.
  absl::StatusOr<size_t> Write(const std::array<std::string_view, 2>& pieces);

 private:
  LogFile(std::string path, net::FileDescriptor file, bool is_regular)
      : path_(std::move(path)), file_(std::move(file)), is_regular_(is_regular) {}

  std::string path_;
  net::FileDescriptor file_;
  bool is_regular_;
};

}  // namespace roost::telemetry
