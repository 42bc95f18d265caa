#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "config/project.h"
#include "registry/registry.h"
#include "store/store.h"
#include "store/store_location.h"

namespace roost::api {

inline constexpr char kConfigName[] = "roost.yaml";

struct InitRequest {
  std::string folder = ".";
  std::string template_name = "tabular";
};

struct InitResponse {
  std::string folder;
  std::vector<std::string> written;  ///< files made now
  std::vector<std::string> kept;     ///< files of the template that were there already, left as they are
};

/// Makes a project of a folder: the template's files where they are missing, and the workspace `.roost/`. Can be called
/// again. NotFound for an unknown template; the errors of the file system.
absl::StatusOr<InitResponse> Init(const InitRequest& request);

/// The folder of the project in, or above, `folder`: the nearest one that has a roost.yaml, which is not read.
/// FailedPrecondition where there is none.
absl::StatusOr<std::string> FindProjectFolder(const std::string& folder);

/// Where the workspace of the project in, or above, `folder` lies; it is not opened. Errors as for Project::Open.
absl::StatusOr<store::StoreLocation> FindWorkspace(const std::string& folder);

/// A project that is open: its configuration and its workspace. Movable. Threads: one at a time.
class Project {
 public:
  /// The project of `folder`, or of the nearest folder above it that has a roost.yaml. FailedPrecondition where there
  /// is none; the errors of ParseProject.
  static absl::StatusOr<Project> Open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  /// Where its roost.yaml lies.
  std::string ConfigPath() const;
  const config::ProjectConfig& config() const { return config_; }
  const std::string& config_text() const { return config_text_; }
  /// The model of roost.yaml of that name becomes config().model: the one that commands are about. Empty: nothing
  /// changes. NotFound, with the names that there are.
  absl::Status SelectModel(const std::string& name);
  /// The way to the selected model in roost.yaml: {"model"}, or {"models", "late-flights"}.
  std::vector<std::string> ModelPath() const;
  store::Store& store() { return *store_; }
  registry::Registry& registry() { return *registry_; }

  /// Who adds versions: $ROOST_AUTHOR, or the name of the user.
  const std::string& author() const { return author_; }

  /// Writes roost.yaml anew, whole or not at all; the errors of ParseProject, and then the file stays as it was.
  absl::Status ReplaceConfig(const std::string& text);

  /// Where the schema of `dataset` stands: schema.yaml for the dataset that roost.yaml names, schema.NAME.yaml for
  /// others.
  std::string SchemaPath(const std::string& dataset) const;

 private:
  std::string folder_;
  std::string author_;
  std::string config_text_;
  config::ProjectConfig config_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<registry::Registry> registry_;
};

}  // namespace roost::api
