#include "api/releases.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/hooks.h"
#include "api/lineage.h"
#include "api/signing.h"
#include "base/status.h"

namespace roost::api {
namespace {

void QueueRelease(Project& project, config::HookEvent event, const registry::Release& release, const Context& context) {
  if (release.moves.empty()) return;  // nothing happened
  const registry::AliasMove& move = release.moves.front();
  QueueEvent(project, event,
             {{"model", move.model},
              {"version", move.to},
              {"alias", move.alias},
              {"from", move.from.has_value() ? Json(*move.from) : Json(nullptr)},
              {"reason", move.reason},
              {"evidence", move.evidence}},
             context);
}

void QueueState(Project& project, config::HookEvent event, const registry::ModelVersion& version,
                const std::string& reason, const Context& context) {
  QueueEvent(project, event, {{"model", version.name}, {"version", version.version}, {"reason", reason}}, context);
}

// The version that `reference` names by its number.
absl::StatusOr<registry::ModelVersion> ResolveNumber(Project& project, const std::string& reference) {
  TRY_ASSIGN(const registry::ModelReference parsed, registry::ParseModelReference(reference));
  if (parsed.version.has_value()) return project.registry().Resolve(reference);
  return WithHint(absl::InvalidArgumentError(fmt::format("'{}' names no version by its number", reference)),
                  fmt::format("Write {}@2; 'roost model list {}' shows the versions.", parsed.name, parsed.name));
}

// What in roost.yaml names the version.
std::vector<std::string> PinsOf(const Project& project, const registry::ModelVersion& version) {
  const auto served = project.config().serve.models.find(version.name);
  if (served == project.config().serve.models.end()) return {};
  const std::vector<int64_t>& numbers = served->second.versions.versions;
  if (std::find(numbers.begin(), numbers.end(), version.version) == numbers.end()) return {};
  return {fmt::format("roost.yaml serves it by its number (serve.models.{}.versions)", version.name)};
}

// All that refers to the version, in words.
absl::StatusOr<std::vector<std::string>> ReferrersOf(Project& project, const registry::ModelVersion& version) {
  std::vector<std::string> referrers;
  TRY_ASSIGN(const std::vector<registry::AliasMove> aliases, project.registry().aliases().Current(version.name));
  for (const registry::AliasMove& alias : aliases) {
    if (alias.to == version.version) referrers.push_back(fmt::format("the alias '{}' points at it", alias.alias));
  }
  TRY_ASSIGN(const std::vector<ModelOrigin> all, ModelOrigins(project));
  for (const ModelOrigin& origin : all) {
    if (origin.Parent() == version.ToString()) {
      referrers.push_back(fmt::format("{} was trained from it", origin.version.ToString()));
    }
    for (const ScoreUse& use : ScoresIn(origin)) {
      if (use.score_of != version.ToString()) continue;
      referrers.push_back(fmt::format("{} takes its score as '{}'", use.taker.ToString(), use.column));
    }
  }
  const std::vector<std::string> pins = PinsOf(project, version);
  referrers.insert(referrers.end(), pins.begin(), pins.end());
  return referrers;
}

std::string NameOf(const std::string& model, std::optional<int64_t> version) {
  return version.has_value() ? fmt::format("{}@{}", model, *version) : "no version";
}

// Why the gate does not let `version` be champion; OK where it does.
absl::Status CheckGate(const Project& project, const registry::ModelVersion& version,
                       const std::optional<registry::Judgement>& judgement, std::optional<int64_t> champion) {
  const std::string name = version.ToString();
  const std::string again =
      fmt::format("'roost gate {}' judges it; --override with a --reason releases it all the same", name);
  const config::ModelConfig* model = project.config().FindModel(version.name);
  if (!judgement.has_value()) {
    const bool has_gate = model != nullptr && model->gate.has_value() && model->name == version.name;
    if (!has_gate) return absl::OkStatus();
    return WithHint(absl::FailedPreconditionError(fmt::format("{} was not judged by the gate of roost.yaml", name)),
                    again);
  }
  if (!judgement->blessed) {
    return WithHint(absl::FailedPreconditionError(fmt::format("the gate refused {}", name)),
                    fmt::format("evidence {}; --override with a --reason releases it all the same",
                                judgement->evidence.ToHex().substr(0, 12)));
  }
  if (judgement->champion == champion) return absl::OkStatus();
  return WithHint(absl::FailedPreconditionError(fmt::format("{} was held against {}, and the champion is {} now", name,
                                                            NameOf(version.name, judgement->champion),
                                                            NameOf(version.name, champion))),
                  again);
}

// What a promotion over `champion` stands on, in a word.
absl::StatusOr<std::string> EvidenceOf(Project& project, const PromoteModelRequest& request,
                                       const registry::ModelVersion& version, std::optional<int64_t> champion) {
  if (champion == version.version) return request.evidence;  // nothing will change
  TRY_ASSIGN(const auto judgement, project.registry().LastJudgement(version.name, version.version));
  const absl::Status allowed = CheckGate(project, version, judgement, champion);
  if (!allowed.ok() && !request.override_gate) return allowed;
  const std::string digest = judgement.has_value() ? judgement->evidence.ToHex().substr(0, 12) : "";
  if (!allowed.ok()) {
    const std::string what =
        judgement.has_value() ? fmt::format("override of gate {}", digest) : "override: not judged";
    return request.evidence.empty() ? what : fmt::format("{}; {}", what, request.evidence);
  }
  return request.evidence.empty() && judgement.has_value() ? fmt::format("gate {}", digest) : request.evidence;
}

}  // namespace

absl::StatusOr<registry::Release> PromoteModel(Project& project, const PromoteModelRequest& request,
                                               const Context& context) {
  if (request.reference.find('@') == std::string::npos) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' does not say which version", request.reference)),
                    fmt::format("Write {}@2, or {}@latest.", request.reference, request.reference));
  }
  TRY_ASSIGN(const registry::ModelVersion version, project.registry().Resolve(request.reference));
  TRY(CheckTrusted(project, version));
  std::string evidence = request.evidence;
  std::optional<int64_t> expected = request.expected;
  if (request.alias == registry::kChampion) {
    TRY_ASSIGN(const std::optional<int64_t> champion,
               project.registry().aliases().Target(version.name, registry::kChampion));
    TRY_ASSIGN(evidence, EvidenceOf(project, request, version, champion));
    if (!expected.has_value()) expected = champion.value_or(0);  // what was found good was found so beside this one
  }
  TRY_ASSIGN(registry::Release release,
             project.registry().Promote({.model = version.name,
                                         .version = version.version,
                                         .alias = request.alias,
                                         .expected = expected,
                                         .author = request.author.empty() ? project.author() : request.author,
                                         .reason = request.reason,
                                         .evidence = std::move(evidence)},
                                        context));
  QueueRelease(project, config::HookEvent::kPromoted, release, context);
  return release;
}

