#include "store/name_rows.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/status.h"
#include "store/erasure_record.h"

namespace roost::store {
namespace {

constexpr std::array<const char*, 6> kCreate{
    "CREATE TABLE IF NOT EXISTS versions (dataset TEXT NOT NULL, version BIGINT NOT NULL, commit_id TEXT NOT NULL, "
    "recorded BIGINT NOT NULL, PRIMARY KEY (dataset, version))",
    "CREATE TABLE IF NOT EXISTS name_moves (dataset TEXT NOT NULL, name TEXT NOT NULL, number BIGINT NOT NULL, "
    "kind BIGINT NOT NULL, action BIGINT NOT NULL, from_version BIGINT, to_version BIGINT, protected BIGINT NOT NULL, "
    "author TEXT NOT NULL, reason TEXT NOT NULL, moved_us BIGINT NOT NULL, recorded BIGINT NOT NULL, "
    "PRIMARY KEY (dataset, name, number))",
    "CREATE TABLE IF NOT EXISTS deleted_versions (dataset TEXT NOT NULL, version BIGINT NOT NULL, "
    "commit_id TEXT NOT NULL, parents TEXT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, "
    "deleted_us BIGINT NOT NULL, recorded BIGINT NOT NULL, PRIMARY KEY (dataset, version))",
    // What has no record object yet is looked for at every change, and is as a rule nothing.
    "CREATE INDEX IF NOT EXISTS versions_unrecorded ON versions (dataset) WHERE recorded = 0",
    "CREATE INDEX IF NOT EXISTS name_moves_unrecorded ON name_moves (dataset) WHERE recorded = 0",
    "CREATE INDEX IF NOT EXISTS deleted_versions_unrecorded ON deleted_versions (dataset) WHERE recorded = 0"};

constexpr int64_t kLastKind = static_cast<int64_t>(NameKind::kAlias);
constexpr int64_t kLastAction = static_cast<int64_t>(NameAction::kUnprotect);
constexpr size_t kHexDigits = 64;

absl::Status WrongType(const char* table) {
  return absl::DataLossError(fmt::format("a row of the table {} has a value that cannot be", table));
}

SqlValue ToSql(const std::optional<int64_t>& version) { return version.has_value() ? SqlValue(*version) : SqlValue(); }

std::optional<int64_t> VersionOf(const SqlValue& value) {
  const auto* version = std::get_if<int64_t>(&value);
  return version == nullptr ? std::nullopt : std::optional(*version);
}

absl::StatusOr<NameMove> MoveOf(const SqlRow& row) {
  std::array<const std::string*, 4> texts{};
  std::array<const int64_t*, 5> numbers{};
  constexpr std::array<size_t, 4> kTexts{0, 1, 8, 9};
  constexpr std::array<size_t, 5> kNumbers{2, 3, 4, 7, 10};
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = std::get_if<std::string>(&row[kTexts[i]]);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::get_if<int64_t>(&row[kNumbers[i]]);
  const auto is_null = [](const auto* value) { return value == nullptr; };
  if (std::any_of(texts.begin(), texts.end(), is_null) || std::any_of(numbers.begin(), numbers.end(), is_null) ||
      *numbers[1] < 0 || *numbers[1] > kLastKind || *numbers[2] < 0 || *numbers[2] > kLastAction) {
    return WrongType("name_moves");
  }
  return NameMove{.dataset = *texts[0],
                  .name = *texts[1],
                  .number = *numbers[0],
                  .kind = static_cast<NameKind>(*numbers[1]),
                  .action = static_cast<NameAction>(*numbers[2]),
                  .from = VersionOf(row[5]),
                  .to = VersionOf(row[6]),
                  .is_protected = *numbers[3] != 0,
                  .author = *texts[2],
                  .reason = *texts[3],
                  .time = absl::FromUnixMicros(*numbers[4])};
}

absl::StatusOr<DeletedVersion> DeletedOf(const SqlRow& row) {
  const auto* dataset = std::get_if<std::string>(&row[0]);
  const auto* version = std::get_if<int64_t>(&row[1]);
  const auto* commit = std::get_if<std::string>(&row[2]);
  const auto* parents = std::get_if<std::string>(&row[3]);
  const auto* author = std::get_if<std::string>(&row[4]);
  const auto* reason = std::get_if<std::string>(&row[5]);
  const auto* time = std::get_if<int64_t>(&row[6]);
  if (!dataset || !version || !commit || !parents || !author || !reason || !time || parents->size() % kHexDigits != 0) {
    return WrongType("deleted_versions");
  }
  DeletedVersion deleted{.dataset = *dataset,
                         .version = *version,
                         .author = *author,
                         .reason = *reason,
                         .time = absl::FromUnixMicros(*time)};
  TRY_ASSIGN(deleted.commit, Digest::FromHex(*commit));
  for (size_t i = 0; i < parents->size(); i += kHexDigits) {
    TRY_ASSIGN(const Digest parent, Digest::FromHex(parents->substr(i, kHexDigits)));
    deleted.parents.push_back(parent);
  }
  return deleted;
}

/// The greatest of a query's first column, 0 where there is none.
absl::StatusOr<int64_t> Greatest(Database& database, const std::string& sql, const SqlRow& parameters) {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query(sql, parameters));
  return rows.empty() ? 0 : VersionOf(rows[0][0]).value_or(0);
}

}  // namespace

absl::Status CreateNameTables(Database& database) {
  for (const char* sql : kCreate) TRY(database.Execute(sql).status());
  return CreateErasureTable(database);
}

