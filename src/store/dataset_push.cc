#include "store/dataset_push.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "store/commit.h"
#include "store/name_tables.h"
#include "store/names.h"
#include "store/record_transfer.h"
#include "store/store.h"

namespace roost::store {
namespace {

/// The versions of `log` that are not in `there`, oldest first.
std::vector<CommitInfo> NewVersions(std::vector<CommitInfo> log, const NameTables& there) {
  std::set<int64_t> known;
  for (const auto& version : there.versions) known.insert(version.version);
  std::erase_if(log, [&](const CommitInfo& version) { return known.contains(version.version); });
  std::reverse(log.begin(), log.end());
  return log;
}

}  // namespace

absl::StatusOr<PushReport> PushDataset(Store& from, Store& to, const std::string& dataset, const Context& context) {
  TRY(from.names().RecordPending());
  // Names first: a version that is made or deleted meanwhile is not looked for.
  TRY_ASSIGN(const NameTables here, LoadNameTables(from.database(), dataset));
  TRY_ASSIGN(std::vector<CommitInfo> log, from.Log(dataset));
  TRY_ASSIGN(const NameTables there, LoadNameTables(to.database(), dataset));
  TRY(CheckIsEarlier(there, here));
  std::set<int64_t> named;
  for (const auto& version : here.versions) named.insert(version.version);
  std::erase_if(log, [&](const CommitInfo& version) { return !named.contains(version.version); });
  const std::vector<CommitInfo> versions = NewVersions(std::move(log), there);

  RecordWriter writer(to.objects(), to.records(), context);
  RecordTransfer transfer(from.records(), from.tiles(), writer, context);
  std::vector<std::string> keys;
  for (size_t i = 0; i < versions.size(); ++i) {
    context.Report({.stage = "sending",
                    .unit = "versions",
                    .done = static_cast<int64_t>(i),
                    .total = static_cast<int64_t>(versions.size())});
    TRY(transfer.AddVersion(versions[i]));
    keys.push_back(CommitKey(versions[i].digest));
  }
  TRY_ASSIGN(const SealedRecords sealed, writer.Seal());
  for (const std::string& key : keys) {
    TRY_ASSIGN(const std::string commit, from.objects().Get(key));
    TRY(to.objects().Put(key, commit));
  }
  const absl::Status entered = to.database().InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const NameTables now, LoadNameTables(to.database(), dataset));
    if (now.versions != there.versions || now.deleted != there.deleted || now.moves != there.moves) {
      return LostRace(dataset);
    }
    TRY(to.records().EnterSealed(sealed, keys));
    return EnterNameTables(to.database(), here);
  });
  TRY(entered);
  TRY(to.names().RecordPending());
  PushReport report{.versions = static_cast<int64_t>(versions.size()), .records = transfer.sent()};
  for (const Pack& pack : sealed.packs) report.bytes += static_cast<int64_t>(pack.bytes_total);
  return report;
}

}  // namespace roost::store
