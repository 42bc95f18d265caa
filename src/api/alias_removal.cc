#include "api/alias_removal.h"

#include <fmt/format.h>

#include "base/status.h"
#include "registry/model_version.h"
#include "registry/registry.h"

namespace roost::api {
namespace {

absl::Status MovedElsewhere(const RemoveAliasRequest& request, std::optional<int64_t> target) {
  return WithHint(absl::AbortedError(fmt::format("the alias '{}' of {} points {}, not at version {}: somebody else "
                                                 "moved it",
                                                 request.alias, request.model,
                                                 target.has_value() ? fmt::format("at version {}", *target) : "nowhere",
                                                 request.expected.value_or(0))),
                  fmt::format("'roost model history {}' says who; look at it, and decide again.", request.model));
}

}  // namespace

absl::StatusOr<registry::AliasMove> RemoveAlias(Project& project, const RemoveAliasRequest& request,
                                                const Context& context) {
  TRY(registry::CheckAlias(request.alias));
  if (request.alias == registry::kChampion || request.alias == registry::kPrevious) {
    return WithHint(absl::InvalidArgumentError(fmt::format("the alias '{}' is not removed", request.alias)),
                    "'roost model promote' lets another version serve, 'roost model rollback' the one before.");
  }
  TRY_ASSIGN(registry::AliasLog aliases, registry::AliasLog::Open(project.store().database(), project.store().objects(),
                                                                  project.registry().audit()));
  registry::AliasMove move{.model = request.model,
                           .alias = request.alias,
                           .author = request.author,
                           .reason = request.reason,
                           .moved = absl::FromUnixMicros(absl::ToUnixMicros(context.now()))};
  bool is_elsewhere = false;
  const absl::Status done = project.store().database().InTransaction([&]() -> absl::Status {
    TRY(aliases.Finish(move.model, move.alias, move.moved));
    TRY_ASSIGN(const bool is_done, aliases.IsLast(move));  // the transaction runs again
    if (is_done) return absl::OkStatus();
    TRY_ASSIGN(move.from, aliases.Target(move.model, move.alias));
    if (!move.from.has_value()) {
      return project.registry().Resolve(fmt::format("{}@{}", move.model, move.alias)).status();
    }
    is_elsewhere = request.expected.has_value() && request.expected != move.from;
    if (is_elsewhere) return absl::OkStatus();
    return aliases.Move(move).status();
  });
  TRY(done);
  if (is_elsewhere) return MovedElsewhere(request, move.from);
  return move;
}

}  // namespace roost::api