absl::StatusOr<registry::Release> RollbackModel(Project& project, const RollbackModelRequest& request,
                                                const Context& context) {
  TRY_ASSIGN(registry::Release release, project.registry().Rollback({.model = request.model,
                                                                     .to = request.to,
                                                                     .expected = request.expected,
                                                                     .author = project.author(),
                                                                     .reason = request.reason},
                                                                    context));
  QueueRelease(project, config::HookEvent::kRolledBack, release, context);
  return release;
}

absl::StatusOr<std::vector<registry::AliasMove>> ModelHistory(Project& project, const ModelHistoryRequest& request) {
  TRY_ASSIGN(const registry::ModelReference parsed, registry::ParseModelReference(request.model));
  TRY_ASSIGN(std::vector<registry::AliasMove> moves, project.registry().aliases().History(parsed.name));
  if (moves.empty()) {
    TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List(parsed.name));
    if (versions.empty()) return project.registry().Resolve(parsed.name).status();
  }
  if (!request.alias.empty()) {
    std::erase_if(moves, [&](const registry::AliasMove& move) { return move.alias != request.alias; });
    if (moves.empty()) {
      return WithHint(
          absl::NotFoundError(fmt::format("model '{}' never had an alias '{}'", parsed.name, request.alias)),
          fmt::format("'roost model history {}' shows all that were moved.", parsed.name));
    }
  }
  if (!request.at.has_value()) return moves;
  std::map<std::string, registry::AliasMove> in_force;
  for (registry::AliasMove& move : moves) {
    const auto last = in_force.find(move.alias);
    const bool is_later = last == in_force.end() || last->second.number < move.number;  // clocks may differ
    if (move.moved <= *request.at && is_later) in_force[move.alias] = std::move(move);
  }
  moves.clear();
  for (auto& [alias, move] : in_force) {
    if (move.to > 0) moves.push_back(std::move(move));
  }
  return moves;
}

absl::StatusOr<RetireModelResponse> RetireModel(Project& project, const RetireModelRequest& request,
                                                const Context& context) {
  RetireModelResponse response;
  TRY_ASSIGN(response.version, ResolveNumber(project, request.reference));
  const registry::StateRequest state{.model = response.version.name,
                                     .version = response.version.version,
                                     .author = project.author(),
                                     .reason = request.reason};
  if (request.undo) {
    TRY_ASSIGN(response.changed, project.registry().Reinstate(state, context));
    return response;
  }
  if (const std::vector<std::string> pins = PinsOf(project, response.version); !pins.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{} cannot be retired: {}", response.version.ToString(), pins.front()));
  }
  TRY_ASSIGN(response.changed, project.registry().Retire(state, context));
  if (response.changed) QueueState(project, config::HookEvent::kRetired, response.version, request.reason, context);
  return response;
}

absl::StatusOr<DeleteModelResponse> DeleteModel(Project& project, const DeleteModelRequest& request,
                                                const Context& context) {
  DeleteModelResponse response;
  TRY_ASSIGN(response.version, ResolveNumber(project, request.reference));
  TRY_ASSIGN(response.referrers, ReferrersOf(project, response.version));
  if (request.dry_run) return response;
  if (!response.referrers.empty()) {
    return WithHint(
        absl::FailedPreconditionError(
            fmt::format("{} cannot be deleted: {}", response.version.ToString(), fmt::join(response.referrers, "; "))),
        fmt::format("'roost model retire {}' keeps it, and lets it serve no longer.", response.version.ToString()));
  }
  TRY(project.registry().Delete({.model = response.version.name,
                                 .version = response.version.version,
                                 .author = project.author(),
                                 .reason = request.reason},
                                context));
  QueueState(project, config::HookEvent::kDeleted, response.version, request.reason, context);
  return response;
}

}  // namespace roost::api
