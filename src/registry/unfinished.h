#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "registry/model_version.h"
#include "store/object_store.h"

namespace roost::registry {

/// Versions of `model` above `newest`, the newest in the database, that have a record object: their writer is at it, or
/// was killed before it was done. The next Registry::Register makes them visible.
absl::StatusOr<std::vector<ModelVersion>> UnfinishedVersions(store::ObjectStore& objects, const std::string& model,
                                                             int64_t newest);

}  // namespace roost::registry
