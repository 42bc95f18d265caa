#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "store/soci_statement.h"
// Only its structures are used: its library is loaded when a database asks for it (libpq.h).
#include <soci/postgresql/soci-postgresql.h>

#include "base/status.h"
#include "store/libpq.h"
#include "store/sql_connection.h"

namespace roost::store {
namespace {

constexpr int kOldestServer = 120000;  // PostgreSQL 12
constexpr char kConnectSeconds[] = "10";
// Queries are held to reading by the server itself: a lost connection then lets them be asked again. A writer that
// hangs does not hold the others up for ever.
constexpr char kSessionSettings[] =
    "SET client_min_messages = error; SET default_transaction_read_only = on; SET lock_timeout = '30s'; "
    "SET idle_in_transaction_session_timeout = '5min'; SET standard_conforming_strings = on; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
// One writer at a time, as with SQLite: what a transaction has read stays true until it ends. The key is of the schema,
// as several workspaces may live in one database. The number lets us ask later what became of the transaction.
constexpr char kTakeLock[] =
    "SELECT txid_current() FROM (SELECT pg_advisory_xact_lock(1383034740, hashtext(current_schema()))) AS lock";

// Types of columns (pg_type.dat); they never change.
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

/// Where to connect, as libpq reads it, and the name that messages show.
struct Address {
  std::string conninfo;
  std::string name;
};

std::string Quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

absl::StatusOr<Address> ParseAddress(const Libpq& libpq, const std::string& url) {
  char* message = nullptr;
  PQconninfoOption* options = libpq.conninfo_parse(url.c_str(), &message);
  if (message != nullptr) libpq.freemem(message);
  if (options == nullptr || url.find('\0') != std::string::npos) {
    if (options != nullptr) libpq.conninfo_free(options);
    // libpq's own message may quote a part of the password.
    return WithHint(absl::InvalidArgumentError("the URL of the PostgreSQL database cannot be read; expected "
                                               "postgresql://user:password@host:port/database"),
                    "Write special characters of the password as %XX, for example @ as %40.");
  }
  Address address;
  std::string user;
  std::string host = "localhost";
  std::string port = "5432";
  std::string database;
  bool has_timeout = false;
  bool has_program = false;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    address.conninfo += fmt::format("{}={} ", keyword, Quoted(option->val));
    if (keyword == "user") user = fmt::format("{}@", option->val);
    if (keyword == "host") host = option->val;
    if (keyword == "port") port = option->val;
    if (keyword == "dbname") database = option->val;
    has_timeout = has_timeout || keyword == "connect_timeout";
    has_program = has_program || keyword == "application_name";
  }
  libpq.conninfo_free(options);
  if (!has_timeout) address.conninfo += fmt::format("connect_timeout={} ", kConnectSeconds);
  if (!has_program) address.conninfo += "application_name=roost ";
  // A server that vanishes without a word is noticed in half a minute.
  address.conninfo +=
      "client_encoding=UTF8 keepalives_idle=15 keepalives_interval=5 keepalives_count=3 "
      "tcp_user_timeout=30000";
  address.name = fmt::format("postgresql://{}{}:{}/{}", user, host, port, database);
  return address;
}

SqlValue ToInteger(const char* text) {
  const std::string_view view = text;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error == std::errc() && end == view.data() + view.size()) return value;
  return std::strtod(text, nullptr);  // a NUMERIC with a fraction, or too large
}

SqlValue ValueAt(const Libpq& libpq, const PGresult* result, int row, int column) {
  if (libpq.getisnull(result, row, column) != 0) return std::monostate();
  const char* text = libpq.getvalue(result, row, column);
  switch (libpq.ftype(result, column)) {
    case kBool: return static_cast<int64_t>(*text == 't');
    case kInt2:
    case kInt4:
    case kInt8:
    case kNumeric: return ToInteger(text);
    case kFloat4:
    case kFloat8: return std::strtod(text, nullptr);
    default: return std::string(text, static_cast<size_t>(libpq.getlength(result, row, column)));
  }
}

class PostgresStatement : public SociStatement {
 public:
  using SociStatement::SociStatement;

