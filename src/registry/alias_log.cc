#include "registry/alias_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "registry/ensure_table.h"
#include "registry/model_version.h"
#include "registry/records.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMaxRecordBytes = size_t{1} << 16;
constexpr size_t kMaxTextBytes = 4096;
constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS model_alias_moves (model TEXT NOT NULL, alias TEXT NOT NULL, number BIGINT NOT NULL, "
    "from_version BIGINT, to_version BIGINT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, "
    "moved_us BIGINT NOT NULL, action TEXT NOT NULL DEFAULT 'set', evidence TEXT NOT NULL DEFAULT '', "
    "PRIMARY KEY (model, alias, number))";
constexpr char kSelect[] =
    "SELECT model, alias, number, from_version, to_version, author, reason, moved_us, action, evidence FROM "
    "model_alias_moves";
constexpr char kIsInForce[] =
    "to_version > 0 AND number = (SELECT MAX(later.number) FROM model_alias_moves AS later WHERE later.model = "
    "model_alias_moves.model "
    "AND "
    "later.alias = model_alias_moves.alias)";
constexpr char kRecords[] = "names/aliases";

std::string RecordKey(std::string_view model, std::string_view alias, int64_t number) {
  return fmt::format("{}/{}/{}/{}", kRecords, model, alias, number);
}

std::optional<int64_t> TargetOf(const AliasMove& move) { return move.to > 0 ? std::optional(move.to) : std::nullopt; }

Json FromOf(const AliasMove& move) { return move.from.has_value() ? Json(*move.from) : Json(nullptr); }

// What most moves do not have is left out, so that they are those of Roost 0.1.
std::string ToRecord(const AliasMove& move) {
  Json json{{"format", "roost alias move"},
            {"version", kFormatVersion},
            {"model", move.model},
            {"alias", move.alias},
            {"number", move.number},
            {"from", FromOf(move)},
            {"to", move.to},
            {"author", move.author},
            {"reason", move.reason},
            {"moved_us", absl::ToUnixMicros(move.moved)}};
  if (move.action != AliasAction::kSet) json["action"] = ActionName(move.action);
  if (!move.evidence.empty()) json["evidence"] = move.evidence;
  return ToLine(json);
}

std::optional<AliasAction> ActionOf(std::string_view name) {
  for (const AliasAction action : {AliasAction::kSet, AliasAction::kRollback}) {
    if (ActionName(action) == name) return action;
  }
  return std::nullopt;
}

// DataLoss where `bytes` are not what ToRecord wrote.
absl::StatusOr<AliasMove> ParseAliasRecord(std::string_view bytes, const std::string& key) {
  const absl::Status damaged = absl::DataLossError(fmt::format("{}: the record of an alias is damaged", key));
  if (bytes.size() > kMaxRecordBytes) return damaged;
  const absl::StatusOr<Json> parsed = ParseJson(bytes, key);
  if (!parsed.ok() || !parsed->is_object()) return damaged;
  const auto text = [&](const char* field) { return TextMember(*parsed, field); };
  const auto number = [&](const char* field) { return IntegerMember(*parsed, field); };
  AliasMove move{.model = text("model"),
                 .alias = text("alias"),
                 .number = number("number"),
                 .to = number("to"),
                 .author = text("author"),
                 .reason = text("reason"),
                 .evidence = text("evidence"),
                 .moved = absl::FromUnixMicros(number("moved_us"))};
  if (number("from") > 0) move.from = number("from");
  const std::optional<AliasAction> action = parsed->contains("action") ? ActionOf(text("action")) : AliasAction::kSet;
  if (!action.has_value()) return damaged;
  move.action = *action;
  if (text("format") != "roost alias move" || number("version") != kFormatVersion || move.to < 0 ||
      RecordKey(move.model, move.alias, move.number) != key) {
    return damaged;
  }
  return move;
}

absl::StatusOr<std::vector<AliasMove>> FromRows(const std::vector<SqlRow>& rows) {
  std::vector<AliasMove> moves;
  for (const SqlRow& row : rows) {
    const auto* number = std::get_if<int64_t>(&row[2]);
    const auto* from = std::get_if<int64_t>(&row[3]);
    const auto* to = std::get_if<int64_t>(&row[4]);
    const auto* moved = std::get_if<int64_t>(&row[7]);
    std::array<const std::string*, 6> texts{};
    size_t num_texts = 0;
    for (const size_t column : {0, 1, 5, 6, 8, 9}) texts[num_texts++] = std::get_if<std::string>(&row[column]);
    const bool has_texts = std::find(texts.begin(), texts.end(), nullptr) == texts.end();
    const std::optional<AliasAction> action = has_texts ? ActionOf(*texts[4]) : std::nullopt;
    if (!number || !to || !moved || !action.has_value()) {
      return absl::DataLossError("a row of the table model_alias_moves has a value of another type");
    }
    moves.push_back({.model = *texts[0],
                     .alias = *texts[1],
                     .number = *number,
                     .from = from != nullptr ? std::optional(*from) : std::nullopt,
                     .to = *to,
                     .action = *action,
                     .author = *texts[2],
                     .reason = *texts[3],
                     .evidence = *texts[5],
                     .moved = absl::FromUnixMicros(*moved)});
  }
  return moves;
}

// The table of Roost 0.1 has neither of the last two columns.
absl::Status AddColumns(store::Database& database) {
  const auto look = [&] {
    return database.Query("SELECT action, evidence FROM model_alias_moves WHERE number = 0").status();
  };
  if (look().ok()) return absl::OkStatus();
  for (const char* column : {"action TEXT NOT NULL DEFAULT 'set'", "evidence TEXT NOT NULL DEFAULT ''"}) {
    // Another process may be faster; the look says what came out.
    database.Execute(fmt::format("ALTER TABLE model_alias_moves ADD COLUMN {}", column)).IgnoreError();
  }
  return look();
}

absl::Status CheckTexts(const AliasMove& move) {
  const bool is_short = move.author.size() <= kMaxTextBytes && move.reason.size() <= kMaxTextBytes &&
                        move.evidence.size() <= kMaxTextBytes;
  if (!move.author.empty() && !move.reason.empty() && is_short) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("to move '{}' of {} takes who does it and why, in at most {} bytes",
                                                move.alias, move.model, kMaxTextBytes));
}

}  // namespace

