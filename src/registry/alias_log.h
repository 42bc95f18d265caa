#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "registry/audit_log.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// What a move of an alias is to those that come after it.
enum class AliasAction {
  kSet,       ///< the version is new there: a promotion
  kRollback,  ///< an earlier one is there again, and what was set since is taken back
};

/// "set", "rollback".
std::string_view ActionName(AliasAction action);

/// One move of an alias. The alias points where its last move says, if anywhere.
struct AliasMove {
  std::string model;
  std::string alias;
  int64_t number = 0;           ///< counts the alias's moves from 1
  std::optional<int64_t> from;  ///< the version before; absent on the first move
  int64_t to = 0;               ///< the version since; 0: it points nowhere since
  AliasAction action = AliasAction::kSet;
  std::string author;
  std::string reason;
  std::string evidence;  ///< what the move stands on: a digest or a short text; may be empty
  absl::Time moved;      ///< whole microseconds

  friend bool operator==(const AliasMove&, const AliasMove&) = default;
};

/// The aliases of all models, as the log of their moves. Each move also leaves a record object
/// names/aliases/MODEL/ALIAS/NUMBER. Threads: any. Refers to the database and the objects, which outlive it.
class AliasLog {
 public:
  /// Makes the table where it is missing. Each move is written down in `audit`, too.
  static absl::StatusOr<AliasLog> Open(store::Database& database, store::ObjectStore& objects, AuditLog audit);

  /// Inside a transaction of the database: makes `move`, whose number it sets, if the alias points at `move.from`
  /// (absent: nowhere yet) and the caller knows the version `move.to` to exist. Returns whether it did. InvalidArgument
  /// for the alias "latest", for a number as an alias, and where author or reason is empty or a text too long.
  absl::StatusOr<bool> Move(AliasMove& move);

  /// Inside a transaction: makes the moves whose process died between the record and the commit.
  absl::Status Finish(std::string_view model, std::string_view alias, absl::Time now);

  /// Whether `move` is the last one of its alias: so it is where a transaction runs again that has made it.
  absl::StatusOr<bool> IsLast(const AliasMove& move) const;

  /// Where `alias` points; absent where it was never set, or was removed.
  absl::StatusOr<std::optional<int64_t>> Target(std::string_view model, std::string_view alias) const;

  /// The moves of `alias`, the oldest first.
  absl::StatusOr<std::vector<AliasMove>> History(std::string_view model, std::string_view alias) const;
  /// Those of all aliases of `model`, by time.
  absl::StatusOr<std::vector<AliasMove>> History(std::string_view model) const;

  /// The last move of each alias of `model` that points somewhere, by alias.
  absl::StatusOr<std::vector<AliasMove>> Current(std::string_view model) const;
  /// The same of all models, by model and alias.
  absl::StatusOr<std::vector<AliasMove>> CurrentOfAll() const;

  /// Adds the moves that have a record object and are not in the database; returns how many. DataLoss for a damaged
  /// record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

 private:
  AliasLog(store::Database& database, store::ObjectStore& objects, AuditLog audit)
      : database_(&database), objects_(&objects), audit_(audit) {}

  absl::StatusOr<std::vector<AliasMove>> AdoptRecords(std::string_view model, std::string_view alias);
  absl::Status Insert(const AliasMove& move);
  absl::Status WriteDown(const AliasMove& move, absl::Time now);

  store::Database* database_;
  store::ObjectStore* objects_;
  AuditLog audit_;
};

}  // namespace roost::registry
