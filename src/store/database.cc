#include "store/database.h"

#include <deque>
#include <mutex>
#include <string_view>

#include <fmt/format.h>
#include <soci/soci-config.h>
// SOCI's headers would take Boost in, for types that are not used here; its library does not need it.
#undef SOCI_HAVE_BOOST
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/status.h"

namespace roost::store {

struct Database::State {
  std::string path;
  std::recursive_mutex mutex;  // recursive: the work of a transaction calls Query and Execute
  bool in_transaction = false;
  soci::session session;
};

namespace {

constexpr int kBusyMilliseconds = 10'000;

absl::Status FromSqlite(const soci::sqlite3_soci_error& error, const std::string& path) {
  const std::string message = fmt::format("database {}: {}", path, error.what());
  switch (error.result() & 0xff) {  // the low byte of an extended code is its kind
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return WithHint(absl::UnavailableError(message), "Another process is writing to this workspace; try again.");
    case SQLITE_CONSTRAINT: return absl::AlreadyExistsError(message);
    case SQLITE_FULL: return absl::ResourceExhaustedError(message);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH: return absl::PermissionDeniedError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR: return absl::DataLossError(message);
    default: return absl::InternalError(message);
  }
}

/// Runs `work`, which calls SOCI, and turns what it throws into a status.
template <typename Work>
absl::Status Guarded(const std::string& path, const Work& work) {
  try {
    work();
    return absl::OkStatus();
  } catch (const soci::sqlite3_soci_error& error) {
    return FromSqlite(error, path);
  } catch (const std::exception& error) {
    return absl::InternalError(fmt::format("database {}: {}", path, error.what()));
  }
}

/// A value that SOCI reads a parameter from or writes a column to. Its address must not change.
struct Cell {
  soci::indicator indicator = soci::i_ok;
  soci::data_type type = soci::dt_string;
  bool is_expression = false;
  long long integer = 0;
  double number = 0;
  std::string text;

  SqlValue Value() const {
    if (indicator == soci::i_null) return std::monostate();
    if (type == soci::dt_long_long) return static_cast<int64_t>(integer);
    if (type == soci::dt_double) return number;
    return text;
  }
};

class Statement {
 public:
  Statement(soci::session& session, const std::string& sql, const SqlRow& parameters) : statement_(session) {
    statement_.alloc();
    statement_.prepare(sql);
    for (const SqlValue& value : parameters) Bind(value);
  }

  int64_t Execute() {
    statement_.define_and_bind();
    statement_.execute(true);
    return statement_.get_affected_rows();
  }

  std::vector<SqlRow> Query() {
    // Not soci::row: it reads every INTEGER of SQLite into 32 bits.
    const int num_columns = statement_.get_backend()->prepare_for_describe();
    for (int i = 1; i <= num_columns; ++i) Define(i);
    statement_.define_and_bind();
    std::vector<SqlRow> rows;
    for (bool more = statement_.execute(true) && num_columns > 0; more; more = statement_.fetch()) {
      SqlRow row;
      for (size_t i = 0; i < columns_.size(); ++i) row.push_back(ValueAt(static_cast<int>(i)));
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  void Bind(const SqlValue& value) {
    Cell& cell = parameters_.emplace_back();
    const std::string name = fmt::format("p{}", parameters_.size());
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      cell.integer = *integer;
      statement_.exchange(soci::use(cell.integer, cell.indicator, name));
    } else if (const auto* number = std::get_if<double>(&value)) {
      cell.number = *number;
      statement_.exchange(soci::use(cell.number, cell.indicator, name));
    } else {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr) cell.text = *text;
      if (text == nullptr) cell.indicator = soci::i_null;
      statement_.exchange(soci::use(cell.text, cell.indicator, name));
    }
  }

  void Define(int position) {
    Cell& cell = columns_.emplace_back();
    std::string name;
    statement_.get_backend()->describe_column(position, cell.type, name);
    switch (cell.type) {
      case soci::dt_integer:
      case soci::dt_long_long:
      case soci::dt_unsigned_long_long:
        cell.type = soci::dt_long_long;
        statement_.exchange(soci::into(cell.integer, cell.indicator));
        break;
      case soci::dt_double: statement_.exchange(soci::into(cell.number, cell.indicator)); break;
      default: cell.is_expression = IsExpression(position); DefineText(cell);
    }
  }