absl::StatusOr<std::vector<NameMove>> SelectMoves(Database& database, const std::string& rest,
                                                  const SqlRow& parameters) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database.Query("SELECT dataset, name, number, kind, action, from_version, to_version, protected, author, "
                            "reason, moved_us FROM name_moves " +
                                rest,
                            parameters));
  std::vector<NameMove> moves;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(NameMove move, MoveOf(row));
    moves.push_back(std::move(move));
  }
  return moves;
}

absl::Status InsertMove(Database& database, const NameMove& move, bool recorded) {
  return database
      .Execute(
          "INSERT INTO name_moves (dataset, name, number, kind, action, from_version, to_version, protected, author, "
          "reason, moved_us, recorded) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12) "
          "ON CONFLICT DO NOTHING",
          {move.dataset, move.name, move.number, static_cast<int64_t>(move.kind), static_cast<int64_t>(move.action),
           ToSql(move.from), ToSql(move.to), int64_t{move.is_protected}, move.author, move.reason,
           absl::ToUnixMicros(move.time), int64_t{recorded}})
      .status();
}

absl::StatusOr<std::vector<DeletedVersion>> SelectDeleted(Database& database, const std::string& rest,
                                                          const SqlRow& parameters) {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query("SELECT dataset, version, commit_id, parents, author, "
                                                            "reason, deleted_us FROM deleted_versions " +
                                                                rest,
                                                            parameters));
  std::vector<DeletedVersion> all;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(DeletedVersion deleted, DeletedOf(row));
    all.push_back(std::move(deleted));
  }
  return all;
}

absl::Status InsertDeleted(Database& database, const DeletedVersion& deleted, bool recorded) {
  std::string parents;
  for (const Digest& parent : deleted.parents) parents += parent.ToHex();
  TRY(database
          .Execute("INSERT INTO deleted_versions (dataset, version, commit_id, parents, author, reason, deleted_us, "
                   "recorded) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8) ON CONFLICT DO NOTHING",
                   {deleted.dataset, deleted.version, deleted.commit.ToHex(), parents, deleted.author, deleted.reason,
                    absl::ToUnixMicros(deleted.time), int64_t{recorded}})
          .status());
  return database
      .Execute("DELETE FROM versions WHERE dataset = :p1 AND version = :p2", {deleted.dataset, deleted.version})
      .status();
}

absl::Status InsertVersion(Database& database, const std::string& dataset, int64_t version, const Digest& commit,
                           bool recorded) {
  return database
      .Execute(
          "INSERT INTO versions (dataset, version, commit_id, recorded) VALUES (:p1, :p2, :p3, :p4) "
          "ON CONFLICT DO NOTHING",
          {dataset, version, commit.ToHex(), int64_t{recorded}})
      .status();
}

absl::StatusOr<std::optional<NameMove>> LastMove(Database& database, const std::string& dataset,
                                                 const std::string& name) {
  TRY_ASSIGN(std::vector<NameMove> moves,
             SelectMoves(database, "WHERE dataset = :p1 AND name = :p2 ORDER BY number DESC LIMIT 1", {dataset, name}));
  if (!moves.empty()) return std::optional(std::move(moves[0]));
  if (name != kMainBranch) return std::nullopt;
  // In a workspace of before there were branches: what no other branch made.
  TRY_ASSIGN(const int64_t newest,
             Greatest(database,
                      "SELECT MAX(version) FROM versions WHERE dataset = :p1 AND NOT EXISTS (SELECT 1 FROM name_moves "
                      "WHERE name_moves.dataset = versions.dataset AND name_moves.to_version = versions.version AND "
                      "name_moves.action = 0 AND name_moves.name <> 'main')",
                      {dataset}));
  if (newest == 0) return std::nullopt;
  NameMove move{.dataset = dataset, .name = name, .number = newest, .action = NameAction::kCommit, .to = newest};
  if (newest > 1) move.from = newest - 1;
  return std::optional(std::move(move));
}

absl::StatusOr<std::vector<NameMove>> CurrentNames(Database& database, const std::string& dataset) {
  TRY_ASSIGN(std::vector<NameMove> names,
             SelectMoves(database,
                         "WHERE dataset = :p1 AND to_version IS NOT NULL AND number = (SELECT MAX(later.number) FROM "
                         "name_moves AS later WHERE later.dataset = name_moves.dataset AND later.name = "
                         "name_moves.name) ORDER BY name",
                         {dataset}));
  const auto after = std::find_if(names.begin(), names.end(),
                                  [](const NameMove& move) { return move.name.compare(kMainBranch) >= 0; });
  if (after != names.end() && after->name == kMainBranch) return names;
  TRY_ASSIGN(std::optional<NameMove> main, LastMove(database, dataset, kMainBranch));
  if (main.has_value() && main->to.has_value()) names.insert(after, *std::move(main));
  return names;
}

absl::StatusOr<std::optional<std::string>> CommitOf(Database& database, const std::string& dataset, int64_t version) {
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      database.Query("SELECT commit_id FROM versions WHERE dataset = :p1 AND version = :p2", {dataset, version}));
  if (rows.empty()) return std::nullopt;
  return std::get<std::string>(rows[0][0]);
}

absl::StatusOr<int64_t> NextVersion(Database& database, const std::string& dataset) {
  TRY_ASSIGN(const int64_t there,
             Greatest(database, "SELECT MAX(version) FROM versions WHERE dataset = :p1", {dataset}));
  TRY_ASSIGN(const int64_t deleted,
             Greatest(database, "SELECT MAX(version) FROM deleted_versions WHERE dataset = :p1", {dataset}));
  return std::max(there, deleted) + 1;
}

}  // namespace roost::store
