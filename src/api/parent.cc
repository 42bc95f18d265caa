#include "api/parent.h"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/models.h"
#include "base/status.h"

namespace roost::api {
namespace {

absl::StatusOr<ParentModel> Load(Project& project, const registry::ModelVersion& version, Json lineage) {
  TRY_ASSIGN(LoadedModel loaded, LoadModel(project, version.ToString()));
  return ParentModel{version, std::move(loaded.model), std::move(lineage)};
}

absl::StatusOr<Json> LineageOf(Project& project, const registry::ModelVersion& version) {
  TRY_ASSIGN(const std::string text, project.registry().LoadPart(version, registry::kLineagePart));
  return ParseJson(text, fmt::format("{} of {}", registry::kLineagePart, version.ToString()));
}

}  // namespace

absl::StatusOr<std::optional<ParentModel>> FindParent(Project& project, const ParentRequest& request) {
  if (!request.reference.empty()) {
    TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(request.reference));
    TRY_ASSIGN(Json lineage, LineageOf(project, version));
    TRY_ASSIGN(ParentModel parent, Load(project, version, std::move(lineage)));
    return std::optional<ParentModel>(std::move(parent));
  }
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List(request.model));
  TRY_ASSIGN(const auto states, project.registry().states().Current(request.model));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    const auto state = states.find(version->version);
    if (state != states.end() && state->second.state != registry::VersionState::kActive) continue;
    TRY_ASSIGN(Json lineage, LineageOf(project, *version));
    const bool same = lineage.value("dataset_digest", "") == request.dataset_digest &&
                      lineage.value("config_digest", "") == request.config_digest;
    if (same) continue;
    TRY_ASSIGN(ParentModel parent, Load(project, *version, std::move(lineage)));
    return std::optional<ParentModel>(std::move(parent));
  }
  return std::optional<ParentModel>();
}

}  // namespace roost::api
