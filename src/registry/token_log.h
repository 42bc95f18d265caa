#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"
#include "registry/audit_log.h"
#include "store/database.h"

namespace roost::registry {

/// What is kept of a token that a consumer calls with.
struct TokenRecord {
  Digest hash;  ///< SHA-256 of the token, which itself is kept nowhere
  std::string consumer;
  std::string role;
  std::string author;  ///< who made it
  absl::Time created;  ///< times are whole microseconds
  std::optional<absl::Time> expires;
  std::optional<absl::Time> revoked;

  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

/// A token that is to be revoked.
struct RevokedToken {
  Digest hash;
  std::string id;  ///< for the audit log
  std::string consumer;
};

/// The tokens of a workspace, in its metadata database only: there is no record object from which one could be
/// restored, so a lost database lets nobody in. Threads and processes: any number at once. Refers to the database,
/// which outlives it.
class TokenLog {
 public:
  /// Makes the table where it is missing.
  static absl::StatusOr<TokenLog> Open(store::Database& database);

  /// Adds a token, and writes that down in `audit`, which is of the same database, by the token's `id`. AlreadyExists
  /// where there is one with this hash.
  absl::Status Add(const TokenRecord& record, const std::string& id, AuditLog& audit);

  /// All that were ever made, the oldest first.
  absl::StatusOr<std::vector<TokenRecord>> List() const;

  /// Marks those of `tokens` that are not revoked yet as revoked by `author` at `now`, which `audit` is told.
  /// Returns how many that were.
  absl::StatusOr<int64_t> Revoke(const std::vector<RevokedToken>& tokens, const std::string& author, absl::Time now,
                                 AuditLog& audit);

  /// Adds the tokens of `other` that are missing here, and marks those as revoked that are revoked there, all or none.
  /// What is only here, or revoked only here, stays. Returns how many were added or marked.
  absl::StatusOr<int64_t> TakeFrom(const TokenLog& other);

 private:
  explicit TokenLog(store::Database& database) : database_(&database) {}

  /// How many that were: 0 for a token that is unknown or revoked already.
  absl::StatusOr<int64_t> MarkRevoked(const Digest& hash, absl::Time time);

  store::Database* database_;
};

}  // namespace roost::registry
