#include "serving/version_policy.h"

#include <algorithm>

namespace roost::serving {

DesiredVersions DesiredOf(const ListedModel& listed, const VersionPolicy& policy) {
  std::set<int64_t> named = policy.versions;
  for (const std::string& alias : policy.aliases) {
    if (const auto target = listed.aliases.find(alias); target != listed.aliases.end()) named.insert(target->second);
  }
  const auto count = static_cast<int64_t>(listed.versions.size());
  const int64_t first_latest = std::max<int64_t>(0, count - policy.latest);
  DesiredVersions desired;
  for (int64_t i = 0; i < count; ++i) {
    const ListedVersion& version = listed.versions[static_cast<size_t>(i)];
    const bool is_named = named.erase(version.version) > 0;
    if (is_named || policy.all || i >= first_latest) desired.versions.push_back(version);
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
