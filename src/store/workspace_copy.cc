#include "store/workspace_copy.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "store/commit.h"
#include "store/name_tables.h"
#include "store/names.h"
#include "store/object_copier.h"
#include "store/records.h"
#include "store/store.h"

namespace roost::store {
namespace {

constexpr int kMaxPasses = 20;

/// What the database of a workspace says, at one moment.
struct Contents {
  NameTables names;
  std::vector<Pack> packs;  // with the records that the index has of each

  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    for (const Pack& pack : packs) keys.push_back(PackKey(pack.digest));
    for (const auto& version : names.versions) keys.push_back(CommitKey(version.commit));
    return keys;
  }
};

absl::StatusOr<std::vector<Pack>> LoadPacks(Database& database) {
  std::map<std::string, Pack> packs;
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query("SELECT digest, bytes FROM packs"));
  for (const SqlRow& row : rows) {
    Pack& pack = packs[std::get<std::string>(row[0])];
    TRY_ASSIGN(pack.digest, Digest::FromHex(std::get<std::string>(row[0])));
    pack.bytes_total = static_cast<uint64_t>(std::get<int64_t>(row[1]));
  }
  TRY_ASSIGN(const std::vector<SqlRow> records,
             database.Query("SELECT p.digest, r.id, r.kind, r.start, r.length, r.crc FROM records r JOIN packs p ON "
                            "p.number = r.pack ORDER BY r.pack, r.start"));
  for (const SqlRow& row : records) {
    PackEntry entry{.kind = static_cast<uint8_t>(std::get<int64_t>(row[2])),
                    .offset = static_cast<uint64_t>(std::get<int64_t>(row[3])),
                    .length = static_cast<uint32_t>(std::get<int64_t>(row[4])),
                    .crc = static_cast<uint32_t>(std::get<int64_t>(row[5]))};
    TRY_ASSIGN(entry.id, Digest::FromHex(std::get<std::string>(row[1])));
    packs[std::get<std::string>(row[0])].entries.push_back(entry);
  }
  std::vector<Pack> all;
  for (auto& [digest, pack] : packs) all.push_back(std::move(pack));
  return all;
}

/// Copies all objects, and reads what the database says so that all that it names was copied before.
absl::StatusOr<Contents> CopyObjects(Store& from, ObjectCopier& copier, const Context& context) {
  for (int pass = 1; pass <= kMaxPasses; ++pass) {
    TRY(context.CheckCancelled());
    TRY(from.names().RecordPending());
    TRY_ASSIGN(std::vector<std::string> keys, from.objects().List(""));
    // What was done to a workspace is its own; the registry sees to it.
    std::erase_if(keys, [](const std::string& key) { return key.starts_with("names/audit/"); });
    bool vanished = false;
    TRY(copier.Copy(keys, vanished));
    const std::vector<std::string> damages = copier.damages();
    Contents contents;
    const absl::Status read = from.database().InTransaction([&]() -> absl::Status {
      TRY_ASSIGN(contents.names, LoadNameTables(from.database(), ""));
      TRY_ASSIGN(contents.packs, LoadPacks(from.database()));
      return absl::OkStatus();
    });
    TRY(read);
    bool is_whole = true;
    for (const std::string& key : contents.Keys()) is_whole = is_whole && copier.IsThere(key);
    if (is_whole) return contents;
    if (!damages.empty()) {
      return WithHint(absl::DataLossError(fmt::format("{}; the workspace is not copied", fmt::join(damages, ", "))),
                      "'roost data verify' says which versions need it; mend it from a backup with '--repair-from', or "
                      "delete these versions.");
    }
  }
  return absl::AbortedError("writers and garbage collection were in the way of the copy again and again");
}

/// Where garbage is being removed there, an object that is needed may be about to go.
absl::Status LiftGarbage(Database& database, const Contents& contents) {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query("SELECT object_key, deleting FROM garbage"));
  std::map<std::string, int64_t> garbage;
  for (const SqlRow& row : rows) garbage[std::get<std::string>(row[0])] = std::get<int64_t>(row[1]);
  for (const std::string& key : contents.Keys()) {
    const auto found = garbage.find(key);
    if (found == garbage.end()) continue;
    if (found->second != 0) {
      return WithHint(absl::AbortedError(fmt::format("the other workspace is removing {}", key)),
                      "Run 'roost data gc --run' there, which ends the removal, and this command again.");
    }
    TRY(database.Execute("DELETE FROM garbage WHERE object_key = :p1", {key}).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CopyReport> CopyWorkspace(Store& from, Store& to, const Context& context) {
  TRY_ASSIGN(const int64_t epoch, to.records().Epoch());
  TRY_ASSIGN(const NameTables before, LoadNameTables(to.database(), ""));
  {
    // Before anything is copied.
    TRY_ASSIGN(const NameTables here, LoadNameTables(from.database(), ""));
    TRY(CheckIsEarlier(before, here));
  }
  ObjectCopier copier(from.objects(), to.objects(), context);
  TRY(copier.Look());
  TRY_ASSIGN(const Contents contents, CopyObjects(from, copier, context));
  const absl::Status entered = to.database().InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const NameTables now, LoadNameTables(to.database(), ""));
    TRY(CheckIsEarlier(now, contents.names));
    TRY_ASSIGN(const int64_t epoch_now, to.records().Epoch());
    if (epoch_now != epoch) {
      return WithHint(absl::AbortedError("garbage was collected in the other workspace meanwhile"),
                      "Run the command again; what was copied stays.");
    }
    TRY(LiftGarbage(to.database(), contents));
    // The index is taken as it is: what the other one had more of is garbage there.
    TRY(to.database().Execute("DELETE FROM records").status());
    TRY(to.database().Execute("DELETE FROM packs").status());
    TRY(to.records().NextEpoch());
    TRY(to.records().Enter(contents.packs));
    return EnterNameTables(to.database(), contents.names);
  });
  TRY(entered);
  TRY(to.names().RecordPending());
  return CopyReport{.copied = copier.copied(),
                    .bytes = copier.bytes(),
                    .versions = static_cast<int64_t>(contents.names.versions.size())};
}

}  // namespace roost::store
