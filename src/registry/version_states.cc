#include "registry/version_states.h"

#include <iterator>
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
constexpr size_t kMaxRecordBytes = size_t{1} << 16;
constexpr size_t kMaxTextBytes = 4096;
constexpr char kRecords[] = "names/states";
constexpr char kFormat[] = "roost version state";
constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS model_version_states (model TEXT NOT NULL, version BIGINT NOT NULL, "
    "number BIGINT NOT NULL, state TEXT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, "
    "changed_us BIGINT NOT NULL, PRIMARY KEY (model, version, number))";
constexpr char kSelect[] = "SELECT model, version, number, state, author, reason, changed_us FROM model_version_states";
constexpr char kIsLast[] =
    "number = (SELECT MAX(later.number) FROM model_version_states AS later WHERE later.model = "
    "model_version_states.model AND later.version = model_version_states.version)";

std::string RecordKey(std::string_view model, int64_t version, int64_t number) {
  return fmt::format("{}/{}/{}/{}", kRecords, model, version, number);
}

std::optional<VersionState> StateOf(std::string_view name) {
  for (const VersionState state : {VersionState::kActive, VersionState::kRetired, VersionState::kDeleted}) {
    if (StateName(state) == name) return state;
  }
  return std::nullopt;
}

std::string ToRecord(const StateChange& change) {
  return ToLine(Json{{"format", kFormat},
                     {"version", kFormatVersion},
                     {"model", change.model},
                     {"of", change.version},
                     {"number", change.number},
                     {"state", StateName(change.state)},
                     {"author", change.author},
                     {"reason", change.reason},
                     {"changed_us", absl::ToUnixMicros(change.changed)}});
}

// DataLoss where `bytes` are not what ToRecord wrote.
absl::StatusOr<StateChange> ParseStateRecord(std::string_view bytes, const std::string& key) {
  const absl::Status damaged = absl::DataLossError(fmt::format("{}: the record of a version's state is damaged", key));
  if (bytes.size() > kMaxRecordBytes) return damaged;
  const absl::StatusOr<Json> parsed = ParseJson(bytes, key);
  if (!parsed.ok() || !parsed->is_object()) return damaged;
  const auto text = [&](const char* field) { return TextMember(*parsed, field); };
  const auto number = [&](const char* field) { return IntegerMember(*parsed, field); };
  const std::optional<VersionState> state = StateOf(text("state"));
  if (!state.has_value()) return damaged;
  StateChange change{.model = text("model"),
                     .version = number("of"),
                     .number = number("number"),
                     .state = *state,
                     .author = text("author"),
                     .reason = text("reason"),
                     .changed = absl::FromUnixMicros(number("changed_us"))};
  if (text("format") != kFormat || number("version") != kFormatVersion ||
      RecordKey(change.model, change.version, change.number) != key) {
    return damaged;
  }
  return change;
}

absl::StatusOr<std::vector<StateChange>> FromRows(const std::vector<SqlRow>& rows) {
  std::vector<StateChange> changes;
  for (const SqlRow& row : rows) {
    const auto* model = std::get_if<std::string>(&row[0]);
    const auto* version = std::get_if<int64_t>(&row[1]);
    const auto* number = std::get_if<int64_t>(&row[2]);
    const auto* state_name = std::get_if<std::string>(&row[3]);
    const auto* author = std::get_if<std::string>(&row[4]);
    const auto* reason = std::get_if<std::string>(&row[5]);
    const auto* changed = std::get_if<int64_t>(&row[6]);
    const std::optional<VersionState> state = state_name != nullptr ? StateOf(*state_name) : std::nullopt;
    if (!model || !version || !number || !state.has_value() || !author || !reason || !changed) {
      return absl::DataLossError("a row of the table model_version_states has a value of another type");
    }
    changes.push_back({.model = *model,
                       .version = *version,
                       .number = *number,
                       .state = *state,
                       .author = *author,
                       .reason = *reason,
                       .changed = absl::FromUnixMicros(*changed)});
  }
  return changes;
}

absl::Status NoRecord(const std::string& folder) {
  return absl::DataLossError(fmt::format("{}/{}: no record has that key", kRecords, folder));
}

std::string_view AuditAction(VersionState state) {
  switch (state) {
    case VersionState::kActive: return "model.reinstated";
    case VersionState::kRetired: return "model.retired";
    case VersionState::kDeleted: break;
  }
  return "model.deleted";
}

}  // namespace

std::string_view StateName(VersionState state) {
  switch (state) {
    case VersionState::kActive: return "active";
    case VersionState::kRetired: return "retired";
    case VersionState::kDeleted: break;
  }
  return "deleted";
}

