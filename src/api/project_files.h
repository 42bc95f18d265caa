#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "config/project.h"
#include "store/store_location.h"

namespace roost::api {

/// What a project is without its workspace, which need not be there.
struct ProjectFiles {
  std::string folder;
  std::string text;  ///< of roost.yaml
  config::ProjectConfig config;
  store::StoreLocation workspace;  ///< where it lies
};

/// The project in, or above, `folder`; the workspace is not opened. Errors as for Project::Open.
absl::StatusOr<ProjectFiles> ReadProject(const std::string& folder);

}  // namespace roost::api