  // Not SOCI's own reading, which guesses types: the result is all here.
  std::vector<SqlRow> Query(const Libpq& libpq) {
    Execute();
    const PGresult* result = Result();
    std::vector<SqlRow> rows(static_cast<size_t>(libpq.ntuples(result)));
    const int num_columns = libpq.nfields(result);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (int column = 0; column < num_columns; ++column) {
        rows[i].push_back(ValueAt(libpq, result, static_cast<int>(i), column));
      }
    }
    return rows;
  }

  std::string SqlState(const Libpq& libpq) {
    const PGresult* result = Result();
    const char* state = result == nullptr ? nullptr : libpq.result_error_field(result, PG_DIAG_SQLSTATE);
    return state == nullptr ? "" : state;
  }

 private:
  const PGresult* Result() {
    return static_cast<soci::postgresql_statement_backend*>(statement_.get_backend())->result_.get_result();
  }
};

/// SQLite sorts texts by their bytes; a PostgreSQL database would by its language.
std::string InByteOrder(const std::string& sql) {
  if (!sql.starts_with("CREATE TABLE")) return sql;
  constexpr std::string_view kText = " TEXT";
  std::string result;
  size_t begin = 0;
  for (size_t at = sql.find(kText); at != std::string::npos; at = sql.find(kText, begin)) {
    result += sql.substr(begin, at - begin) + " TEXT COLLATE \"C\"";
    begin = at + kText.size();
  }
  return result + sql.substr(begin);
}

class PostgresConnection : public SqlConnection {
 public:
  PostgresConnection(const Libpq& libpq, Address address) : libpq_(libpq), address_(std::move(address)) {}

  absl::Status Reconnect() override {
    session_.reset();
    auto session = std::make_unique<soci::session>();
    try {
      session->open(*libpq_.soci_backend, address_.conninfo);
    } catch (const std::exception& error) {
      return PostgresConnectError(address_.name, error.what());
    }
    TRY(CheckPostgresVersion(address_.name, libpq_.server_version(Connection(*session))));
    session_ = std::move(session);
    absl::Status set = Execute(kSessionSettings, {}).status();
    if (!set.ok()) session_.reset();
    return set;
  }

  absl::StatusOr<std::vector<SqlRow>> Query(const std::string& sql, const SqlRow& parameters) override {
    std::vector<SqlRow> rows;
    TRY(Run(sql, parameters, [&](PostgresStatement& statement) { rows = statement.Query(libpq_); }));
    return rows;
  }

  absl::StatusOr<int64_t> Execute(const std::string& sql, const SqlRow& parameters) override {
    int64_t rows_changed = 0;
    TRY(Run(InByteOrder(sql), parameters, [&](PostgresStatement& statement) { rows_changed = statement.Execute(); }));
    return rows_changed;
  }

  // READ COMMITTED: each statement sees all that the writers before us, whose lock we waited for, have kept.
  absl::Status Begin() override {
    TRY(Execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", {}).status());
    absl::StatusOr<std::vector<SqlRow>> number = Query(kTakeLock, {});
    if (!number.ok()) {
      Rollback();
      return number.status();
    }
    transaction_ = std::get<int64_t>(number->at(0).at(0));
    return absl::OkStatus();
  }

  absl::Status Commit() override { return Execute("COMMIT", {}).status(); }

  void Rollback() override {
    const bool conflicted = conflicted_;
    if (!lost()) Execute("ROLLBACK", {}).IgnoreError();
    conflicted_ = conflicted;
  }

  bool lost() const override { return session_ == nullptr || libpq_.status(Connection(*session_)) == CONNECTION_BAD; }
  bool conflicted() const override { return conflicted_; }

  Outcome OutcomeOfCommit() override {
    if (!Reconnect().ok()) return Outcome::kUnknown;
    const auto rows = Query("SELECT txid_status(:p1)", {transaction_});
    if (!rows.ok() || rows->empty()) return Outcome::kUnknown;
    const auto* status = std::get_if<std::string>(&rows->at(0).at(0));
    if (status != nullptr && *status == "committed") return Outcome::kKept;
    return status != nullptr && *status == "aborted" ? Outcome::kNotKept : Outcome::kUnknown;
  }

  std::string name() const override { return address_.name; }

 private:
  static PGconn* Connection(soci::session& session) {
    return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
  }

  template <typename Work>
  absl::Status Run(const std::string& sql, const SqlRow& parameters, const Work& work) {
    conflicted_ = false;
    if (session_ == nullptr) return Lost("it is closed");
    for (const SqlValue& value : parameters) {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && text->find('\0') != std::string::npos) {
        return absl::InvalidArgumentError(fmt::format("database {}: a text with a zero byte cannot be stored", name()));
      }
    }
    std::optional<PostgresStatement> statement;
    try {
      statement.emplace(*session_, sql, parameters);
      work(*statement);
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return FromState(statement.has_value() ? statement->SqlState(libpq_) : "", error.what());
    }
  }

