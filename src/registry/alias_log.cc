#include "registry/alias_log.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "registry/ensure_table.h"
#include "registry/model_version.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMaxRecordBytes = size_t{1} << 16;
constexpr size_t kMaxReasonBytes = 4096;
constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS model_alias_moves (model TEXT NOT NULL, alias TEXT NOT NULL, number BIGINT NOT NULL, "
    "from_version BIGINT, to_version BIGINT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, "
    "moved_us BIGINT NOT NULL, PRIMARY KEY (model, alias, number))";
constexpr char kSelect[] =
    "SELECT model, alias, number, from_version, to_version, author, reason, moved_us FROM model_alias_moves";
constexpr char kIsLast[] =
    "number = (SELECT MAX(later.number) FROM model_alias_moves AS later WHERE later.model = model_alias_moves.model "
    "AND "
    "later.alias = model_alias_moves.alias)";
constexpr char kRecords[] = "names/aliases";

std::string RecordKey(std::string_view model, std::string_view alias, int64_t number) {
  return fmt::format("{}/{}/{}/{}", kRecords, model, alias, number);
}

std::string ToRecord(const AliasMove& move) {
  return ToLine(Json{{"format", "roost alias move"},
                     {"version", kFormatVersion},
                     {"model", move.model},
                     {"alias", move.alias},
                     {"number", move.number},
                     {"from", move.from.has_value() ? Json(*move.from) : Json(nullptr)},
                     {"to", move.to},
                     {"author", move.author},
                     {"reason", move.reason},
                     {"moved_us", absl::ToUnixMicros(move.moved)}});
}

// DataLoss where `bytes` are not what ToRecord wrote.
absl::StatusOr<AliasMove> ParseAliasRecord(std::string_view bytes, const std::string& key) {
  const absl::Status damaged = absl::DataLossError(fmt::format("{}: the record of an alias is damaged", key));
  if (bytes.size() > kMaxRecordBytes) return damaged;
  const absl::StatusOr<Json> parsed = ParseJson(bytes, key);
  if (!parsed.ok() || !parsed->is_object()) return damaged;
  const auto text = [&](const char* field) {
    const Json json = parsed->value(field, Json());
    return json.is_string() ? json.get<std::string>() : std::string();
  };
  const auto number = [&](const char* field) {
    const Json json = parsed->value(field, Json());
    return json.is_number_integer() ? json.get<int64_t>() : int64_t{0};
  };
  AliasMove move{.model = text("model"),
                 .alias = text("alias"),
                 .number = number("number"),
                 .to = number("to"),
                 .author = text("author"),
                 .reason = text("reason"),
                 .moved = absl::FromUnixMicros(number("moved_us"))};
  if (number("from") > 0) move.from = number("from");
  if (text("format") != "roost alias move" || number("version") != kFormatVersion || move.to < 1 ||
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
    const std::string* texts[4];
    size_t num_texts = 0;
    for (const size_t column : {0, 1, 5, 6}) texts[num_texts++] = std::get_if<std::string>(&row[column]);
    if (!number || !to || !moved || !texts[0] || !texts[1] || !texts[2] || !texts[3]) {
      return absl::DataLossError("a row of the table model_alias_moves has a value of another type");
    }
    moves.push_back({.model = *texts[0],
                     .alias = *texts[1],
                     .number = *number,
                     .from = from != nullptr ? std::optional(*from) : std::nullopt,
                     .to = *to,
                     .author = *texts[2],
                     .reason = *texts[3],
                     .moved = absl::FromUnixMicros(*moved)});
  }
  return moves;
}

std::string Describe(std::optional<int64_t> version) {
  return version.has_value() ? fmt::format("at version {}", *version) : "nowhere";
}

}  // namespace

absl::StatusOr<AliasLog> AliasLog::Open(store::Database& database, store::ObjectStore& objects) {
  TRY(EnsureTable(database, "model_alias_moves", kCreateTable));
  return AliasLog(database, objects);
}

