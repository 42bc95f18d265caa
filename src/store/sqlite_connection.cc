#include <sys/statvfs.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <utility>

#include "store/soci_statement.h"
// soci-sqlite3.h puts sqlite3.h into a namespace: no other file includes it.
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/status.h"
#include "store/sql_connection.h"

namespace roost::store {
namespace {

constexpr int kBusyMilliseconds = 10'000;

constexpr uintmax_t kLeastSpace = uintmax_t{64} << 10;  // for the 32 KiB that a connection shares with others, at least

/// Whether there is no room left for bytes or for files. SQLite says of that only that the file could not be opened or
/// written.
bool IsDiskFull(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  struct statvfs disk;
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return false;
  const bool has_files = disk.f_files == 0 || disk.f_favail > 0;  // not every file system counts its files
  return !has_files || uintmax_t{disk.f_bavail} * disk.f_frsize < kLeastSpace;
}

absl::Status FromSqlite(const soci::sqlite3_soci_error& error, const std::string& path) {
  const std::string message = fmt::format("database {}: {}", path, error.what());
  const int kind = error.result() & 0xff;  // the low byte of an extended code
  const bool may_be_full = kind == SQLITE_FULL || kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
  if (may_be_full && (kind == SQLITE_FULL || IsDiskFull(path))) return ErrnoStatus(ENOSPC, message);
  switch (kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return WithHint(absl::UnavailableError(message), "Another process is writing to this workspace; try again.");
    case SQLITE_CONSTRAINT: return absl::AlreadyExistsError(message);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH: return absl::PermissionDeniedError(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return absl::DataLossError(message);
    case SQLITE_IOERR:
      // Nothing is said of the file.
      return WithHint(absl::ResourceExhaustedError(message), "The disk may be full, or fail.");
    default: return absl::InternalError(message);
  }
}

class SqliteStatement : public SociStatement {
 public:
  using SociStatement::SociStatement;

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
  void Define(int position) {
    SociCell& cell = columns_.emplace_back();
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

  void DefineText(SociCell& cell) {
    cell.type = cell.is_expression ? soci::dt_long_long : soci::dt_string;
    // Reading an expression as an integer leaves the value as it is, unlike reading it as text.
    if (cell.is_expression) {
      statement_.exchange(soci::into(cell.integer, cell.indicator));
    } else {
      statement_.exchange(soci::into(cell.text, cell.indicator));
    }
  }

  SqlValue ValueAt(int column) {
    const SociCell& cell = columns_[static_cast<size_t>(column)];
    if (cell.indicator == soci::i_null) return std::monostate();
    if (cell.is_expression) return ExpressionAt(column, cell);
    if (cell.type == soci::dt_long_long) return static_cast<int64_t>(cell.integer);
    if (cell.type == soci::dt_double) return cell.number;
    return cell.text;
  }

  SqlValue ExpressionAt(int column, const SociCell& cell) {
    switch (sqlite_api::sqlite3_column_type(Sqlite(), column)) {
      case SQLITE_INTEGER: return static_cast<int64_t>(cell.integer);
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

  std::deque<SociCell> columns_;
};

class SqliteConnection : public SqlConnection {
 public:
  explicit SqliteConnection(std::string path) : path_(std::move(path)) {}

  absl::Status Open() {
    const absl::Status opened = OpenAs("NORMAL");
    if (opened.ok() || !IsDiskFull(path_)) return opened;
    // A full disk has no room for the file through which processes share the log's index. Alone, a process has it in
    // its memory: so whoever only reads goes on, and other processes wait.
    return OpenAs("EXCLUSIVE").ok() ? absl::OkStatus() : opened;
  }

  absl::StatusOr<std::vector<SqlRow>> Query(const std::string& sql, const SqlRow& parameters) override {
    std::vector<SqlRow> rows;
    TRY(Guarded([&] { rows = SqliteStatement(session_, sql, parameters).Query(); }));
    return rows;
  }

  absl::StatusOr<int64_t> Execute(const std::string& sql, const SqlRow& parameters) override {
    int64_t rows_changed = 0;
    TRY(Guarded([&] { rows_changed = SqliteStatement(session_, sql, parameters).Execute(); }));
    return rows_changed;
  }

  // IMMEDIATE takes the write lock at once: a transaction that first reads could not take it later without a race.
  absl::Status Begin() override { return Execute("BEGIN IMMEDIATE", {}).status(); }
  absl::Status Commit() override { return Execute("COMMIT", {}).status(); }
  // SQLite has already rolled back after some errors; a second rollback is then an error of no meaning.
  void Rollback() override { Execute("ROLLBACK", {}).IgnoreError(); }

  bool lost() const override { return false; }
  bool conflicted() const override { return false; }
  absl::Status Reconnect() override { return absl::OkStatus(); }
  Outcome OutcomeOfCommit() override { return Outcome::kNotKept; }
  std::string name() const override { return path_; }

 private:
  absl::Status OpenAs(const char* locking_mode) {
    return Guarded([&] {
      session_.close();
      session_.open(soci::sqlite3, fmt::format("dbname=\"{}\"", path_));
      session_ << fmt::format("PRAGMA busy_timeout = {}", kBusyMilliseconds);
      std::string locking;
      session_ << fmt::format("PRAGMA locking_mode = {}", locking_mode), soci::into(locking);
      std::string mode;
      session_ << "PRAGMA journal_mode = WAL", soci::into(mode);
      session_ << "PRAGMA synchronous = FULL";
      session_ << "PRAGMA foreign_keys = ON";
    });
  }

  /// Runs `work`, which calls SOCI, and turns what it throws into a status.
  template <typename Work>
  absl::Status Guarded(const Work& work) {
    try {
      work();
      return absl::OkStatus();
    } catch (const soci::sqlite3_soci_error& error) {
      return FromSqlite(error, path_);
    } catch (const std::exception& error) {
      return absl::InternalError(fmt::format("database {}: {}", path_, error.what()));
    }
  }

  std::string path_;
  soci::session session_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SqlConnection>> ConnectSqlite(const std::string& path) {
  if (path.empty() || path.find('"') != std::string::npos || path.find("://") != std::string::npos) {
    return absl::InvalidArgumentError(
        "this is not a database: expected the path of a SQLite file, without quotation marks in it, or "
        "postgresql://user@host:port/database");
  }
  auto connection = std::make_unique<SqliteConnection>(path);
  TRY(connection->Open());
  return connection;
}

}  // namespace roost::store