  absl::Status Lost(std::string_view message) const {
    return WithHint(absl::UnavailableError(fmt::format("database {}: the connection is lost: {}", name(), message)),
                    "Nothing was changed; try again when the server can be reached.");
  }

  absl::Status FromState(const std::string& state, std::string_view what) {
    while (what.ends_with('\n')) what.remove_suffix(1);
    const std::string message = fmt::format("database {}: {}", name(), what);
    conflicted_ = state == "40001" || state == "40P01";
    if (lost()) return Lost(what);
    if (conflicted_) return WithHint(absl::UnavailableError(message), "Other writers were in the way; try again.");
    if (state == "55P03" || state.starts_with("57")) {
      return WithHint(absl::UnavailableError(message), "Another process is writing to this workspace; try again.");
    }
    if (state.starts_with("23")) return absl::AlreadyExistsError(message);
    if (state.starts_with("53")) return absl::ResourceExhaustedError(message);
    if (state == "42501") {
      return WithHint(absl::PermissionDeniedError(message),
                      "The user needs the rights to create tables in the schema, and to read and write them.");
    }
    if (state == "25006") {
      return WithHint(absl::PermissionDeniedError(message), "Use the primary server: this one only reads.");
    }
    if (state == "22021" || state == "22P05") return absl::InvalidArgumentError(message);
    if (state.starts_with("XX00") && state != "XX000") return absl::DataLossError(message);
    return absl::InternalError(message);
  }

  const Libpq& libpq_;
  Address address_;
  std::unique_ptr<soci::session> session_;
  bool conflicted_ = false;
  int64_t transaction_ = 0;
};

}  // namespace

absl::Status PostgresConnectError(const std::string& name, const std::string& message) {
  std::string_view why = message;
  constexpr std::string_view kPrefix = "Cannot establish connection to the database.";
  if (why.starts_with(kPrefix)) why.remove_prefix(kPrefix.size());
  while (why.starts_with('\n') || why.starts_with(' ')) why.remove_prefix(1);
  while (why.ends_with('\n')) why.remove_suffix(1);
  const std::string text = fmt::format("database {} cannot be opened: {}", name, why);
  const auto says = [&](std::string_view words) { return why.find(words) != std::string_view::npos; };
  if (says("password") || (says("role \"") && says("does not exist")) || says("authentication failed")) {
    return WithHint(absl::UnauthenticatedError(text),
                    "Check user and password: in the URL, in PGPASSWORD or in ~/.pgpass.");
  }
  if (says("database \"") && says("does not exist")) {
    return WithHint(absl::NotFoundError(text), "Make it with 'createdb', or correct the name in the URL.");
  }
  if (says("pg_hba.conf") || says("permission denied")) {
    return WithHint(absl::PermissionDeniedError(text), "The server's administrator must let this user in from here.");
  }
  if (says("too many") || says("remaining connection slots")) {
    return WithHint(absl::ResourceExhaustedError(text), "Each Roost process holds one connection; try again later.");
  }
  return WithHint(absl::UnavailableError(text),
                  "Check host and port, and that the server runs and accepts connections from here.");
}

absl::Status CheckPostgresVersion(const std::string& name, int version) {
  if (version >= kOldestServer) return absl::OkStatus();
  return WithHint(
      absl::FailedPreconditionError(fmt::format("database {} is PostgreSQL {}.{}; Roost needs {} or newer", name,
                                                version / 10000, version % 10000, kOldestServer / 10000)),
      "Use a newer server.");
}

absl::StatusOr<std::unique_ptr<SqlConnection>> ConnectPostgres(const std::string& url) {
  TRY_ASSIGN(const Libpq* libpq, LoadLibpq());
  TRY_ASSIGN(Address address, ParseAddress(*libpq, url));
  auto connection = std::make_unique<PostgresConnection>(*libpq, std::move(address));
  TRY(connection->Reconnect());
  return connection;
}

}  // namespace roost::store
