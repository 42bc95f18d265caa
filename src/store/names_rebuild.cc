// The tables of names, from the records of their changes.

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "store/erasure_record.h"
#include "store/name_rows.h"
#include "store/names.h"

namespace roost::store {
namespace {

/// All records, read and checked.
struct AllRecords {
  std::vector<VersionRecord> versions;
  std::vector<DeletedVersion> deleted;
  std::vector<NameMove> moves;  ///< by dataset, name and number
  std::vector<Erasure> erasures;
};

/// Reads the records under `folder` with `parse`.
template <typename Record>
absl::StatusOr<std::vector<Record>> ReadAll(ObjectStore& objects, const char* folder,
                                            absl::StatusOr<Record> (*parse)(std::string_view bytes,
                                                                            const std::string& key)) {
  TRY_ASSIGN(const std::vector<std::string> keys, objects.List(folder));
  std::vector<Record> records;
  records.reserve(keys.size());
  for (const std::string& key : keys) {
    TRY_ASSIGN(const std::string bytes, objects.Get(key));
    TRY_ASSIGN(Record record, parse(bytes, key));
    records.push_back(std::move(record));
  }
  return records;
}

/// The record of a version does not say where its branch was and whether it was protected: the move before does.
void Chain(std::vector<NameMove>& moves) {
  const auto place = [](const NameMove& move) { return std::tie(move.dataset, move.name, move.number); };
  std::sort(moves.begin(), moves.end(), [&](const NameMove& a, const NameMove& b) { return place(a) < place(b); });
  for (size_t i = 1; i < moves.size(); ++i) {
    const NameMove& before = moves[i - 1];
    NameMove& move = moves[i];
    if (move.action != NameAction::kCommit || before.dataset != move.dataset || before.name != move.name) continue;
    move.from = before.to;
    move.is_protected = before.is_protected;
  }
}

absl::StatusOr<AllRecords> ReadRecords(ObjectStore& objects) {
  AllRecords all;
  TRY_ASSIGN(all.versions, ReadAll<VersionRecord>(objects, kVersionRecords, ParseVersionRecord));
  TRY_ASSIGN(all.deleted, ReadAll<DeletedVersion>(objects, kDeletedRecords, ParseDeletedRecord));
  TRY_ASSIGN(all.moves, ReadAll<NameMove>(objects, kMoveRecords, ParseMoveRecord));
  for (const VersionRecord& version : all.versions) all.moves.push_back(version.move);
  Chain(all.moves);
  // The commits that erasures wrote anew: what the other records say was so before.
  TRY_ASSIGN(all.erasures, LoadErasures(objects));
  const RewrittenCommits rewritten(all.erasures);
  for (VersionRecord& version : all.versions) version.commit = rewritten.Now(version.commit);
  for (DeletedVersion& version : all.deleted) {
    version.commit = rewritten.Now(version.commit);
    for (Digest& parent : version.parents) parent = rewritten.Now(parent);
  }
  return all;
}

absl::StatusOr<int64_t> NumRows(Database& database) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database.Query("SELECT (SELECT COUNT(*) FROM versions) + (SELECT COUNT(*) FROM name_moves) + "
                            "(SELECT COUNT(*) FROM deleted_versions) + (SELECT COUNT(*) FROM erasures)"));
  return std::get<int64_t>(rows.at(0).at(0));
}

}  // namespace

absl::StatusOr<int64_t> RebuildNames(ObjectStore& objects, Database& database) {
  TRY(CreateNameTables(database));
  TRY_ASSIGN(const AllRecords all, ReadRecords(objects));
  std::set<std::pair<std::string, int64_t>> deleted;
  for (const DeletedVersion& version : all.deleted) deleted.emplace(version.dataset, version.version);
  int64_t restored = 0;
  const absl::Status done = database.InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const int64_t before, NumRows(database));
    for (const VersionRecord& version : all.versions) {
      if (deleted.contains({version.dataset, version.version})) continue;
      TRY(InsertVersion(database, version.dataset, version.version, version.commit, /*recorded=*/true));
    }
    for (const DeletedVersion& version : all.deleted) TRY(InsertDeleted(database, version, /*recorded=*/true));
    for (const NameMove& move : all.moves) TRY(InsertMove(database, move, /*recorded=*/true));
    // Whether what they erased is gone from the packs is not known: the next one looks.
    for (const Erasure& erasure : all.erasures)
      TRY(InsertErasure(database, erasure, /*recorded=*/true, /*purged=*/false));
    TRY_ASSIGN(const int64_t after, NumRows(database));
    restored = after - before;
    return absl::OkStatus();
  });
  TRY(done);
  return restored;
}

}  // namespace roost::store
