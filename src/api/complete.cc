#include "api/complete.h"

#include <algorithm>
#include <utility>

#include "api/project.h"
#include "api/project_files.h"
#include "store/s3_object_store.h"

namespace roost::api {
namespace {

// Those of the workspace; none where it cannot be read.
void AddNamesOf(const std::string& folder, bool datasets, bool models, std::vector<std::string>& names) {
  absl::StatusOr<Project> project = Project::Open(folder);
  if (!project.ok()) return;
  if (datasets) {
    for (std::string& name : project->store().Datasets().value_or(std::vector<std::string>())) {
      names.push_back(std::move(name));
    }
  }
  if (!models) return;
  const absl::StatusOr<std::vector<registry::ModelVersion>> versions = project->registry().List();
  if (!versions.ok()) return;
  for (const registry::ModelVersion& version : *versions) names.push_back(version.name);
}

}  // namespace

std::vector<std::string> NamesNearby(const std::string& folder, bool datasets, bool models) {
  const absl::StatusOr<ProjectFiles> files = ReadProject(folder);
  if (!files.ok()) return {};
  std::vector<std::string> names;
  if (datasets) names.push_back(files->config.dataset);
  if (models) {
    for (const config::ModelConfig& model : files->config.models) names.push_back(model.name);
  }
  const bool is_remote = !files->config.workspace.database.empty() || store::IsS3Url(files->workspace.objects);
  if (!is_remote) AddNamesOf(files->folder, datasets, models, names);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace roost::api