  /// Of an expression, such as MAX(version), SQLite knows the type only row by row.
  bool IsExpression(int position) { return sqlite_api::sqlite3_column_decltype(Sqlite(), position - 1) == nullptr; }

  void DefineText(Cell& cell) {
    cell.type = cell.is_expression ? soci::dt_long_long : soci::dt_string;
    // Reading an expression as an integer leaves the value as it is, unlike reading it as text.
    if (cell.is_expression) {
      statement_.exchange(soci::into(cell.integer, cell.indicator));
    } else {
      statement_.exchange(soci::into(cell.text, cell.indicator));
    }
  }

  SqlValue ValueAt(int column) {
    const Cell& cell = columns_[static_cast<size_t>(column)];
    if (!cell.is_expression || cell.indicator == soci::i_null) return cell.Value();
    switch (sqlite_api::sqlite3_column_type(Sqlite(), column)) {
      case SQLITE_INTEGER: return cell.Value();
      case SQLITE_FLOAT: return sqlite_api::sqlite3_column_double(Sqlite(), column);
      default: {
        const unsigned char* text = sqlite_api::sqlite3_column_text(Sqlite(), column);
        const int length = sqlite_api::sqlite3_column_bytes(Sqlite(), column);
        return std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
      }
    }
  }

  sqlite_api::sqlite3_stmt* Sqlite() {
    return static_cast<soci::sqlite3_statement_backend*>(statement_.get_backend())->stmt_;
  }

  std::deque<Cell> parameters_;
  std::deque<Cell> columns_;
  soci::statement statement_;
};

}  // namespace

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& url_or_path) {
  constexpr std::string_view kScheme = "sqlite://";
  auto state = std::make_unique<State>();
  state->path = url_or_path.starts_with(kScheme) ? url_or_path.substr(kScheme.size()) : url_or_path;
  if (state->path.empty() || state->path.find('"') != std::string::npos ||
      state->path.find("://") != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is not a database: expected the path of a SQLite file, without quotation marks in it", url_or_path));
  }
  TRY(Guarded(state->path, [&] {
    state->session.open(soci::sqlite3, fmt::format("dbname=\"{}\"", state->path));
    state->session << fmt::format("PRAGMA busy_timeout = {}", kBusyMilliseconds);
    std::string mode;
    state->session << "PRAGMA journal_mode = WAL", soci::into(mode);
    state->session << "PRAGMA synchronous = FULL";
    state->session << "PRAGMA foreign_keys = ON";
  }));
  return std::unique_ptr<Database>(new Database(std::move(state)));
}

absl::StatusOr<std::vector<SqlRow>> Database::Query(const std::string& sql, const SqlRow& parameters) {
  const std::lock_guard lock(state_->mutex);
  std::vector<SqlRow> rows;
  TRY(Guarded(state_->path, [&] { rows = Statement(state_->session, sql, parameters).Query(); }));
  return rows;
}

absl::StatusOr<int64_t> Database::Execute(const std::string& sql, const SqlRow& parameters) {
  const std::lock_guard lock(state_->mutex);
  int64_t rows_changed = 0;
  TRY(Guarded(state_->path, [&] { rows_changed = Statement(state_->session, sql, parameters).Execute(); }));
  return rows_changed;
}

absl::Status Database::InTransaction(const std::function<absl::Status()>& work) {
  const std::lock_guard lock(state_->mutex);
  if (state_->in_transaction) return absl::InternalError("a transaction was started inside a transaction");
  // IMMEDIATE takes the write lock at once: a transaction that first reads could not take it later without a race.
  TRY(Guarded(state_->path, [&] { state_->session << "BEGIN IMMEDIATE"; }));
  state_->in_transaction = true;
  absl::Status result = work();
  if (result.ok()) result = Guarded(state_->path, [&] { state_->session << "COMMIT"; });
  if (!result.ok()) {
    // SQLite has already rolled back after some errors; a second rollback is then an error of no meaning.
    Guarded(state_->path, [&] { state_->session << "ROLLBACK"; }).IgnoreError();
  }
  state_->in_transaction = false;
  return result;
}

}  // namespace roost::store
