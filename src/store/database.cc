#include "store/database.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "store/sql_connection.h"

namespace roost::store {
namespace {

constexpr int kMaxTries = 5;
constexpr std::chrono::milliseconds kFirstPause{20};  // doubled each time

bool IsPostgres(std::string_view url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

absl::Status UnknownOutcome(const std::string& name, const absl::Status& why) {
  return WithHint(absl::UnavailableError(
                      fmt::format("{}; it was lost at the very end of a change to {}, and whether the change was "
                                  "kept cannot be found out now",
                                  std::string(why.message()), name)),
                  "When the server can be reached again, look whether the change is there before you repeat it.");
}

}  // namespace

struct Database::State {
  std::recursive_mutex mutex;  // recursive: the work of a transaction calls Query and Execute
  std::unique_ptr<SqlConnection> connection;
  std::function<absl::Status(Write, std::string_view)> fault;
  bool in_transaction = false;
  absl::Status failed;  // the first statement of the transaction that failed

  absl::Status Fault(Write write, std::string_view sql) const { return fault ? fault(write, sql) : absl::OkStatus(); }
  bool MayTryAgain() const { return connection->lost() || connection->conflicted(); }

  absl::Status RunOnce(const std::function<absl::Status()>& work, bool& again);
  absl::Status Commit(bool& again);
};

/// One try of a transaction; `again` is set where another one may succeed.
absl::Status Database::State::RunOnce(const std::function<absl::Status()>& work, bool& again) {
  again = false;
  if (connection->lost()) TRY(connection->Reconnect());
  failed = connection->Begin();
  if (!failed.ok()) {
    again = MayTryAgain();
    return failed;
  }
  in_transaction = true;
  absl::Status result = work();
  in_transaction = false;
  if (!failed.ok() && MayTryAgain()) {
    again = true;
    result = failed;
  }
  // After a failed statement PostgreSQL would answer COMMIT with a silent rollback.
  if (result.ok()) result = failed;
  if (result.ok()) result = Fault(Write::kCommit, "COMMIT");
  if (result.ok()) return Commit(again);
  connection->Rollback();
  return result;
}

absl::Status Database::State::Commit(bool& again) {
  absl::Status result = connection->Commit();
  if (result.ok()) return Fault(Write::kCommitted, "COMMIT");
  if (!connection->lost()) {
    again = connection->conflicted();
    connection->Rollback();
    return result;
  }
  switch (connection->OutcomeOfCommit()) {
    case Outcome::kKept: return absl::OkStatus();
    case Outcome::kNotKept: again = true; return result;
    case Outcome::kUnknown: break;
  }
  return UnknownOutcome(connection->name(), result);
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& url_or_path) {
  constexpr std::string_view kScheme = "sqlite://";
  auto state = std::make_unique<State>();
  if (IsPostgres(url_or_path)) {
    TRY_ASSIGN(state->connection, ConnectPostgres(url_or_path));
  } else {
    TRY_ASSIGN(state->connection,
               ConnectSqlite(url_or_path.starts_with(kScheme) ? url_or_path.substr(kScheme.size()) : url_or_path));
  }
  return std::unique_ptr<Database>(new Database(std::move(state)));
}

absl::StatusOr<std::vector<SqlRow>> Database::Query(const std::string& sql, const SqlRow& parameters) {
  const std::lock_guard lock(state_->mutex);
  SqlConnection& connection = *state_->connection;
  if (!state_->in_transaction) {
    if (connection.lost()) TRY(connection.Reconnect());
    absl::StatusOr<std::vector<SqlRow>> rows = connection.Query(sql, parameters);
    if (rows.ok() || !connection.lost()) return rows;
    TRY(connection.Reconnect());
    return connection.Query(sql, parameters);
  }
  absl::StatusOr<std::vector<SqlRow>> rows = connection.Query(sql, parameters);
  if (!rows.ok() && state_->failed.ok()) state_->failed = rows.status();
  return rows;
}

absl::StatusOr<int64_t> Database::Execute(const std::string& sql, const SqlRow& parameters) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->in_transaction) {
    int64_t rows_changed = 0;
    TRY(InTransaction([&]() -> absl::Status {
      TRY_ASSIGN(rows_changed, Execute(sql, parameters));
      return absl::OkStatus();
    }));
    return rows_changed;
  }
  const absl::Status fault = state_->Fault(Write::kStatement, sql);
  absl::StatusOr<int64_t> rows_changed = fault.ok() ? state_->connection->Execute(sql, parameters) : fault;
  if (!rows_changed.ok() && state_->failed.ok()) state_->failed = rows_changed.status();
  return rows_changed;
}

absl::Status Database::InTransaction(const std::function<absl::Status()>& work) {
  const std::lock_guard lock(state_->mutex);
  if (state_->in_transaction) return absl::InternalError("a transaction was started inside a transaction");
  auto pause = kFirstPause;
  for (int tries = 1;; ++tries, pause *= 2) {
    bool again = false;
    absl::Status result = state_->RunOnce(work, again);
    if (!again || tries == kMaxTries) return result;
    std::this_thread::sleep_for(pause);
  }
}

void Database::SetFault(std::function<absl::Status(Write write, std::string_view sql)> fault) {
  const std::lock_guard lock(state_->mutex);
  state_->fault = std::move(fault);
}

}  // namespace roost::store
