#include "api/parent.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/models.h"
#include "base/status.h"

namespace roost::api {
namespace {

absl::StatusOr<Json> LineageOf(Project& project, const registry::ModelVersion& version) {
  TRY_ASSIGN(const std::string text, project.registry().LoadPart(version, registry::kLineagePart));
  return ParseJson(text, fmt::format("{} of {}", registry::kLineagePart, version.ToString()));
}

}  // namespace

absl::StatusOr<std::optional<ParentVersion>> FindParentVersion(Project& project, const ParentRequest& request) {
  if (!request.reference.empty()) {
    TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(request.reference));
    TRY_ASSIGN(Json lineage, LineageOf(project, version));
    return ParentVersion{version, std::move(lineage)};
  }
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List(request.model));
  TRY_ASSIGN(const auto states, project.registry().states().Current(request.model));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    const auto state = states.find(version->version);
    if (state != states.end() && state->second.state != registry::VersionState::kActive) continue;
    TRY_ASSIGN(Json lineage, LineageOf(project, *version));
    const bool same = lineage.value("dataset_digest", "") == request.dataset_digest &&
                      lineage.value("config_digest", "") == request.config_digest;
    if (!same) return ParentVersion{*version, std::move(lineage)};
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<ParentModel>> FindParent(Project& project, const ParentRequest& request) {
  TRY_ASSIGN(std::optional<ParentVersion> parent, FindParentVersion(project, request));
  if (!parent.has_value()) return std::nullopt;
  TRY_ASSIGN(LoadedModel loaded, LoadModel(project, parent->version.ToString()));
  return ParentModel{parent->version, std::move(loaded.model), std::move(parent->lineage)};
}

}  // namespace roost::api
