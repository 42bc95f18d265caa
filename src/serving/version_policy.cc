#include "serving/version_policy.h"

#include <algorithm>

namespace roost::serving {

DesiredVersions DesiredOf(const ListedModel& listed, const VersionPolicy& policy) {
  std::set<int64_t> named = policy.versions;
  for (const std::string& alias : policy.aliases) {
    if (const auto target = listed.aliases.find(alias); target != listed.aliases.end()) named.insert(target->second);
  }
  const auto active = std::count_if(listed.versions.begin(), listed.versions.end(),
                                    [](const ListedVersion& version) { return !version.retired; });
  int64_t older = std::max<int64_t>(0, active - policy.latest);  // active versions that are not among the latest
  DesiredVersions desired;
  for (const ListedVersion& version : listed.versions) {
    const bool is_named = named.erase(version.version) > 0;
    const bool is_latest = !version.retired && --older < 0;
    if (is_named || (policy.all && !version.retired) || is_latest) desired.versions.push_back(version);
  }
  desired.absent.assign(named.begin(), named.end());
  return desired;
}

VersionPlan PlanVersions(const std::vector<ListedVersion>& desired, const std::map<int64_t, HeldVersion>& held,
                         absl::Time now) {
  VersionPlan plan;
  std::set<int64_t> wanted;
  size_t missing = 0;
  for (const ListedVersion& version : desired) {
    wanted.insert(version.version);
    const auto found = held.find(version.version);
    const HeldVersion known = found == held.end() ? HeldVersion() : found->second;
    if (!known.loaded.has_value()) ++missing;
    const bool must_wait = known.failed == version.identity && now < known.retry_at;
    if (known.loaded != version.identity && !must_wait) plan.load.push_back(version);
  }
  std::reverse(plan.load.begin(), plan.load.end());
  for (const auto& [version, known] : held) {
    if (wanted.contains(version)) continue;
    if (known.loaded.has_value()) {
      plan.drop.push_back(version);
    } else {
      plan.forget.push_back(version);
    }
  }
  if (!desired.empty()) plan.drop.resize(plan.drop.size() - std::min(plan.drop.size(), missing));
  return plan;
}

}  // namespace roost::serving
