#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"
#include "base/json.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// What is to be written down.
struct AuditEvent {
  std::string actor;   ///< who did it
  std::string action;  ///< "alias.moved": docs/formats/audit.md lists them
  std::string object;  ///< to what: "late-flights@2", "token:16d5a37cb1f2"
  Json details;        ///< an object of texts, integers, flags and nulls; tells this event apart from every other
};

/// One entry of the audit log.
struct AuditEntry {
  int64_t number = 0;  ///< counts from 1
  absl::Time time;     ///< whole microseconds
  std::string actor, action, object;
  std::string details;  ///< JSON, in the canonical form
  Digest previous;      ///< hash of the entry before; zeros for the first
  Digest hash;          ///< SHA-256 of HashedBytes

  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

/// The bytes that an entry's hash is made of: all but the hash, as JSON in the canonical form.
std::string HashedBytes(const AuditEntry& entry);

/// JSON without blanks, the members of objects by ascending bytes of their names; docs/formats/audit.md.
std::string CanonicalJson(const Json& json);

/// The bytes of an entry's record object, and what they say. DataLoss, naming `key`, for anything else; an entry whose
/// hash is not that of its bytes is none.
std::string ToRecord(const AuditEntry& entry);
absl::StatusOr<AuditEntry> ParseAuditRecord(std::string_view bytes, const std::string& key);

/// Which entries are wanted.
struct AuditFilter {
  std::string object;  ///< this one, and its versions and aliases: "late" means "late@2" too; empty: all
  absl::Time since = absl::InfinitePast();
};

/// What Verify found.
struct AuditReport {
  int64_t entries = 0;
  std::optional<AuditEntry> head;     ///< the last one
  std::vector<std::string> problems;  ///< each names its entry; empty: the log is whole
  std::optional<int64_t> noted;       ///< the number of the entry whose hash was noted elsewhere
};

/// What was done to a workspace: entries that are only ever added, each of which holds the hash of the one before. So
/// nobody can change, remove, insert or reorder entries without changing all that follow; whoever has noted a hash
/// elsewhere sees that too. Each entry also leaves a record object names/audit/NUMBER. Threads and processes: any
/// number at once. Refers to the database and the objects, which outlive it.
class AuditLog {
 public:
  /// Makes the table where it is missing.
  static absl::StatusOr<AuditLog> Open(store::Database& database, store::ObjectStore& objects);

  /// Inside a transaction of the database: writes `event` down as the next entry, so that it is kept where the
  /// transaction is. Does nothing where it is written down already: a transaction that runs again, or whose process
  /// died after the record, has one entry. DataLoss where the record of the next number belongs to another log.
  absl::Status Append(const AuditEvent& event, absl::Time now);

  /// Oldest first.
  absl::StatusOr<std::vector<AuditEntry>> List(const AuditFilter& filter = {}) const;

  /// The last entry; absent where there is none.
  absl::StatusOr<std::optional<AuditEntry>> Head() const;

  /// Computes every hash anew and compares each entry with its record. With `noted`, one entry must have that hash.
  absl::StatusOr<AuditReport> Verify(const std::optional<Digest>& noted = std::nullopt) const;

  /// Adds the entries that have a record object and are not in the database; returns how many. DataLoss for a damaged
  /// record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

  /// Where the entries here are the first of those of `other`, or there are none: adds the others. Returns whether this
  /// log is that of `other` now; a log with entries of its own stays as it is.
  absl::StatusOr<bool> TakeOver(const AuditLog& other);

 private:
  AuditLog(store::Database& database, store::ObjectStore& objects) : database_(&database), objects_(&objects) {}

  absl::StatusOr<int64_t> AdoptRecords();
  absl::StatusOr<bool> Has(const AuditEvent& event, const std::string& details) const;
  absl::Status Insert(const AuditEntry& entry);
  absl::Status CheckRecords(const std::vector<AuditEntry>& entries, std::vector<std::string>& problems) const;

  store::Database* database_;
  store::ObjectStore* objects_;
};

}  // namespace roost::registry
