#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "serving/repository.h"

// Which versions of a model are to be loaded, and what is to be done about those that are: values in, values out.
// model_loader.h acts on it.

namespace roost::serving {

/// The versions of a model that are wanted: all that any of these names.
struct VersionPolicy {
  int64_t latest = 0;             ///< so many of the highest numbers that are not retired
  bool all = false;               ///< every version that is not retired
  std::set<int64_t> versions;     ///< these
  std::set<std::string> aliases;  ///< those that these aliases point at

  friend bool operator==(const VersionPolicy&, const VersionPolicy&) = default;
};

/// What a policy comes to.
struct DesiredVersions {
  std::vector<ListedVersion> versions;  ///< ascending
  std::vector<int64_t> absent;          ///< ascending: named by the policy, and not in the repository
};

DesiredVersions DesiredOf(const ListedModel& listed, const VersionPolicy& policy);

/// What is known of a version that was wanted before.
struct HeldVersion {
  std::optional<std::string> loaded;  ///< the identity of what is loaded; none: nothing is
  /// The identity of what last failed to load, and when that may be tried again.
  std::optional<std::string> failed;
  absl::Time retry_at = absl::InfinitePast();
};

struct VersionPlan {
  std::vector<ListedVersion> load;  ///< the highest first; one that is loaded has another identity now
  std::vector<int64_t> drop;        ///< ascending: loaded, and wanted no more
  std::vector<int64_t> forget;      ///< ascending: failed, and wanted no more

  friend bool operator==(const VersionPlan&, const VersionPlan&) = default;
};

/// From what is wanted to what is to be done now. New versions come before old ones go: for each wanted version that is
/// not loaded, one that is wanted no more stays, the highest first, so that a version that does not load leaves as many
/// answering as before. Where nothing is wanted, all go. What failed is tried again when its identity is another, or
/// from `retry_at` on.
VersionPlan PlanVersions(const std::vector<ListedVersion>& desired, const std::map<int64_t, HeldVersion>& held,
                         absl::Time now);

}  // namespace roost::serving
