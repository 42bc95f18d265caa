#include "store/names_rebuild.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/status.h"

namespace roost::store {
namespace {

/// Reads the records under `folder` with `parse`.
template <typename Record>
absl::Status ReadAll(ObjectStore& objects, const char* folder,
                     absl::StatusOr<Record> (*parse)(std::string_view bytes, const std::string& key),
                     std::vector<Record>& records, std::vector<DamagedRecord>& damaged) {
  TRY_ASSIGN(const std::vector<std::string> keys, objects.List(folder));
  for (const std::string& key : keys) {
    TRY_ASSIGN(const std::string bytes, objects.Get(key));
    absl::StatusOr<Record> record = parse(bytes, key);
    if (record.ok()) {
      records.push_back(*std::move(record));
    } else {
      damaged.push_back({.key = key, .message = std::string(record.status().message())});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NameRecords> ReadNameRecords(ObjectStore& objects) {
  NameRecords all;
  TRY(ReadAll<VersionRecord>(objects, kVersionRecords, ParseVersionRecord, all.versions, all.damaged));
  TRY(ReadAll<DeletedVersion>(objects, kDeletedRecords, ParseDeletedRecord, all.deleted, all.damaged));
  TRY(ReadAll<NameMove>(objects, kMoveRecords, ParseMoveRecord, all.moves, all.damaged));
  TRY(ReadAll<Erasure>(objects, kErasureRecords, ParseErasureRecord, all.erasures, all.damaged));
  for (const VersionRecord& version : all.versions) all.moves.push_back(version.move);
  // The commits that erasures wrote anew: what the other records say was so before.
  const RewrittenCommits rewritten(all.erasures);
  for (VersionRecord& version : all.versions) version.commit = rewritten.Now(version.commit);
  for (DeletedVersion& version : all.deleted) {
    version.commit = rewritten.Now(version.commit);
    for (Digest& parent : version.parents) parent = rewritten.Now(parent);
  }
  return all;
}

void ChainMoves(std::vector<NameMove>& moves) {
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

}  // namespace roost::store
