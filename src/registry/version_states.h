#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "registry/audit_log.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// What may be done with a version. Without a change it is active.
enum class VersionState {
  kActive,
  kRetired,  ///< no alias may come to point at it, and "latest" passes it over
  kDeleted,  ///< for ever; its number is not given again
};

/// "active", "retired", "deleted".
std::string_view StateName(VersionState state);

/// One change of a version's state. The state is what the last one says.
struct StateChange {
  std::string model;
  int64_t version = 0;
  int64_t number = 0;  ///< counts the version's changes from 1
  VersionState state = VersionState::kActive;
  std::string author, reason;
  absl::Time changed;  ///< whole microseconds

  friend bool operator==(const StateChange&, const StateChange&) = default;
};

/// The states of all versions, as the log of their changes. Each change also leaves a record object
/// names/states/MODEL/VERSION/NUMBER. Threads: any. Refers to the database and the objects, which outlive it.
class VersionStates {
 public:
  /// Makes the table where it is missing. Each change is written down in `audit`, too.
  static absl::StatusOr<VersionStates> Open(store::Database& database, store::ObjectStore& objects, AuditLog audit);

  /// Inside a transaction of the database: makes `change`, whose number it sets, unless the version is in that state.
  /// Returns whether it did. InvalidArgument where author or reason is empty or too long.
  absl::StatusOr<bool> Change(StateChange& change);

  /// The last change of one version; absent where there was none.
  absl::StatusOr<std::optional<StateChange>> Last(std::string_view model, int64_t version) const;
  /// The last changes of the versions of `model`, by version.
  absl::StatusOr<std::map<int64_t, StateChange>> Current(std::string_view model) const;
  /// The last changes of all versions, by model and version.
  absl::StatusOr<std::vector<StateChange>> CurrentOfAll() const;

  /// Adds the changes that have a record object and are not in the database; returns how many. DataLoss for a damaged
  /// record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

 private:
  VersionStates(store::Database& database, store::ObjectStore& objects, AuditLog audit)
      : database_(&database), objects_(&objects), audit_(audit) {}

  absl::StatusOr<std::vector<StateChange>> AdoptRecords(std::string_view model, int64_t version);
  absl::Status Insert(const StateChange& change);
  absl::Status WriteDown(const StateChange& change, absl::Time now);

  store::Database* database_;
  store::ObjectStore* objects_;
  AuditLog audit_;
};

}  // namespace roost::registry
