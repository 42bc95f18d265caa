#include "registry/token_log.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "registry/ensure_table.h"

namespace roost::registry {
namespace {

using store::SqlRow;
using store::SqlValue;

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS access_tokens (hash TEXT NOT NULL PRIMARY KEY, consumer TEXT NOT NULL, role TEXT NOT "
    "NULL, author TEXT NOT NULL, created_us BIGINT NOT NULL, expires_us BIGINT, revoked_us BIGINT)";
constexpr char kInsert[] =
    "INSERT INTO access_tokens (hash, consumer, role, author, created_us, expires_us, revoked_us) VALUES (:p1, :p2, "
    ":p3, :p4, :p5, :p6, :p7)";

SqlValue MicrosOf(const std::optional<absl::Time>& time) {
  return time.has_value() ? SqlValue(absl::ToUnixMicros(*time)) : SqlValue();
}

std::optional<absl::Time> TimeOf(const SqlValue& value) {
  const auto* micros = std::get_if<int64_t>(&value);
  return micros != nullptr ? std::optional(absl::FromUnixMicros(*micros)) : std::nullopt;
}

SqlRow ValuesOf(const TokenRecord& record) {
  return {
      record.hash.ToHex(),      record.consumer,         record.role, record.author, absl::ToUnixMicros(record.created),
      MicrosOf(record.expires), MicrosOf(record.revoked)};
}

absl::StatusOr<TokenRecord> FromRow(const SqlRow& row) {
  const absl::Status damaged = absl::DataLossError("a row of the table access_tokens has a value of another type");
  std::array<const std::string*, 4> texts;
  for (size_t column = 0; column < texts.size(); ++column) {
    texts[column] = std::get_if<std::string>(&row[column]);
    if (texts[column] == nullptr) return damaged;
  }
  TokenRecord record{.consumer = *texts[1], .role = *texts[2], .author = *texts[3]};
  const std::optional<absl::Time> created = TimeOf(row[4]);
  const absl::StatusOr<Digest> hash = Digest::FromHex(*texts[0]);
  if (!created.has_value() || !hash.ok()) return damaged;
  record.hash = *hash;
  record.created = *created;
  record.expires = TimeOf(row[5]);
  record.revoked = TimeOf(row[6]);
  return record;
}

}  // namespace

absl::StatusOr<TokenLog> TokenLog::Open(store::Database& database) {
  TRY(EnsureTable(database, "access_tokens", {kCreateTable}));
  return TokenLog(database);
}

absl::Status TokenLog::Add(const TokenRecord& record, const std::string& id, AuditLog& audit) {
  return database_->InTransaction([&]() -> absl::Status {
    TRY(database_->Execute(kInsert, ValuesOf(record)).status());
    const Json expires = record.expires.has_value() ? Json(absl::ToUnixMicros(*record.expires)) : Json(nullptr);
    return audit.Append({.actor = record.author,
                         .action = "token.created",
                         .object = "token:" + id,
                         .details = {{"consumer", record.consumer}, {"role", record.role}, {"expires_us", expires}}},
                        record.created);
  });
}

absl::StatusOr<std::vector<TokenRecord>> TokenLog::List() const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query("SELECT hash, consumer, role, author, created_us, expires_us, revoked_us FROM "
                              "access_tokens ORDER BY created_us, hash"));
  std::vector<TokenRecord> records;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(TokenRecord record, FromRow(row));
    records.push_back(std::move(record));
  }
  return records;
}

absl::StatusOr<int64_t> TokenLog::MarkRevoked(const Digest& hash, absl::Time time) {
  return database_->Execute("UPDATE access_tokens SET revoked_us = :p1 WHERE hash = :p2 AND revoked_us IS NULL",
                            {absl::ToUnixMicros(time), hash.ToHex()});
}

absl::StatusOr<int64_t> TokenLog::Revoke(const std::vector<RevokedToken>& tokens, const std::string& author,
                                         absl::Time now, AuditLog& audit) {
  int64_t revoked = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    revoked = 0;
    for (const RevokedToken& token : tokens) {
      TRY_ASSIGN(const int64_t changed, MarkRevoked(token.hash, now));
      if (changed == 0) continue;
      revoked += changed;
      TRY(audit.Append({.actor = author,
                        .action = "token.revoked",
                        .object = "token:" + token.id,
                        .details = {{"consumer", token.consumer}}},
                       now));
    }
    return absl::OkStatus();
  });
  TRY(done);
  return revoked;
}

absl::StatusOr<int64_t> TokenLog::TakeFrom(const TokenLog& other) {
  TRY_ASSIGN(const std::vector<TokenRecord> records, other.List());
  int64_t taken = 0;
  TRY(database_->InTransaction([&]() -> absl::Status {
    taken = 0;
    for (const TokenRecord& record : records) {
      TRY_ASSIGN(int64_t changed,
                 database_->Execute(fmt::format("{} ON CONFLICT (hash) DO NOTHING", kInsert), ValuesOf(record)));
      if (changed == 0 && record.revoked.has_value()) {
        TRY_ASSIGN(changed, MarkRevoked(record.hash, *record.revoked));
      }
      taken += changed;
    }
    return absl::OkStatus();
  }));
  return taken;
}

}  // namespace roost::registry
