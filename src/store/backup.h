#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"

namespace roost::store {

class Store;

struct BackupReport {
  int64_t copied = 0;  ///< objects
  int64_t bytes = 0;   ///< of those
  int64_t kept = 0;    ///< objects that the backup had already
  int64_t versions = 0;
  std::vector<std::string> damages;  ///< objects and versions that are damaged here: they are not copied
};

/// Copies the workspace into `folder`, which is then a workspace itself: "objects" and "metadata.sqlite" in it. Only
/// what is missing there is copied; killed, it can be run again. What is in the backup is one moment of the workspace,
/// and at least all versions that were there when the call began, but for those deleted meanwhile.
/// Safe beside writers and garbage collection. Memory: one pack, and that of Recover.
absl::StatusOr<BackupReport> Backup(Store& store, const std::string& folder, const Context& context);

}  // namespace roost::store
