#include "store/name_tables.h"

#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "store/name_rows.h"

namespace roost::store {
namespace {

absl::Status Differs(const std::string& what) {
  return WithHint(
      absl::FailedPreconditionError(fmt::format("the other workspace has gone its own way: {}", what)),
      "Nothing was changed. Bring what is only there here with 'roost data pull'; where both made a version "
      "under one number, export one of them and add it on the other side.");
}

}  // namespace

absl::StatusOr<NameTables> LoadNameTables(Database& database, const std::string& dataset) {
  const std::string where = dataset.empty() ? "" : "WHERE dataset = :p1 ";
  const SqlRow parameters = dataset.empty() ? SqlRow{} : SqlRow{dataset};
  NameTables tables;
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database.Query("SELECT dataset, version, commit_id FROM versions " + where + "ORDER BY dataset, version",
                            parameters));
  for (const SqlRow& row : rows) {
    NameTables::Version version{.dataset = std::get<std::string>(row[0]), .version = std::get<int64_t>(row[1])};
    TRY_ASSIGN(version.commit, Digest::FromHex(std::get<std::string>(row[2])));
    tables.versions.push_back(std::move(version));
  }
  TRY_ASSIGN(tables.deleted, SelectDeleted(database, where + "ORDER BY dataset, version", parameters));
  TRY_ASSIGN(tables.moves, SelectMoves(database, where + "ORDER BY dataset, name, number", parameters));
  TRY_ASSIGN(tables.erasures, SelectErasures(database, where + "ORDER BY dataset, number", parameters));
  return tables;
}

absl::Status CheckIsEarlier(const NameTables& there, const NameTables& here) {
  std::map<std::pair<std::string, int64_t>, Digest> versions;
  std::map<std::pair<std::string, int64_t>, Digest> deleted;
  for (const auto& version : here.versions) versions[{version.dataset, version.version}] = version.commit;
  for (const auto& version : here.deleted) deleted[{version.dataset, version.version}] = version.commit;
  for (const auto& version : there.versions) {
    const std::pair key(version.dataset, version.version);
    const std::string name = fmt::format("{}@{}", version.dataset, version.version);
    const bool is_here = versions.contains(key);
    if (!is_here && !deleted.contains(key)) return Differs(name + " is only there");
    if ((is_here ? versions : deleted).at(key) != version.commit) return Differs(name + " is another version there");
  }
  for (const auto& version : there.deleted) {
    const auto found = deleted.find({version.dataset, version.version});
    if (found != deleted.end() && found->second == version.commit) continue;
    return Differs(fmt::format("{}@{} was deleted there", version.dataset, version.version));
  }
  std::map<std::tuple<std::string, std::string, int64_t>, const NameMove*> moves;
  for (const NameMove& move : here.moves) moves[{move.dataset, move.name, move.number}] = &move;
  for (const NameMove& move : there.moves) {
    const auto found = moves.find({move.dataset, move.name, move.number});
    if (found != moves.end() && found->second->to == move.to && found->second->action == move.action) continue;
    return Differs(fmt::format("{} '{}' of {} was moved there", ToString(move.kind), move.name, move.dataset));
  }
  return absl::OkStatus();
}

absl::Status EnterNameTables(Database& database, const NameTables& tables) {
  for (const auto& version : tables.versions) {
    TRY(InsertVersion(database, version.dataset, version.version, version.commit, /*recorded=*/false));
  }
  for (const DeletedVersion& version : tables.deleted) TRY(InsertDeleted(database, version, /*recorded=*/false));
  for (const Erasure& erasure : tables.erasures) {
    TRY(InsertErasure(database, erasure, /*recorded=*/false, /*purged=*/false));
  }
  for (const NameMove& move : tables.moves) {
    // The record of a version tells of the move of its branch.
    TRY(InsertMove(database, move, /*recorded=*/move.action == NameAction::kCommit));
  }
  return absl::OkStatus();
}

}  // namespace roost::store
