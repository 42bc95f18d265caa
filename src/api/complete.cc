#include "api/complete.h"

#include <algorithm>

#include "api/project.h"
#include "api/project_files.h"
#include "store/s3_object_store.h"

namespace roost::api {

std::vector<std::string> NamesNearby(const std::string& folder, bool datasets, bool models) {
  const absl::StatusOr<ProjectFiles> files = ReadProject(folder);
  if (!files.ok() || !files->config.workspace.database.empty() || store::IsS3Url(files->workspace.objects)) return {};
  absl::StatusOr<Project> project = Project::Open(files->folder);
  if (!project.ok()) return {};
  std::vector<std::string> names;
  if (datasets) names = project->store().Datasets().value_or(std::vector<std::string>());
  if (models) {
    const absl::StatusOr<std::vector<registry::ModelVersion>> versions = project->registry().List();
    if (versions.ok()) {
      for (const registry::ModelVersion& version : *versions) names.push_back(version.name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace roost::api
