#include "registry/signature_log.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/number_text.h"
#include "base/status.h"
#include "registry/ensure_table.h"
#include "registry/records.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMaxRecordBytes = size_t{8} << 20;
constexpr char kRecords[] = "names/signatures";
constexpr char kFormat[] = "roost model signature";
constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS model_signatures (model TEXT NOT NULL, version BIGINT NOT NULL, number BIGINT NOT "
    "NULL, "
    "bundle TEXT NOT NULL, author TEXT NOT NULL, made_us BIGINT NOT NULL, PRIMARY KEY (model, version, number))";

std::string RecordKey(std::string_view model, int64_t version, int64_t number) {
  return fmt::format("{}/{}/{}/{}", kRecords, model, version, number);
}

std::string ToRecord(const SignatureRecord& record) {
  return ToLine(Json{{"format", kFormat},
                     {"version", kFormatVersion},
                     {"model", record.model},
                     {"of", record.version},
                     {"number", record.number},
                     {"bundle", record.bundle},
                     {"author", record.author},
                     {"made_us", absl::ToUnixMicros(record.made)}});
}

absl::StatusOr<SignatureRecord> ParseSignatureRecord(std::string_view bytes, const std::string& key) {
  const absl::Status damaged = absl::DataLossError(fmt::format("{}: the record of a signature is damaged", key));
  if (bytes.size() > kMaxRecordBytes) return damaged;
  const absl::StatusOr<Json> parsed = ParseJson(bytes, key);
  if (!parsed.ok() || !parsed->is_object()) return damaged;
  SignatureRecord record{.model = TextMember(*parsed, "model"),
                         .version = IntegerMember(*parsed, "of"),
                         .number = IntegerMember(*parsed, "number"),
                         .bundle = TextMember(*parsed, "bundle"),
                         .author = TextMember(*parsed, "author"),
                         .made = absl::FromUnixMicros(IntegerMember(*parsed, "made_us"))};
  if (TextMember(*parsed, "format") != kFormat || IntegerMember(*parsed, "version") != kFormatVersion ||
      RecordKey(record.model, record.version, record.number) != key) {
    return damaged;
  }
  return record;
}

}  // namespace

absl::StatusOr<SignatureLog> SignatureLog::Open(store::Database& database, store::ObjectStore& objects,
                                                AuditLog audit) {
  TRY(EnsureTable(database, "model_signatures", {kCreateTable}));
  return SignatureLog(database, objects, audit);
}

absl::Status SignatureLog::Add(SignatureRecord& record, const std::string& key) {
  return database_->InTransaction([&]() -> absl::Status {
    TRY(AdoptRecords(record.model, record.version).status());
    TRY_ASSIGN(const std::vector<SignatureRecord> others, Of(record.model, record.version));
    for (const SignatureRecord& other : others) {
      if (other.bundle != record.bundle) continue;
      record.number = other.number;  // the transaction runs again, or the signature is known
      return absl::OkStatus();
    }
    record.number = others.empty() ? 1 : others.front().number + 1;
    TRY(Insert(record));
    TRY(objects_->Put(RecordKey(record.model, record.version, record.number), ToRecord(record)));
    return audit_.Append({.actor = record.author,
                          .action = "model.signed",
                          .object = fmt::format("{}@{}", record.model, record.version),
                          .details = {{"number", record.number}, {"key", key}}},
                         record.made);
  });
}

absl::Status SignatureLog::Insert(const SignatureRecord& record) {
  return database_
      ->Execute(
          "INSERT INTO model_signatures (model, version, number, bundle, author, made_us) VALUES (:p1, :p2, :p3, :p4, "
          ":p5, :p6)",
          {record.model, record.version, record.number, record.bundle, record.author, absl::ToUnixMicros(record.made)})
      .status();
}

absl::StatusOr<std::vector<SignatureRecord>> SignatureLog::Of(std::string_view model, int64_t version) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query("SELECT model, version, number, bundle, author, made_us FROM model_signatures WHERE "
                              "model = :p1 AND version = :p2 ORDER BY number DESC",
                              {std::string(model), version}));
  std::vector<SignatureRecord> records;
  for (const SqlRow& row : rows) {
    const auto* name = std::get_if<std::string>(&row[0]);
    const auto* of = std::get_if<int64_t>(&row[1]);
    const auto* number = std::get_if<int64_t>(&row[2]);
    const auto* bundle = std::get_if<std::string>(&row[3]);
    const auto* author = std::get_if<std::string>(&row[4]);
    const auto* made = std::get_if<int64_t>(&row[5]);
    if (!name || !of || !number || !bundle || !author || !made) {
      return absl::DataLossError("a row of the table model_signatures has a value of another type");
    }
    records.push_back({.model = *name,
                       .version = *of,
                       .number = *number,
                       .bundle = *bundle,
                       .author = *author,
                       .made = absl::FromUnixMicros(*made)});
  }
  return records;
}

// As Registry::AdoptRecords: finishes signatures whose process died between the record and the commit.
absl::StatusOr<int64_t> SignatureLog::AdoptRecords(const std::string& model, int64_t version) {
  TRY_ASSIGN(const std::vector<SignatureRecord> known, Of(model, version));
  int64_t adopted = 0;
  for (int64_t next = known.empty() ? 1 : known.front().number + 1;; ++next, ++adopted) {
    const std::string key = RecordKey(model, version, next);
    const absl::StatusOr<std::string> bytes = objects_->Get(key);
    if (absl::IsNotFound(bytes.status())) return adopted;
    if (!bytes.ok()) return bytes.status();
    TRY_ASSIGN(const SignatureRecord record, ParseSignatureRecord(*bytes, key));
    TRY(Insert(record));
  }
}

absl::StatusOr<int64_t> SignatureLog::Restore() {
  TRY_ASSIGN(const std::vector<std::string> keys, objects_->List(kRecords));
  int64_t restored = 0;
  TRY(database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(restored, AdoptFolders(keys, kRecords, [&](const std::string& folder) -> absl::StatusOr<int64_t> {
                 const size_t slash = folder.find('/');  // MODEL/VERSION
                 const std::optional<int64_t> version =
                     slash == std::string::npos ? std::nullopt : IntegerIn(folder.substr(slash + 1));
                 if (version.value_or(0) < 1) {
                   return absl::DataLossError(fmt::format("{}/{}: no record has that key", kRecords, folder));
                 }
                 return AdoptRecords(folder.substr(0, slash), *version);
               }));
    return absl::OkStatus();
  }));
  return restored;
}

}  // namespace roost::registry
