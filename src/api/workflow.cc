#include "api/workflow.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/project.h"
#include "api/project_files.h"
#include "base/status.h"
#include "config/cron.h"
#include "config/training_order.h"
#include "store/s3_object_store.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<ProjectFiles> ReadProjectWithModel(const std::string& folder) {
  TRY_ASSIGN(ProjectFiles project, ReadProject(folder));
  if (!project.config.models.empty()) return project;
  return WithHint(absl::InvalidArgumentError("roost.yaml has no 'model': what should the workflow train?"),
                  "docs/run.md shows a pipeline");
}

bool IsOnServers(const ProjectFiles& project) {
  return store::IsS3Url(project.workspace.objects) && !project.config.workspace.database.empty();
}

// The models of `models:` in the order in which `roost run` does them.
absl::StatusOr<std::vector<pipeline::WorkflowModel>> ModelsOf(const config::ProjectConfig& project) {
  std::vector<pipeline::WorkflowModel> models;
  if (!project.has_models_by_name) return models;
  TRY_ASSIGN(const std::vector<std::string> order, config::TrainingOrder(project.models));
  for (const std::string& name : order) {
    std::set<std::string> takes;
    for (const auto& score : project.FindModel(name)->scores) takes.emplace(config::ModelNameIn(score.second));
    models.push_back({.name = name, .takes = {takes.begin(), takes.end()}});
  }
  return models;
}

// What `workflow` leaves out and roost.yaml says.
absl::Status Complete(const ProjectFiles& project, pipeline::Workflow& workflow) {
  TRY_ASSIGN(const std::vector<pipeline::WorkflowModel> models, ModelsOf(project.config));
  workflow.tasks = pipeline::TasksOf(models, !project.config.assertions.empty());
  // Machines share what lies on servers; else it is one machine, which has the memory for one training.
  workflow.one_at_a_time = models.size() > 1 && !IsOnServers(project);
  if (workflow.schedule == kNoSchedule) {
    workflow.schedule.clear();
    return absl::OkStatus();
  }
  if (!workflow.schedule.empty()) return absl::OkStatus();
  TRY_ASSIGN(const config::WatchConfig watch, config::ParseWatch(project.text, kConfigName));
  if (!watch.triggers.schedule.has_value()) return absl::OkStatus();
  const std::optional<std::string> cron = config::CronOf(*watch.triggers.schedule);
  if (!cron.has_value()) {
    return WithHint(
        absl::InvalidArgumentError("cron has no times like those of 'watch.triggers.schedule' in roost.yaml"),
        "name others: --schedule '0 3 * * *', or 'none'");
  }
  workflow.schedule = *cron;
  return absl::OkStatus();
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

absl::StatusOr<ExportedWorkflow> ExportAirflow(const std::string& project, pipeline::Workflow workflow) {
  TRY_ASSIGN(const ProjectFiles files, ReadProjectWithModel(project));
  if (workflow.name.empty()) workflow.name = files.config.project;
  if (workflow.folder.empty()) workflow.folder = files.folder;
  TRY(Complete(files, workflow));
  TRY_ASSIGN(std::string text, pipeline::AirflowDag(workflow));
  return ExportedWorkflow{.text = std::move(text), .schedule = workflow.schedule};
}

absl::StatusOr<ExportedWorkflow> ExportArgo(const std::string& project, pipeline::Workflow workflow,
                                            pipeline::ArgoOptions options) {
  TRY_ASSIGN(const ProjectFiles files, ReadProjectWithModel(project));
  if (workflow.name.empty()) workflow.name = KubernetesName(files.config.project);
  if (workflow.folder.empty()) workflow.folder = "/project";
  if (!IsOnServers(files) && options.volume.empty()) {
    return WithHint(
        absl::FailedPreconditionError("the workspace of this project lies in a folder, which pods do not share"),
        "'--volume CLAIM' names a volume that holds the project; or keep the workspace in S3 and PostgreSQL "
        "(docs/storage.md)");
  }
  TRY(Complete(files, workflow));
  options.files = FilesOf(files.folder);
  TRY_ASSIGN(std::string text, pipeline::ArgoWorkflow(workflow, options));
  return ExportedWorkflow{.text = std::move(text), .schedule = workflow.schedule};
}

}  // namespace roost::api
