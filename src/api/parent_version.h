#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "api/parent.h"
#include "api/project.h"
#include "base/json.h"
#include "registry/registry.h"

namespace roost::api {

/// A version with what its package says of its making.
struct ParentVersion {
  registry::ModelVersion version;
  Json lineage;
};

/// As FindParent, without loading the model.
absl::StatusOr<std::optional<ParentVersion>> FindParentVersion(Project& project, const ParentRequest& request);

}  // namespace roost::api
