// Which version serves: promotions, rollbacks, and versions that may serve no longer.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "registry/registry.h"

namespace roost::registry {
namespace {

absl::Time ToMicros(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

std::string PlaceText(int64_t version) { return version == 0 ? "nowhere" : fmt::format("at version {}", version); }

absl::Status CheckReason(const std::string& author, const std::string& reason, std::string_view what) {
  if (!author.empty() && !reason.empty()) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("who does it and why are kept with {}; one is missing", what)),
                  "Give the reason with --reason.");
}

absl::Status MovedElsewhere(const std::string& model, const std::string& alias, int64_t target, int64_t expected) {
  return WithHint(absl::AbortedError(fmt::format("the alias '{}' of {} points {}, not {}: somebody else moved it",
                                                 alias, model, PlaceText(target), PlaceText(expected))),
                  fmt::format("'roost model history {}' says who; look at it, and decide again.", model));
}

absl::Status NothingBefore(const std::string& model, int64_t champion) {
  return WithHint(
      absl::FailedPreconditionError(fmt::format("{}@{} cannot be rolled back: no version that may serve was champion "
                                                "before it",
                                                model, champion)),
      fmt::format("'roost model promote {}@VERSION' lets another one serve.", model));
}

}  // namespace

std::vector<int64_t> StandingVersions(const std::vector<AliasMove>& history) {
  std::vector<int64_t> standing;
  for (const AliasMove& move : history) {
    if (move.action == AliasAction::kRollback) {
      if (!standing.empty()) standing.pop_back();
      while (!standing.empty() && standing.back() != move.to) standing.pop_back();
    }
    if (standing.empty() || standing.back() != move.to) standing.push_back(move.to);
  }
  return standing;
}

absl::Status Registry::CheckMayServe(const std::string& model, int64_t version) const {
  TRY_ASSIGN(const std::optional<ModelVersion> found, Find(model, "version = :p2", version));
  if (!found.has_value()) return NotFound({.name = model, .version = version, .alias = {}});
  TRY_ASSIGN(const std::optional<StateChange> state, states_.Last(model, version));
  if (!state.has_value() || state->state == VersionState::kActive) return absl::OkStatus();
  return WithHint(
      absl::FailedPreconditionError(fmt::format("{} was retired by {} at {}: {}", found->ToString(), state->author,
                                                FormatUtcSeconds(state->changed), state->reason)),
      fmt::format("'roost model retire {} --undo' lets it serve again.", found->ToString()));
}

// Inside a transaction: what killed processes began with the alias of `move`.
absl::Status Registry::FinishMoves(const AliasMove& move) {
  if (move.alias == kChampion) TRY(aliases_.Finish(move.model, kPrevious, move.moved));
  return aliases_.Finish(move.model, move.alias, move.moved);
}

// Inside a transaction. `previous` goes first: a process killed between the two has moved no champion.
absl::Status Registry::MoveChampion(AliasMove& champion, std::optional<int64_t> previous, Release& release) {
  std::vector<AliasMove> followed;
  TRY_ASSIGN(const std::optional<int64_t> target, aliases_.Target(champion.model, kPrevious));
  if (previous.has_value() && previous != target) {
    AliasMove follower = champion;
    follower.alias = kPrevious;
    follower.from = target;
    follower.to = *previous;
    TRY_ASSIGN(const bool followed_it, aliases_.Move(follower));
    if (!followed_it) return absl::InternalError("an alias was moved inside a transaction of somebody else");
    followed.push_back(std::move(follower));
  }
  TRY_ASSIGN(const bool moved, aliases_.Move(champion));
  if (!moved) return absl::InternalError("an alias was moved inside a transaction of somebody else");
  release.moves = {champion};
  release.moves.insert(release.moves.end(), followed.begin(), followed.end());
  return absl::OkStatus();
}

absl::StatusOr<Release> Registry::Promote(const PromoteRequest& request, const Context& context) {
  TRY(CheckName(request.model, "name of a model"));
  TRY(CheckAlias(request.alias));
  TRY(CheckReason(request.author, request.reason, "a promotion"));
  if (request.alias == kPrevious) {
    return absl::InvalidArgumentError("the alias 'previous' follows 'champion'; it is not moved by itself");
  }
  AliasMove move{.model = request.model,
                 .alias = request.alias,
                 .to = request.version,
                 .author = request.author,
                 .reason = request.reason,
                 .evidence = request.evidence,
                 .moved = ToMicros(context.now())};
  Release release{.to = request.version};
  bool is_elsewhere = false;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY(FinishMoves(move));
    TRY_ASSIGN(const bool is_done, aliases_.IsLast(move));  // the transaction runs again
    if (is_done && release.moves.empty()) release.moves = {move};
    if (is_done) return absl::OkStatus();
    release.moves.clear();
    TRY_ASSIGN(release.from, aliases_.Target(move.model, move.alias));
    // What was finished stays also where this is refused: the next reader sees the target that refused it.
    is_elsewhere = request.expected.has_value() && *request.expected != release.from.value_or(0);
    if (is_elsewhere) return absl::OkStatus();
    TRY(CheckMayServe(move.model, move.to));
    if (release.from == move.to) return absl::OkStatus();
    move.from = release.from;
    if (move.alias == kChampion) return MoveChampion(move, release.from, release);
    TRY(aliases_.Move(move).status());
    release.moves = {move};
    return absl::OkStatus();
  });
  TRY(done);
  if (is_elsewhere) return MovedElsewhere(move.model, move.alias, release.from.value_or(0), *request.expected);
  return release;
}

