#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::store {

/// A value of the database: null, integer, number or text.
using SqlValue = std::variant<std::monostate, int64_t, double, std::string>;
using SqlRow = std::vector<SqlValue>;

/// The metadata database: names, registry, runs. SQLite with a write-ahead log; what is committed survives a power cut.
///
/// SQL is written so that SQLite and PostgreSQL both take it: columns are BIGINT, DOUBLE PRECISION or TEXT. Parameters
/// stand in the SQL as :p1, :p2 and so on.
///
/// Errors: Unavailable with a hint where another process holds the database for more than 10 s, AlreadyExists where a
/// unique or other constraint is broken, ResourceExhausted for a full disk, PermissionDenied, DataLoss for a damaged
/// file, Internal for wrong SQL.
/// Threads: any; statements run one at a time, and a transaction keeps other threads out until it ends.
class Database {
 public:
  /// Opens, or makes, the SQLite file at `url_or_path` ("sqlite:///path" or a path).
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& url_or_path);
  ~Database();

  /// All rows that `sql` returns.
  absl::StatusOr<std::vector<SqlRow>> Query(const std::string& sql, const SqlRow& parameters = {});

  /// Runs `sql` and returns the number of rows that it changed.
  absl::StatusOr<int64_t> Execute(const std::string& sql, const SqlRow& parameters = {});

  /// Runs `work` inside a write transaction: everything that it does here is kept where it returns OK, and nothing
  /// otherwise. No other process writes meanwhile. Not to be nested.
  absl::Status InTransaction(const std::function<absl::Status()>& work);

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace roost::store