absl::StatusOr<AliasMove> AliasLog::Move(std::string_view model, std::string_view alias,
                                         std::optional<int64_t> expected, int64_t to, std::string_view author,
                                         std::string_view reason, const Context& context) {
  TRY(CheckAlias(alias));
  if (author.empty() || reason.empty() || reason.size() > kMaxReasonBytes) {
    return absl::InvalidArgumentError(fmt::format("to move '{}' of {} takes who does it and why, in at most {} bytes",
                                                  alias, model, kMaxReasonBytes));
  }
  AliasMove move{.model = std::string(model),
                 .alias = std::string(alias),
                 .from = expected,
                 .to = to,
                 .author = std::string(author),
                 .reason = std::string(reason),
                 .moved = absl::FromUnixMicros(absl::ToUnixMicros(context.now()))};
  std::optional<int64_t> target;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY(AdoptRecords(model, alias).status());
    TRY_ASSIGN(const std::vector<AliasMove> history, History(model, alias));
    target = history.empty() ? std::nullopt : std::optional(history.back().to);
    if (!history.empty() && history.back().number == move.number && history.back() == move) {
      target = expected;  // the work runs again, and has just adopted its own record
      return absl::OkStatus();
    }
    // What was adopted stays also where this move is refused: the next reader sees the target that refused it.
    if (target != expected) return absl::OkStatus();
    move.number = static_cast<int64_t>(history.size()) + 1;
    TRY(Insert(move));
    return objects_->Put(RecordKey(model, alias, move.number), ToRecord(move));
  });
  if (!done.ok()) return Annotate(done, fmt::format("moving the alias '{}' of {}", alias, model));
  if (target == expected) return move;
  return WithHint(absl::AbortedError(fmt::format("the alias '{}' of {} points {}, not {}: somebody else moved it",
                                                 alias, model, Describe(target), Describe(expected))),
                  "Look at its history, and decide again.");
}

absl::Status AliasLog::Insert(const AliasMove& move) {
  store::SqlValue from;
  if (move.from.has_value()) from = *move.from;
  return database_
      ->Execute(
          "INSERT INTO model_alias_moves (model, alias, number, from_version, to_version, author, reason, moved_us) "
          "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8)",
          {move.model, move.alias, move.number, from, move.to, move.author, move.reason,
           absl::ToUnixMicros(move.moved)})
      .status();
}

// As Registry::AdoptRecords: finishes moves whose process died between the record and the commit.
absl::StatusOr<int64_t> AliasLog::AdoptRecords(std::string_view model, std::string_view alias) {
  TRY_ASSIGN(const std::vector<AliasMove> history, History(model, alias));
  int64_t adopted = 0;
  for (int64_t next = static_cast<int64_t>(history.size()) + 1;; ++next) {
    const std::string key = RecordKey(model, alias, next);
    const absl::StatusOr<std::string> bytes = objects_->Get(key);
    if (absl::IsNotFound(bytes.status())) return adopted;
    if (!bytes.ok()) return bytes.status();
    TRY_ASSIGN(const AliasMove move, ParseAliasRecord(*bytes, key));
    TRY(Insert(move));
    ++adopted;
  }
}

absl::StatusOr<std::optional<int64_t>> AliasLog::Target(std::string_view model, std::string_view alias) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelect) + " WHERE model = :p1 AND alias = :p2 ORDER BY number DESC LIMIT 1",
                              {std::string(model), std::string(alias)}));
  TRY_ASSIGN(const std::vector<AliasMove> moves, FromRows(rows));
  return moves.empty() ? std::nullopt : std::optional(moves.front().to);
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::History(std::string_view model, std::string_view alias) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelect) + " WHERE model = :p1 AND alias = :p2 ORDER BY number",
                              {std::string(model), std::string(alias)}));
  return FromRows(rows);
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::Current(std::string_view model) const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE model = :p1 AND {} ORDER BY alias", kSelect, kIsLast),
                              {std::string(model)}));
  return FromRows(rows);
}

absl::StatusOr<std::vector<AliasMove>> AliasLog::CurrentOfAll() const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(fmt::format("{} WHERE {} ORDER BY model, alias", kSelect, kIsLast)));
  return FromRows(rows);
}

absl::StatusOr<int64_t> AliasLog::Restore() {
  TRY_ASSIGN(const std::vector<std::string> keys, objects_->List(kRecords));
  int64_t restored = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    std::string last;
    for (const std::string& key : keys) {
      std::string alias = key.substr(0, key.rfind('/'));  // names/aliases/MODEL/ALIAS
      if (alias == last) continue;
      const size_t begin = sizeof kRecords;
      const size_t slash = alias.find('/', begin);
      if (slash == std::string::npos) return absl::DataLossError(fmt::format("{}: no record has that key", key));
      TRY_ASSIGN(const int64_t adopted, AdoptRecords(alias.substr(begin, slash - begin), alias.substr(slash + 1)));
      restored += adopted;
      last = std::move(alias);
    }
    return absl::OkStatus();
  });
  TRY(done);
  return restored;
}

}  // namespace roost::registry