absl::StatusOr<Release> Registry::Rollback(const RollbackRequest& request, const Context& context) {
  TRY(CheckName(request.model, "name of a model"));
  TRY(CheckReason(request.author, request.reason, "a rollback"));
  AliasMove move{.model = request.model,
                 .alias = kChampion,
                 .action = AliasAction::kRollback,
                 .author = request.author,
                 .reason = request.reason,
                 .moved = ToMicros(context.now())};
  Release release;
  bool is_elsewhere = false;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY(FinishMoves(move));
    TRY_ASSIGN(const bool is_done, aliases_.IsLast(move));  // the transaction runs again
    if (is_done && release.moves.empty()) release.moves = {move};
    if (is_done) return absl::OkStatus();
    release.moves.clear();
    TRY_ASSIGN(const std::vector<AliasMove> history, aliases_.History(move.model, kChampion));
    std::vector<int64_t> standing = StandingVersions(history);
    if (standing.empty()) return NotFound({.name = move.model, .version = {}, .alias = kChampion});
    release.from = standing.back();
    is_elsewhere = request.expected.has_value() && *request.expected != *release.from;
    if (is_elsewhere) return absl::OkStatus();
    std::erase(standing, *release.from);
    if (request.to.has_value() && std::find(standing.begin(), standing.end(), *request.to) == standing.end()) {
      return WithHint(
          absl::FailedPreconditionError(fmt::format("{}@{} is none of the versions that a rollback of {}@{} "
                                                    "goes back over",
                                                    move.model, *request.to, move.model, *release.from)),
          fmt::format("'roost model promote {}@{}' lets it serve all the same.", move.model, *request.to));
    }
    if (request.to.has_value()) TRY(CheckMayServe(move.model, *request.to));
    // Newest first: what may serve, from the wanted one on.
    std::vector<int64_t> candidates;
    for (auto version = standing.rbegin(); version != standing.rend(); ++version) {
      if (candidates.empty() && request.to.has_value() && *version != *request.to) continue;
      if (CheckMayServe(move.model, *version).ok()) candidates.push_back(*version);
    }
    if (candidates.empty()) return NothingBefore(move.model, *release.from);
    move.from = release.from;
    move.to = release.to = candidates.front();
    std::erase(candidates, move.to);
    return MoveChampion(move, candidates.empty() ? std::nullopt : std::optional(candidates.front()), release);
  });
  TRY(done);
  if (is_elsewhere) return MovedElsewhere(move.model, kChampion, *release.from, *request.expected);
  return release;
}

absl::Status Registry::CheckNoAlias(const StateRequest& request, std::string_view what) const {
  TRY_ASSIGN(const std::vector<AliasMove> aliases, aliases_.Current(request.model));
  std::vector<std::string> names;
  for (const AliasMove& alias : aliases) {
    if (alias.to == request.version) names.push_back(fmt::format("'{}'", alias.alias));
  }
  if (names.empty()) return absl::OkStatus();
  return WithHint(
      absl::FailedPreconditionError(fmt::format("{}@{} cannot be {}: the {} {} {} at it", request.model,
                                                request.version, what, names.size() == 1 ? "alias" : "aliases",
                                                fmt::join(names, ", "), names.size() == 1 ? "points" : "point")),
      fmt::format("'roost model promote {}@VERSION --alias ALIAS' moves one; 'previous' follows 'champion'.",
                  request.model));
}

absl::StatusOr<bool> Registry::ChangeState(const StateRequest& request, VersionState state, const Context& context) {
  TRY(CheckName(request.model, "name of a model"));
  TRY(CheckReason(request.author, request.reason, "the version"));
  StateChange change{.model = request.model,
                     .version = request.version,
                     .state = state,
                     .author = request.author,
                     .reason = request.reason,
                     .changed = ToMicros(context.now())};
  bool is_new = false;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    is_new = false;
    TRY_ASSIGN(const std::optional<ModelVersion> found, Find(request.model, "version = :p2", request.version));
    if (!found.has_value()) return NotFound({.name = request.model, .version = request.version, .alias = {}});
    if (state != VersionState::kActive) TRY(CheckNoAlias(request, StateName(state)));
    TRY_ASSIGN(is_new, states_.Change(change));
    if (state != VersionState::kDeleted) return absl::OkStatus();
    return database_
        ->Execute("DELETE FROM model_versions WHERE name = :p1 AND version = :p2", {request.model, request.version})
        .status();
  });
  TRY(done);
  return is_new;
}

absl::StatusOr<bool> Registry::Retire(const StateRequest& request, const Context& context) {
  return ChangeState(request, VersionState::kRetired, context);
}

absl::StatusOr<bool> Registry::Reinstate(const StateRequest& request, const Context& context) {
  return ChangeState(request, VersionState::kActive, context);
}

absl::Status Registry::Delete(const StateRequest& request, const Context& context) {
  return ChangeState(request, VersionState::kDeleted, context).status();
}

}  // namespace roost::registry
