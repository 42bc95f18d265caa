#include "api/workflow.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "api/project.h"
#include "api/project_files.h"
#include "base/status.h"
#include "store/s3_object_store.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<ProjectFiles> ReadProjectWithModel(const std::string& folder) {
  TRY_ASSIGN(ProjectFiles project, ReadProject(folder));
  if (project.config.model.has_value()) return project;
  return WithHint(absl::InvalidArgumentError("roost.yaml has no 'model': what should the workflow train?"),
                  "docs/run.md shows a pipeline");
}

// A project's name is one of Kubernetes but for capitals and '_'.
std::string KubernetesName(const std::string& name) {
  std::string made;
  for (const char c : name) {
    const bool is_capital = c >= 'A' && c <= 'Z';
    made += is_capital ? static_cast<char>(c - 'A' + 'a') : c == '_' || c == '.' ? '-' : c;
  }
  made.resize(std::min<size_t>(made.size(), 40));
  while (!made.empty() && made.back() == '-') made.pop_back();
  return made;
}

// What people write and a run reads: roost.yaml and the schemas.
std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool is_schema = name == "schema.yaml" || (name.starts_with("schema.") && name.ends_with(".yaml"));
    if (entry.is_regular_file(error) && (name == kConfigName || is_schema)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

absl::StatusOr<std::string> ExportAirflow(const std::string& project, pipeline::Workflow workflow) {
  TRY_ASSIGN(const ProjectFiles files, ReadProjectWithModel(project));
  if (workflow.name.empty()) workflow.name = files.config.project;
  if (workflow.folder.empty()) workflow.folder = files.folder;
  return pipeline::AirflowDag(workflow);
}

absl::StatusOr<std::string> ExportArgo(const std::string& project, pipeline::Workflow workflow,
                                       pipeline::ArgoOptions options) {
  TRY_ASSIGN(const ProjectFiles files, ReadProjectWithModel(project));
  if (workflow.name.empty()) workflow.name = KubernetesName(files.config.project);
  if (workflow.folder.empty()) workflow.folder = "/project";
  const bool is_shared = store::IsS3Url(files.workspace.objects) && !files.config.workspace.database.empty();
  if (!is_shared && options.volume.empty()) {
    return WithHint(
        absl::FailedPreconditionError("the workspace of this project lies in a folder, which pods do not share"),
        "'--volume CLAIM' names a volume that holds the project; or keep the workspace in S3 and PostgreSQL "
        "(docs/storage.md)");
  }
  options.files = FilesOf(files.folder);
  return pipeline::ArgoWorkflow(workflow, options);
}

}  // namespace roost::api
