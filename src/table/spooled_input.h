#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"

namespace roost::table {

/// What comes through stdin, as a file that can be opened more than once, which tables need (types are taken from the
/// beginning, Parquet is read from its end). A pipe is copied into a temporary file in $TMPDIR, or else /var/tmp, which
/// has no name from the moment it is made: nothing of it is left whatever way the process ends.
class SpooledInput {
 public:
  /// Reads the open descriptor `input` to its end, in memory of 1 MiB. InvalidArgument where it is a terminal; the
  /// errors of the file system, ResourceExhausted for a full disk among them; Cancelled.
  static absl::StatusOr<SpooledInput> Read(int input, const Context& context);

  ~SpooledInput();
  SpooledInput(SpooledInput&& other) noexcept;
  SpooledInput& operator=(SpooledInput&&) = delete;
  SpooledInput(const SpooledInput&) = delete;

  /// What it can be opened by in this process, as long as this object is there.
  const std::string& path() const { return path_; }

  /// `status` with "stdin" where it names the path.
  absl::Status Renamed(const absl::Status& status) const;

 private:
  SpooledInput(int file, bool is_own);

  int file_;
  bool is_own_;
  std::string path_;
};

}  // namespace roost::table
