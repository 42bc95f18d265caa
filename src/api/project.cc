#include "api/project.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "api/project_files.h"
#include "base/status.h"
#include "config/templates.h"
#include "registry/hook_log.h"
#include "registry/run_lock.h"
#include "registry/run_log.h"
#include "registry/token_log.h"
#include "registry/watch_log.h"
#include "store/store_location.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWorkspaceName = ".roost";

absl::StatusOr<fs::path> FindProject(const std::string& folder) {
  std::error_code error;
  const fs::path start = fs::absolute(folder, error);
  if (error || !fs::is_directory(start, error)) {
    return absl::NotFoundError(fmt::format("no folder '{}'", folder));
  }
  fs::path begin = start.lexically_normal();
  if (!begin.has_filename()) begin = begin.parent_path();  // of "." it would end in a slash
  for (fs::path place = begin;; place = place.parent_path()) {
    if (fs::exists(place / kConfigName, error)) return place;
    if (place == place.parent_path()) break;
  }
  return WithHint(absl::FailedPreconditionError(
                      fmt::format("no project here: neither '{}' nor a folder above it has a roost.yaml", folder)),
                  "'roost init' makes one of this folder");
}

/// Where the workspace of the project in `root` lies. A relative folder is one below the project.
store::StoreLocation LocationOf(const fs::path& root, const config::ProjectConfig& config) {
  const config::WorkspaceConfig& workspace = config.workspace;
  store::StoreLocation location = store::StoreLocation::InFolder((root / kWorkspaceName).string());
  if (store::IsS3Url(workspace.objects)) {
    location.objects = workspace.objects;
  } else if (!workspace.objects.empty()) {
    location.objects = (root / workspace.objects).string();
  }
  if (!workspace.database.empty()) location.database = workspace.database;
  location.s3 = {.endpoint = workspace.s3.endpoint, .region = workspace.s3.region};
  if (workspace.s3.addressing != config::S3Config::Addressing::kAuto) {
    location.s3.path_style = workspace.s3.addressing == config::S3Config::Addressing::kPath;
  }
  return location;
}

/// The workspace with the tables of all folders, so that whoever may only read finds them.
absl::Status MakeTables(const store::StoreLocation& location) {
  TRY_ASSIGN(const std::unique_ptr<store::Store> store, store::Store::Create(location));
  TRY(registry::Registry::Open(store->database(), store->objects()).status());
  TRY(registry::RunLog::Open(store->database()).status());
  TRY(registry::RunLock::MakeTable(store->database()));
  TRY(registry::WatchLog::Open(store->database()).status());
  TRY(registry::HookLog::Open(store->database()).status());
  return registry::TokenLog::Open(store->database()).status();
}

std::string FindAuthor() {
  for (const char* name : {"ROOST_AUTHOR", "USER", "LOGNAME"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  // No such variable in a container or a cron job: the account's name then.
  const passwd* account = getpwuid(geteuid());
  return account == nullptr ? "unknown" : account->pw_name;
}

}  // namespace

absl::StatusOr<InitResponse> Init(const InitRequest& request) {
  TRY_ASSIGN(const auto files, config::FilesOfTemplate(request.template_name));
  std::error_code error;
  const fs::path folder(request.folder);
  fs::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", request.folder));
  InitResponse response{.folder = request.folder};
  for (const config::TemplateFile& file : files) {
    const fs::path path = folder / file.path;
    if (fs::exists(path, error)) {
      response.kept.emplace_back(file.path);
      continue;
    }
    TRY(table::WriteTextFile(path.string(), file.content));
    response.written.emplace_back(file.path);
  }
  const fs::path workspace = folder / kWorkspaceName;
  const bool had_workspace = fs::exists(workspace, error);
  fs::create_directories(workspace, error);
  if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", workspace.string()));
  TRY_ASSIGN(const std::string text, table::ReadTextFile((folder / kConfigName).string()));
  TRY_ASSIGN(const config::ProjectConfig project, config::ParseProject(text, kConfigName));
  TRY(MakeTables(LocationOf(folder, project)));
  (had_workspace ? response.kept : response.written).push_back(fmt::format("{}/", kWorkspaceName));
  return response;
}

absl::StatusOr<std::string> FindProjectFolder(const std::string& folder) {
  TRY_ASSIGN(const fs::path root, FindProject(folder));
  return root.string();
}

absl::StatusOr<ProjectFiles> ReadProject(const std::string& folder) {
  TRY_ASSIGN(const fs::path root, FindProject(folder));
  TRY_ASSIGN(std::string text, table::ReadTextFile((root / kConfigName).string()));
  TRY_ASSIGN(config::ProjectConfig config, config::ParseProject(text, kConfigName));
  store::StoreLocation workspace = LocationOf(root, config);
  return ProjectFiles{root.string(), std::move(text), std::move(config), std::move(workspace)};
}

absl::StatusOr<store::StoreLocation> FindWorkspace(const std::string& folder) {
  TRY_ASSIGN(ProjectFiles project, ReadProject(folder));
  return std::move(project.workspace);
}

absl::StatusOr<Project> Project::Open(const std::string& folder) {
  TRY_ASSIGN(ProjectFiles files, ReadProject(folder));
  Project project;
  project.folder_ = std::move(files.folder);
  project.author_ = FindAuthor();
  project.config_text_ = std::move(files.text);
  project.config_ = std::move(files.config);
  TRY_ASSIGN(project.store_, store::Store::Open(files.workspace));
  TRY_ASSIGN(registry::Registry registry,
             registry::Registry::Open(project.store_->database(), project.store_->objects()));
  project.registry_ = std::make_unique<registry::Registry>(std::move(registry));
  return project;
}

absl::Status Project::SelectModel(const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  std::vector<std::string> names;
  for (const config::ModelConfig& model : config_.models) {
    names.push_back(model.name);
    if (model.name != name) continue;
    config_.model = model;
    return absl::OkStatus();
  }
  return WithHint(absl::NotFoundError(fmt::format("roost.yaml has no model '{}'", name)),
                  names.empty() ? "it has none at all" : fmt::format("it has {}", fmt::join(names, ", ")));
}

std::vector<std::string> Project::ModelPath() const {
  if (!config_.has_models_by_name) return {"model"};
  return {"models", config_.model.has_value() ? config_.model->name : ""};
}

std::string Project::ConfigPath() const { return (fs::path(folder_) / kConfigName).string(); }

absl::Status Project::ReplaceConfig(const std::string& text) {
  TRY_ASSIGN(config::ProjectConfig config, config::ParseProject(text, kConfigName));
  TRY(table::WriteTextFile(ConfigPath(), text));
  const std::string selected = config_.model.has_value() ? config_.model->name : "";
  config_ = std::move(config);
  config_text_ = text;
  return SelectModel(selected);
}

std::string Project::SchemaPath(const std::string& dataset) const {
  const std::string name = dataset == config_.dataset ? "schema.yaml" : fmt::format("schema.{}.yaml", dataset);
  return (fs::path(folder_) / name).string();
}

}  // namespace roost::api