std::string_view ActionName(AliasAction action) { return action == AliasAction::kSet ? "set" : "rollback"; }

absl::StatusOr<AliasLog> AliasLog::Open(store::Database& database, store::ObjectStore& objects, AuditLog audit) {
  TRY(EnsureTable(database, "model_alias_moves", {kCreateTable}));
  TRY(AddColumns(database));
  return AliasLog(database, objects, audit);
}

absl::StatusOr<bool> AliasLog::Move(AliasMove& move) {
  TRY(CheckAlias(move.alias));
  TRY(CheckTexts(move));
  TRY(Finish(move.model, move.alias, move.moved));
  TRY_ASSIGN(const std::vector<AliasMove> history, History(move.model, move.alias));
  const std::optional<int64_t> target = history.empty() ? std::nullopt : TargetOf(history.back());
  if (target != move.from) return false;
  move.number = static_cast<int64_t>(history.size()) + 1;
  TRY(Insert(move));
  TRY(objects_->Put(RecordKey(move.model, move.alias, move.number), ToRecord(move)));
  TRY(WriteDown(move, move.moved));
  return true;
}

absl::Status AliasLog::Finish(std::string_view model, std::string_view alias, absl::Time now) {
  TRY_ASSIGN(const std::vector<AliasMove> adopted, AdoptRecords(model, alias));
  for (const AliasMove& move : adopted) TRY(WriteDown(move, now));
  return absl::OkStatus();
}

