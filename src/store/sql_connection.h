#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/database.h"

namespace roost::store {

/// What is known of a transaction whose COMMIT was not answered.
enum class Outcome { kKept, kNotKept, kUnknown };

/// One connection to a database of one kind: what SQLite and PostgreSQL do differently. Threads: one at a time.
/// Errors are those of Database; after any of them, lost() and conflicted() say whether it was of that kind.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  virtual absl::StatusOr<std::vector<SqlRow>> Query(const std::string& sql, const SqlRow& parameters) = 0;
  virtual absl::StatusOr<int64_t> Execute(const std::string& sql, const SqlRow& parameters) = 0;

  /// Starts a transaction and waits until it is the only one that writes.
  virtual absl::Status Begin() = 0;
  virtual absl::Status Commit() = 0;
  /// Ends the transaction, if there is one, without keeping anything.
  virtual void Rollback() = 0;

  /// The connection is gone: only Reconnect helps.
  virtual bool lost() const = 0;
  /// The last transaction failed because of another one: the same again may succeed.
  virtual bool conflicted() const = 0;
  virtual absl::Status Reconnect() = 0;
  /// What became of the last transaction, whose Commit lost the connection. Reconnects.
  virtual Outcome OutcomeOfCommit() = 0;

  /// The database's name for messages; no password in it.
  virtual std::string name() const = 0;
};

/// Opens, or makes, the SQLite file at `path`.
absl::StatusOr<std::unique_ptr<SqlConnection>> ConnectSqlite(const std::string& path);

/// Connects to the PostgreSQL database at `url`. Its libraries are loaded here and not before, so that a program that
/// does not use it does not pay for them (8 ms).
absl::StatusOr<std::unique_ptr<SqlConnection>> ConnectPostgres(const std::string& url);

/// The status for an attempt to connect that failed with `message`, with a hint: what is wrong is known by libpq's and
/// the server's words only.
absl::Status PostgresConnectError(const std::string& name, const std::string& message);

/// FailedPrecondition where a server of this PQserverVersion is too old for Roost.
absl::Status CheckPostgresVersion(const std::string& name, int version);

}  // namespace roost::store
