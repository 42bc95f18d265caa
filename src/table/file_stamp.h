#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::table {

/// Which file a path names and when it was last written, to tell whether what was read of it is of one piece.
class FileStamp {
 public:
  /// NotFound, PermissionDenied.
  static absl::StatusOr<FileStamp> Of(const std::string& path);

  /// InvalidArgument, with what it was and what it is now, where `path` names another file or one that was written to
  /// since. Two writes within a tick of the file system's clock (milliseconds) that leave the size as it is are not
  /// told apart.
  absl::Status CheckUnchanged(const std::string& path) const;

 private:
  struct stat stat_ {};
};

}  // namespace roost::table