absl::Status AliasLog::WriteDown(const AliasMove& move, absl::Time now) {
  return audit_.Append({.actor = move.author,
                        .action = "alias.moved",
                        .object = fmt::format("{}@{}", move.model, TargetOf(move).value_or(move.from.value_or(0))),
                        .details = {{"alias", move.alias},
                                    {"number", move.number},
                                    {"from", FromOf(move)},
                                    {"to", move.to},
                                    {"how", move.to > 0 ? ActionName(move.action) : "remove"},
                                    {"reason", move.reason},
                                    {"evidence", move.evidence}}},
                       now);
}

absl::StatusOr<bool> AliasLog::IsLast(const AliasMove& move) const {
  TRY_ASSIGN(const std::vector<AliasMove> history, History(move.model, move.alias));
  return move.number > 0 && !history.empty() && history.back() == move;
}

absl::Status AliasLog::Insert(const AliasMove& move) {
  store::SqlValue from;
  if (move.from.has_value()) from = *move.from;
  return database_
      ->Execute(
          "INSERT INTO model_alias_moves (model, alias, number, from_version, to_version, author, reason, moved_us, "
          "action, evidence) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10)",
          {move.model, move.alias, move.number, from, move.to, move.author, move.reason, absl::ToUnixMicros(move.moved),
           std::string(ActionName(move.action)), move.evidence})
      .status();
}

// As Registry::AdoptRecords: finishes moves whose process died between the record and the commit.
absl::StatusOr<std::vector<AliasMove>> AliasLog::AdoptRecords(std::string_view model, std::string_view alias) {
  TRY_ASSIGN(const std::vector<AliasMove> history, History(model, alias));
  std::vector<AliasMove> adopted;
  for (int64_t next = static_cast<int64_t>(history.size()) + 1;; ++next) {
    const std::string key = RecordKey(model, alias, next);
    const absl::StatusOr<std::string> bytes = objects_->Get(key);
    if (absl::IsNotFound(bytes.status())) return adopted;
    if (!bytes.ok()) return bytes.status();
    TRY_ASSIGN(AliasMove move, ParseAliasRecord(*bytes, key));
    TRY(Insert(move));
    adopted.push_back(std::move(move));
  }
}

absl::StatusOr<std::optional<int64_t>> AliasLog::Target(std::string_view model, std::string_view alias) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelect) + " WHERE model = :p1 AND alias = :p2 ORDER BY number DESC LIMIT 1",
                              {std::string(model), std::string(alias)}));
  TRY_ASSIGN(const std::vector<AliasMove> moves, FromRows(rows));
  return moves.empty() ? std::nullopt : TargetOf(moves.front());
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::History(std::string_view model, std::string_view alias) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelect) + " WHERE model = :p1 AND alias = :p2 ORDER BY number",
                              {std::string(model), std::string(alias)}));
  return FromRows(rows);
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::History(std::string_view model) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelect) + " WHERE model = :p1 ORDER BY moved_us, alias, number",
                              {std::string(model)}));
  return FromRows(rows);
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::Current(std::string_view model) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE model = :p1 AND {} ORDER BY alias", kSelect, kIsInForce),
                              {std::string(model)}));
  return FromRows(rows);
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::CurrentOfAll() const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE {} ORDER BY model, alias", kSelect, kIsInForce)));
  return FromRows(rows);
}

absl::StatusOr<int64_t> AliasLog::Restore() {
  TRY_ASSIGN(const std::vector<std::string> keys, objects_->List(kRecords));
  int64_t restored = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(restored, AdoptFolders(keys, kRecords, [&](const std::string& folder) -> absl::StatusOr<int64_t> {
                 const size_t slash = folder.find('/');  // MODEL/ALIAS
                 if (slash == std::string::npos) {
                   return absl::DataLossError(fmt::format("{}/{}: no record has that key", kRecords, folder));
                 }
                 TRY_ASSIGN(const auto adopted, AdoptRecords(folder.substr(0, slash), folder.substr(slash + 1)));
                 return std::ssize(adopted);
               }));
    return absl::OkStatus();
  });
  TRY(done);
  return restored;
}

}  // namespace roost::registry
