#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// One move of an alias. The alias points where its last move says.
struct AliasMove {
  std::string model;
  std::string alias;
  int64_t number = 0;           ///< counts the alias's moves from 1
  std::optional<int64_t> from;  ///< the version before; absent on the first move
  int64_t to = 0;               ///< the version since
  std::string author;
  std::string reason;
  absl::Time moved;  ///< whole microseconds

  friend bool operator==(const AliasMove&, const AliasMove&) = default;
};

/// The aliases of all models, as the log of their moves. Each move also leaves a record object
/// names/aliases/MODEL/ALIAS/NUMBER. Threads: any. Refers to the database and the objects, which outlive it.
class AliasLog {
 public:
  /// Makes the table where it is missing.
  static absl::StatusOr<AliasLog> Open(store::Database& database, store::ObjectStore& objects);

  /// Moves `alias` of `model` to version `to`, which the caller knows to exist, if it points at `expected` (absent:
  /// nowhere yet). Aborted where it points elsewhere, so of two that move it at once one wins. InvalidArgument for the
  /// alias "latest", for a number as an alias, and where `author` or `reason` is empty.
  absl::StatusOr<AliasMove> Move(std::string_view model, std::string_view alias, std::optional<int64_t> expected,
                                 int64_t to, std::string_view author, std::string_view reason, const Context& context);

  /// Where `alias` points; absent where it was never set.
  absl::StatusOr<std::optional<int64_t>> Target(std::string_view model, std::string_view alias) const;

  /// The moves of `alias`, the oldest first.
  absl::StatusOr<std::vector<AliasMove>> History(std::string_view model, std::string_view alias) const;

  /// The last move of each alias of `model`, by alias.
  absl::StatusOr<std::vector<AliasMove>> Current(std::string_view model) const;
  /// The same of all models, by model and alias.
  absl::StatusOr<std::vector<AliasMove>> CurrentOfAll() const;

  /// Adds the moves that have a record object and are not in the database; returns how many. DataLoss for a damaged
  /// record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

 private:
  AliasLog(store::Database& database, store::ObjectStore& objects) : database_(&database), objects_(&objects) {}

  absl::StatusOr<int64_t> AdoptRecords(std::string_view model, std::string_view alias);
  absl::Status Insert(const AliasMove& move);

  store::Database* database_;
  store::ObjectStore* objects_;
};

}  // namespace roost::registry
