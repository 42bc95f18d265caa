#include "store/dataset_push.h"

#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "store/commit.h"
#include "store/history.h"
#include "store/name_tables.h"
#include "store/names.h"
#include "store/record_transfer.h"
#include "store/store.h"

namespace roost::store {
namespace {

/// What `store` says of the dataset, at one moment.
absl::StatusOr<NameTables> NamesAtOneMoment(Store& store, const std::string& dataset) {
  NameTables names;
  const absl::Status read = store.database().InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(names, LoadNameTables(store.database(), dataset));
    return absl::OkStatus();
  });
  TRY(read);
  return names;
}

/// The commits of those versions of `here` that are not in `there`, oldest first. By their digests: a version that is
/// deleted meanwhile keeps its commit and records until garbage is collected.
absl::StatusOr<std::vector<CommitInfo>> NewVersions(ObjectStore& objects, const NameTables& here,
                                                    const NameTables& there) {
  std::set<int64_t> known;
  for (const auto& version : there.versions) known.insert(version.version);
  std::vector<CommitInfo> versions;
  for (const auto& version : here.versions) {
    if (known.contains(version.version)) continue;
    TRY_ASSIGN(CommitInfo info, LoadCommitAt(objects, version.commit));
    versions.push_back(std::move(info));
  }
  return versions;
}

}  // namespace

absl::StatusOr<PushReport> PushDataset(Store& from, Store& to, const std::string& dataset, const Context& context) {
  TRY(from.names().RecordPending());
  TRY_ASSIGN(const NameTables here, NamesAtOneMoment(from, dataset));
  if (here.versions.empty()) {
    TRY(from.names().Log(dataset, {.limit = 1}).status());
    return LostRace(dataset);  // its first version was made after we looked
  }
  TRY_ASSIGN(const NameTables there, NamesAtOneMoment(to, dataset));
  TRY(CheckIsEarlier(there, here));
  TRY_ASSIGN(const std::vector<CommitInfo> versions, NewVersions(from.objects(), here, there));

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