absl::StatusOr<VersionStates> VersionStates::Open(store::Database& database, store::ObjectStore& objects,
                                                  AuditLog audit) {
  TRY(EnsureTable(database, "model_version_states", {kCreateTable}));
  return VersionStates(database, objects, audit);
}

absl::StatusOr<bool> VersionStates::Change(StateChange& change) {
  if (change.author.empty() || change.reason.empty() || change.author.size() > kMaxTextBytes ||
      change.reason.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        fmt::format("to change the state of {}@{} takes who does it and why, in at most {} bytes", change.model,
                    change.version, kMaxTextBytes));
  }
  TRY_ASSIGN(const std::vector<StateChange> adopted, AdoptRecords(change.model, change.version));
  for (const StateChange& finished : adopted) TRY(WriteDown(finished, change.changed));
  TRY_ASSIGN(const std::optional<StateChange> last, Last(change.model, change.version));
  if (change.number > 0 && last == change) return true;  // the transaction runs again, and has adopted its own record
  const VersionState now = last.has_value() ? last->state : VersionState::kActive;
  if (now == change.state) return false;
  change.number = last.has_value() ? last->number + 1 : 1;
  TRY(Insert(change));
  TRY(objects_->Put(RecordKey(change.model, change.version, change.number), ToRecord(change)));
  TRY(WriteDown(change, change.changed));
  return true;
}

absl::Status VersionStates::WriteDown(const StateChange& change, absl::Time now) {
  return audit_.Append({.actor = change.author,
                        .action = std::string(AuditAction(change.state)),
                        .object = fmt::format("{}@{}", change.model, change.version),
                        .details = {{"number", change.number}, {"reason", change.reason}}},
                       now);
}

absl::Status VersionStates::Insert(const StateChange& change) {
  return database_
      ->Execute(
          "INSERT INTO model_version_states (model, version, number, state, author, reason, changed_us) VALUES (:p1, "
          ":p2, :p3, :p4, :p5, :p6, :p7)",
          {change.model, change.version, change.number, std::string(StateName(change.state)), change.author,
           change.reason, absl::ToUnixMicros(change.changed)})
      .status();
}

// As Registry::AdoptRecords: finishes changes whose process died between the record and the commit.
absl::StatusOr<std::vector<StateChange>> VersionStates::AdoptRecords(std::string_view model, int64_t version) {
  TRY_ASSIGN(const std::optional<StateChange> last, Last(model, version));
  std::vector<StateChange> adopted;
  for (int64_t next = last.has_value() ? last->number + 1 : 1;; ++next) {
    const std::string key = RecordKey(model, version, next);
    const absl::StatusOr<std::string> bytes = objects_->Get(key);
    if (absl::IsNotFound(bytes.status())) return adopted;
    if (!bytes.ok()) return bytes.status();
    TRY_ASSIGN(StateChange change, ParseStateRecord(*bytes, key));
    TRY(Insert(change));
    adopted.push_back(std::move(change));
  }
}

absl::StatusOr<std::optional<StateChange>> VersionStates::Last(std::string_view model, int64_t version) const {
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      database_->Query(std::string(kSelect) + " WHERE model = :p1 AND version = :p2 ORDER BY number DESC LIMIT 1",
                       {std::string(model), version}));
  TRY_ASSIGN(std::vector<StateChange> changes, FromRows(rows));
  return changes.empty() ? std::nullopt : std::optional(std::move(changes.front()));
}

absl::StatusOr<std::map<int64_t, StateChange>> VersionStates::Current(std::string_view model) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE model = :p1 AND {}", kSelect, kIsLast), {std::string(model)}));
  TRY_ASSIGN(std::vector<StateChange> changes, FromRows(rows));
  std::map<int64_t, StateChange> current;
  for (StateChange& change : changes) current[change.version] = std::move(change);
  return current;
}

absl::StatusOr<std::vector<StateChange>> VersionStates::CurrentOfAll() const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE {} ORDER BY model, version", kSelect, kIsLast)));
  return FromRows(rows);
}

absl::StatusOr<int64_t> VersionStates::Restore() {
  TRY_ASSIGN(const std::vector<std::string> keys, objects_->List(kRecords));
  int64_t restored = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(restored, AdoptFolders(keys, kRecords, [&](const std::string& folder) -> absl::StatusOr<int64_t> {
                 const size_t slash = folder.find('/');  // MODEL/VERSION
                 const std::optional<int64_t> version =
                     slash == std::string::npos ? std::nullopt : IntegerIn(folder.substr(slash + 1));
                 if (version.value_or(0) < 1) return NoRecord(folder);
                 TRY_ASSIGN(const auto adopted, AdoptRecords(folder.substr(0, slash), *version));
                 return std::ssize(adopted);
               }));
    return absl::OkStatus();
  });
  TRY(done);
  return restored;
}

}  // namespace roost::registry
