#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "serving/model_loader.h"
#include "serving/repository.h"

namespace roost::api {

/// The models of a project's workspace, for a server. The project outlives it and is used by nobody else meanwhile.
class RegistryModels : public serving::Repository {
 public:
  explicit RegistryModels(Project& project) : project_(project) {}

  /// Three queries of the database, however many models there are.
  absl::StatusOr<serving::Listing> List() override;
  absl::StatusOr<int64_t> Size(const std::string& name, const serving::ListedVersion& version) override;
  absl::StatusOr<serving::ModelFiles> Load(const std::string& name, const serving::ListedVersion& version) override;

 private:
  Project& project_;
};

/// What a server is to do by `config` and by what it was told to serve: "NAME" (as `config` says), "NAME@2",
/// "NAME@latest", "NAME@champion"; nothing: all models. InvalidArgument for what is no such reference.
absl::StatusOr<serving::LoaderOptions> LoaderOptionsOf(const config::ServeConfig& config,
                                                       const std::vector<std::string>& references);

/// NotFound, with a hint, where there is nothing to serve, or not what `references` name.
absl::Status CheckModelsToServe(Project& project, const std::vector<std::string>& references);

}  // namespace roost::api
