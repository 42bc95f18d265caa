#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::store {

/// A value of the database: null, integer, number or text.
using SqlValue = std::variant<std::monostate, int64_t, double, std::string>;
using SqlRow = std::vector<SqlValue>;

/// The metadata database: names, registry, runs. SQLite with a write-ahead log for one machine, PostgreSQL 12 or newer
/// for many; what is committed survives a power cut. One object holds one connection.
///
/// SQL is written so that SQLite and PostgreSQL both take it: columns are BIGINT, DOUBLE PRECISION or TEXT (which sorts
/// by its bytes). Parameters stand in the SQL as :p1, :p2 and so on.
///
/// A lost connection to PostgreSQL is made again, and what was under way is done again, where that is safe. Only if it
/// cannot be found out whether a change was kept does the caller see it: Unavailable, with a hint.
///
/// Errors: Unavailable with a hint where others hold the database for more than 10 s (SQLite) or 30 s (PostgreSQL) or
/// the server cannot be reached, AlreadyExists where a unique or other constraint is broken, ResourceExhausted for a
/// full disk, PermissionDenied, DataLoss for a damaged file, Internal for wrong SQL. No message shows a password.
/// Threads: any; statements run one at a time, and a transaction keeps other threads out until it ends.
class Database {
 public:
  /// Opens, or makes, the SQLite file at `url_or_path` ("sqlite:///path" or a path), or connects to
  /// "postgresql://user:password@host:port/database?options" as libpq reads it: what is not in the URL comes from
  /// PGPASSWORD, ~/.pgpass and the other usual places. A server that does not answer is given up after 10 s.
  /// Errors, also: Unauthenticated, NotFound for no such database, FailedPrecondition for too old a server or missing
  /// libraries, each with a hint.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& url_or_path);
  ~Database();

  /// All rows that `sql`, which only reads, returns.
  absl::StatusOr<std::vector<SqlRow>> Query(const std::string& sql, const SqlRow& parameters = {});

  /// Runs `sql` and returns the number of rows that it changed. Outside of InTransaction it is a transaction by itself.
  absl::StatusOr<int64_t> Execute(const std::string& sql, const SqlRow& parameters = {});

  /// Runs `work` inside a write transaction: everything that it does here is kept where it returns OK and each of its
  /// statements succeeded, and nothing otherwise. No other process writes meanwhile: what `work` has read stays true
  /// until the end. Not to be nested.
  ///
  /// `work` may be run up to five times: where the connection is lost or another transaction is in the way, all that it
  /// did here is undone and it is called again. So it must set what it hands out anew each time, and whatever it does
  /// elsewhere (objects) must bear repetition.
  absl::Status InTransaction(const std::function<absl::Status()>& work);

  /// Where a fault can be put.
  enum class Write {
    kStatement,  ///< before a statement that writes
    kCommit,     ///< before the end of a transaction
    kCommitted,  ///< after it: the transaction is kept, its caller does not hear of it
  };

  /// For tests: `fault` is called at each write, and what is not OK is returned in place of doing the write, or, for
  /// kCommitted, after it. See store/testing/database_faults.h.
  void SetFault(std::function<absl::Status(Write write, std::string_view sql)> fault);

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace roost::store
