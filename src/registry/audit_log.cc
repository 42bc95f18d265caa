#include "registry/audit_log.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "registry/ensure_table.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMaxRecordBytes = size_t{1} << 16;
constexpr char kRecords[] = "names/audit";
constexpr char kFormat[] = "roost audit entry";
constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS audit_entries (number BIGINT NOT NULL PRIMARY KEY, time_us BIGINT NOT NULL, "
    "actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, details TEXT NOT NULL, previous TEXT NOT NULL, "
    "hash TEXT NOT NULL UNIQUE, UNIQUE (object, number))";
constexpr char kSelect[] = "SELECT number, time_us, actor, action, object, details, previous, hash FROM audit_entries";

std::string RecordKey(int64_t number) { return fmt::format("{}/{}", kRecords, number); }

std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

// Entries are objects of objects of plain values. What is nested deeper is none, and parsers go as deep as it does.
bool IsShallow(std::string_view json) {
  constexpr int kMaxDepth = 3;
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') ++i;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if ((c == '{' || c == '[') && ++depth > kMaxDepth) return false;
    if (c == '}' || c == ']') --depth;
  }
  return true;
}

// All that is hashed. Details that are none stand there as a text. nlohmann::json keeps the members of objects by their
// bytes.
nlohmann::json HashedJson(const AuditEntry& entry) {
  const std::string_view text = IsShallow(entry.details) ? std::string_view(entry.details) : std::string_view();
  const auto details = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return {{"action", entry.action},
          {"actor", entry.actor},
          {"details", details.is_discarded() ? nlohmann::json(entry.details) : details},
          {"number", entry.number},
          {"object", entry.object},
          {"previous", entry.previous.ToHex()},
          {"time_us", absl::ToUnixMicros(entry.time)}};
}

absl::StatusOr<AuditEntry> FromRow(const SqlRow& row) {
  const absl::Status damaged = absl::DataLossError("a row of the table audit_entries has a value of another type");
  const auto* number = std::get_if<int64_t>(&row[0]);
  const auto* time = std::get_if<int64_t>(&row[1]);
  std::array<const std::string*, 6> texts;
  for (size_t i = 0; i < texts.size(); ++i) {
    texts[i] = std::get_if<std::string>(&row[i + 2]);
    if (texts[i] == nullptr) return damaged;
  }
  const absl::StatusOr<Digest> previous = Digest::FromHex(*texts[4]);
  const absl::StatusOr<Digest> hash = Digest::FromHex(*texts[5]);
  if (number == nullptr || time == nullptr || !previous.ok() || !hash.ok()) return damaged;
  return AuditEntry{.number = *number,
                    .time = absl::FromUnixMicros(*time),
                    .actor = *texts[0],
                    .action = *texts[1],
                    .object = *texts[2],
                    .details = *texts[3],
                    .previous = *previous,
                    .hash = *hash};
}

absl::StatusOr<std::vector<AuditEntry>> FromRows(const std::vector<SqlRow>& rows) {
  std::vector<AuditEntry> entries;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(AuditEntry entry, FromRow(row));
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool IsOf(const std::string& object, const std::string& wanted) {
  return wanted.empty() || object == wanted || object.starts_with(wanted + "@");
}

// What is wrong with `entry` by itself or after `before`; null: it is the first.
void CheckEntry(const AuditEntry& entry, const AuditEntry* before, std::vector<std::string>& problems) {
  const int64_t expected = before == nullptr ? 1 : before->number + 1;
  if (entry.number > expected + 1) {
    problems.push_back(fmt::format("entries {} to {} are missing", expected, entry.number - 1));
  } else if (entry.number != expected) {
    problems.push_back(entry.number < expected ? fmt::format("entry {} is no number of an entry", entry.number)
                                               : fmt::format("entry {} is missing", expected));
  }
  if (Sha256(HashedBytes(entry)) != entry.hash) {
    problems.push_back(fmt::format("entry {} was changed: its hash is not that of what it says", entry.number));
  }
  const Digest previous = before == nullptr ? Digest() : before->hash;
  if (entry.number == expected && entry.previous != previous) {
    problems.push_back(fmt::format("entry {} does not follow entry {}: one of them was changed, inserted or moved",
                                   entry.number, entry.number - 1));
  }
}

}  // namespace

std::string CanonicalJson(const Json& json) {
  return Dump(nlohmann::json::parse(json.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

std::string HashedBytes(const AuditEntry& entry) { return Dump(HashedJson(entry)); }

std::string ToRecord(const AuditEntry& entry) {
  return Dump({{"entry", HashedJson(entry)},
               {"format", kFormat},
               {"sha256", entry.hash.ToHex()},
               {"version", kFormatVersion}}) +
         "\n";
}

absl::StatusOr<AuditEntry> ParseAuditRecord(std::string_view bytes, const std::string& key) {
  const absl::Status damaged = absl::DataLossError(fmt::format("{}: the record of an audit entry is damaged", key));
  if (bytes.size() > kMaxRecordBytes || !IsShallow(bytes)) return damaged;
  const absl::StatusOr<Json> parsed = ParseJson(bytes, key);
  if (!parsed.ok() || !parsed->is_object()) return damaged;
  const Json inner = parsed->value("entry", Json());
  if (!inner.is_object() || !inner.contains("details")) return damaged;
  const auto text = [](const Json& json, const char* field) {
    const Json value = json.value(field, Json());
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  const auto number = [](const Json& json, const char* field) {
    const Json value = json.value(field, Json());
    return value.is_number_integer() ? value.get<int64_t>() : int64_t{0};
  };
  const absl::StatusOr<Digest> previous = Digest::FromHex(text(inner, "previous"));
  const absl::StatusOr<Digest> hash = Digest::FromHex(text(*parsed, "sha256"));
  if (!previous.ok() || !hash.ok()) return damaged;
  AuditEntry entry{.number = number(inner, "number"),
                   .time = absl::FromUnixMicros(number(inner, "time_us")),
                   .actor = text(inner, "actor"),
                   .action = text(inner, "action"),
                   .object = text(inner, "object"),
                   .details = CanonicalJson(inner["details"]),
                   .previous = *previous,
                   .hash = *hash};
  const bool is_ours = text(*parsed, "format") == kFormat && number(*parsed, "version") == kFormatVersion;
  if (!is_ours || RecordKey(entry.number) != key || Sha256(HashedBytes(entry)) != entry.hash) return damaged;
  return entry;
}

absl::StatusOr<AuditLog> AuditLog::Open(store::Database& database, store::ObjectStore& objects) {
  TRY(EnsureTable(database, "audit_entries", {kCreateTable}));
  return AuditLog(database, objects);
}

absl::Status AuditLog::Append(const AuditEvent& event, absl::Time now) {
  TRY(AdoptRecords().status());
  const std::string details = CanonicalJson(event.details);
  TRY_ASSIGN(const bool is_there, Has(event, details));
  if (is_there) return absl::OkStatus();
  TRY_ASSIGN(const std::optional<AuditEntry> head, Head());
  AuditEntry entry{.number = head.has_value() ? head->number + 1 : 1,
                   .time = absl::FromUnixMicros(absl::ToUnixMicros(now)),
                   .actor = event.actor,
                   .action = event.action,
                   .object = event.object,
                   .details = details,
                   .previous = head.has_value() ? head->hash : Digest(),
                   .hash = {}};
  entry.hash = Sha256(HashedBytes(entry));
  const std::string record = ToRecord(entry);
  if (record.size() > kMaxRecordBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{} of {}: an audit entry takes at most {} bytes", event.action, event.object, kMaxRecordBytes));
  }
  TRY(Insert(entry));
  return objects_->Put(RecordKey(entry.number), record);
}

absl::Status AuditLog::Insert(const AuditEntry& entry) {
  return database_
      ->Execute(
          "INSERT INTO audit_entries (number, time_us, actor, action, object, details, previous, hash) VALUES (:p1, "
          ":p2, :p3, :p4, :p5, :p6, :p7, :p8)",
          {entry.number, absl::ToUnixMicros(entry.time), entry.actor, entry.action, entry.object, entry.details,
           entry.previous.ToHex(), entry.hash.ToHex()})
      .status();
}

absl::StatusOr<bool> AuditLog::Has(const AuditEvent& event, const std::string& details) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query("SELECT number FROM audit_entries WHERE object = :p1 AND action = :p2 AND details = :p3",
                              {event.object, event.action, details}));
  return !rows.empty();
}

// As Registry::AdoptRecords: finishes entries whose process died between the record and the commit.
absl::StatusOr<int64_t> AuditLog::AdoptRecords() {
  TRY_ASSIGN(std::optional<AuditEntry> head, Head());
  int64_t adopted = 0;
  while (true) {
    const std::string key = RecordKey(head.has_value() ? head->number + 1 : 1);
    const absl::StatusOr<std::string> bytes = objects_->Get(key);
    if (absl::IsNotFound(bytes.status())) return adopted;
    if (!bytes.ok()) return bytes.status();
    TRY_ASSIGN(AuditEntry entry, ParseAuditRecord(*bytes, key));
    if (entry.previous != (head.has_value() ? head->hash : Digest())) {
      return WithHint(
          absl::DataLossError(fmt::format("{}: the entry does not follow the audit log of the database", key)),
          "'roost audit verify' says where they part; nothing is changed before that is settled.");
    }
    TRY(Insert(entry));
    head = std::move(entry);
    ++adopted;
  }
}

absl::StatusOr<std::vector<AuditEntry>> AuditLog::List(const AuditFilter& filter) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database_->Query(std::string(kSelect) + " ORDER BY number"));
  TRY_ASSIGN(std::vector<AuditEntry> entries, FromRows(rows));
  std::erase_if(entries, [&](const AuditEntry& entry) {
    return !IsOf(entry.object, filter.object) || entry.time < filter.since;
  });
  return entries;
}

absl::StatusOr<std::optional<AuditEntry>> AuditLog::Head() const {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database_->Query(std::string(kSelect) + " ORDER BY number DESC LIMIT 1"));
  if (rows.empty()) return std::optional<AuditEntry>();
  TRY_ASSIGN(AuditEntry entry, FromRow(rows.front()));
  return std::optional(std::move(entry));
}

absl::StatusOr<AuditReport> AuditLog::Verify(const std::optional<Digest>& noted) const {
  TRY_ASSIGN(const std::vector<AuditEntry> entries, List());
  AuditReport report{.entries = static_cast<int64_t>(entries.size())};
  const AuditEntry* before = nullptr;
  for (const AuditEntry& entry : entries) {
    CheckEntry(entry, before, report.problems);
    if (noted == entry.hash) report.noted = entry.number;
    before = &entry;
  }
  if (before != nullptr) report.head = *before;
  TRY(CheckRecords(entries, report.problems));
  if (noted.has_value() && !report.noted.has_value()) {
    report.problems.push_back(
        fmt::format("no entry has the hash {}: the log was cut or made anew since it was noted", noted->ToHex()));
  }
  return report;
}

// The records tell the same a second time, in another place.
absl::Status AuditLog::CheckRecords(const std::vector<AuditEntry>& entries, std::vector<std::string>& problems) const {
  TRY_ASSIGN(const std::vector<std::string> keys, objects_->List(kRecords));
  std::set<std::string> without_row(keys.begin(), keys.end());
  for (const AuditEntry& entry : entries) {
    const std::string key = RecordKey(entry.number);
    if (without_row.erase(key) == 0) {
      problems.push_back(fmt::format("entry {} has no record: there is no object {}", entry.number, key));
      continue;
    }
    TRY_ASSIGN(const std::string bytes, objects_->Get(key));
    if (bytes != ToRecord(entry)) {
      problems.push_back(fmt::format("entry {} says something else than its record, {}", entry.number, key));
    }
  }
  for (const std::string& key : without_row) {
    problems.push_back(
        fmt::format("entry {} is not in the database, but has a record: it was removed, or its writer was killed and "
                    "the next change brings it back",
                    key.substr(sizeof kRecords)));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> AuditLog::Restore() {
  int64_t restored = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(restored, AdoptRecords());
    return absl::OkStatus();
  });
  TRY(done);
  return restored;
}

absl::StatusOr<bool> AuditLog::TakeOver(const AuditLog& other) {
  TRY_ASSIGN(const std::vector<AuditEntry> theirs, other.List());
  bool is_same = false;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY(AdoptRecords().status());
    TRY_ASSIGN(const std::vector<AuditEntry> ours, List());
    is_same = ours.size() <= theirs.size() && std::equal(ours.begin(), ours.end(), theirs.begin());
    if (!is_same) return absl::OkStatus();
    for (size_t i = ours.size(); i < theirs.size(); ++i) {
      TRY(Insert(theirs[i]));
      TRY(objects_->Put(RecordKey(theirs[i].number), ToRecord(theirs[i])));
    }
    return absl::OkStatus();
  });
  TRY(done);
  return is_same;
}

}  // namespace roost::registry
