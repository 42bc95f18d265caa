#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/package_garbage.h"
#include "store/backup.h"
#include "store/garbage.h"
#include "store/recover.h"
#include "store/verify.h"

namespace roost::api {

struct CollectGarbageResponse {
  store::GarbageReport data;
  registry::PackageGarbageReport models;
};

/// Finds what no version of a dataset or model needs, and removes what an earlier run found (store::CollectGarbage,
/// registry::CollectPackages).
absl::StatusOr<CollectGarbageResponse> CollectGarbage(Project& project, const store::GarbageOptions& options,
                                                      const Context& context);

/// Looks for damage in datasets and models. `repair_from`, if not empty, is the folder of a backup. InvalidArgument
/// where that is none.
absl::StatusOr<store::VerifyReport> VerifyData(Project& project, store::VerifyOptions options,
                                               const std::string& repair_from, const Context& context);

/// Copies the project's workspace, models too, into `folder` (store::Backup).
absl::StatusOr<store::BackupReport> BackupWorkspace(Project& project, const std::string& folder,
                                                    const Context& context);

struct RecoverResponse {
  store::RecoverReport data;
  int64_t models = 0;  ///< versions of models and moves of aliases
};

/// Makes the database of the project in `folder` anew, from its objects (store::Recover).
absl::StatusOr<RecoverResponse> RecoverWorkspace(const std::string& folder, const Context& context);

}  // namespace roost::api
