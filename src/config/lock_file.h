#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::config {

/// A version by its number and by its content, so that a number that another workspace gave is told from it.
struct LockedVersion {
  int64_t version = 0;
  std::string digest;  ///< of the commit or package: 64 hexadecimal digits

  friend bool operator==(const LockedVersion&, const LockedVersion&) = default;
};

/// roost.lock: the versions that a project uses.
struct LockFile {
  std::map<std::string, LockedVersion> datasets;
  std::map<std::string, std::map<std::string, LockedVersion>> models;  ///< by model, then by alias

  friend bool operator==(const LockFile&, const LockFile&) = default;
};

/// The one way to write it: YAML in the order of the names, a line for each value, for version control.
std::string ToText(const LockFile& lock);

/// What ToText writes, or somebody wrote in the same form. InvalidArgument with "path:line:" for anything else, and
/// with a hint for a format that is newer than this program.
absl::StatusOr<LockFile> ParseLock(std::string_view text, std::string_view path);

}  // namespace roost::config
