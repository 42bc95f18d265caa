#include "registry/divergence.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::registry {
namespace {

absl::Status Differs(const std::string& what) {
  return WithHint(
      absl::FailedPreconditionError(fmt::format("the other workspace has models of its own: {}", what)),
      "Nothing was changed. Copy into an empty workspace, or bring single datasets there with 'roost data push'.");
}

bool IsDeleted(const Registry& registry, const ModelVersion& version) {
  const auto state = registry.states().Last(version.name, version.version);
  return state.ok() && state->has_value() && (*state)->state == VersionState::kDeleted;
}

// A state there must be one that the version has, or had, here.
absl::Status CheckStates(const Registry& there, const Registry& here) {
  TRY_ASSIGN(const std::vector<StateChange> states, there.states().CurrentOfAll());
  for (const StateChange& state : states) {
    TRY_ASSIGN(const std::optional<StateChange> ours, here.states().Last(state.model, state.version));
    if (ours.has_value() && (ours == state || ours->number > state.number)) continue;
    return Differs(fmt::format("{}@{} is {} there", state.model, state.version, StateName(state.state)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckIsEarlier(const Registry& there, const Registry& here) {
  TRY_ASSIGN(const std::vector<ModelVersion> versions, here.List());
  TRY_ASSIGN(const std::vector<ModelVersion> others, there.List());
  std::map<std::pair<std::string, int64_t>, const ModelVersion*> known;
  for (const ModelVersion& version : versions) known[{version.name, version.version}] = &version;
  TRY(CheckStates(there, here));
  std::string last;
  for (const ModelVersion& other : others) {
    const auto found = known.find({other.name, other.version});
    if (found == known.end() && IsDeleted(here, other)) continue;
    if (found == known.end()) return Differs(other.ToString() + " is only there");
    if (*found->second != other) return Differs(other.ToString() + " is another model there");
    if (other.name == last) continue;
    last = other.name;
    TRY_ASSIGN(const std::vector<AliasMove> aliases, there.aliases().Current(other.name));
    for (const AliasMove& alias : aliases) {
      TRY_ASSIGN(const std::vector<AliasMove> moved_there, there.aliases().History(other.name, alias.alias));
      TRY_ASSIGN(const std::vector<AliasMove> moved_here, here.aliases().History(other.name, alias.alias));
      const bool is_earlier = moved_there.size() <= moved_here.size() &&
                              std::equal(moved_there.begin(), moved_there.end(), moved_here.begin());
      if (!is_earlier) return Differs(fmt::format("the alias '{}' of {} was moved there", alias.alias, other.name));
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::registry
