#include "store/recover.h"

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "store/commit.h"
#include "store/erasure_record.h"
#include "store/name_record.h"
#include "store/names.h"
#include "store/record_catalog.h"
#include "store/store.h"

namespace roost::store {
namespace {

namespace fs = std::filesystem;

using VersionKey = std::pair<std::string, int64_t>;

/// Whether the database can be used and has versions: then there is nothing to recover. DataLoss where it is damaged.
absl::StatusOr<int64_t> CountVersions(const std::string& url) {
  TRY_ASSIGN(const std::unique_ptr<Database> database, Database::Open(url));
  const auto check = database->Query("PRAGMA integrity_check");  // PostgreSQL does not know it
  if (absl::IsDataLoss(check.status())) return check.status();
  if (check.ok() && (check->empty() || check->front().front() != SqlValue(std::string("ok")))) {
    return absl::DataLossError("the database file is damaged");
  }
  const auto rows = database->Query("SELECT COUNT(*) FROM versions");
  if (absl::IsInternal(rows.status())) return 0;  // no such table
  if (!rows.ok()) return rows.status();
  return std::get<int64_t>(rows->at(0).at(0));
}

/// Takes a damaged SQLite file away, with what belongs to it; returns its new name.
absl::StatusOr<std::string> MoveAside(const std::string& path, absl::Time now) {
  const std::string aside = fmt::format("{}.damaged-{}", path, absl::ToUnixSeconds(now));
  for (const char* ending : {"", "-wal", "-shm"}) {
    std::error_code error;
    if (!fs::exists(path + ending, error)) continue;
    fs::rename(path + ending, aside + ending, error);
    if (error) return ErrnoStatus(error.value(), fmt::format("moving {}{} aside", path, ending));
  }
  return aside;
}

/// All commits that are sound, by the version that they make.
absl::StatusOr<std::map<VersionKey, std::vector<CommitInfo>>> LoadCommits(ObjectStore& objects, const Context& context,
                                                                          RecoverReport& report) {
  std::map<VersionKey, std::vector<CommitInfo>> commits;
  TRY_ASSIGN(const std::vector<std::string> keys, objects.List("commits"));
  for (const std::string& key : keys) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const std::string bytes, objects.Get(key));
    if (CommitKey(Sha256(bytes)) != key) {
      report.damages.push_back(fmt::format("{} is damaged", key));
      continue;
    }
    absl::StatusOr<CommitInfo> info = ReadCommit(bytes);
    if (!info.ok()) return Annotate(info.status(), key);
    commits[{info->dataset, info->version}].push_back(*std::move(info));
  }
  return commits;
}

/// The versions that name records tell of. What a damaged record named is known where only one commit can be meant.
absl::StatusOr<std::vector<CommitInfo>> FindVersions(ObjectStore& objects, const Context& context,
                                                     RecoverReport& report) {
  TRY_ASSIGN(const auto commits, LoadCommits(objects, context, report));
  RewrittenCommits rewritten;
  const absl::StatusOr<std::vector<Erasure>> erasures = LoadErasures(objects);
  if (!erasures.ok() && !absl::IsDataLoss(erasures.status())) return erasures.status();
  if (erasures.ok()) rewritten = RewrittenCommits(*erasures);
  std::vector<CommitInfo> versions;
  for (const auto& [version, candidates] : commits) {
    const std::string key = NameRecordKey(version.first, version.second);
    const absl::StatusOr<std::string> record = objects.Get(key);
    if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
    const CommitInfo* named = nullptr;
    const absl::StatusOr<VersionRecord> said =
        record.ok() ? ParseVersionRecord(*record, key) : absl::StatusOr<VersionRecord>(record.status());
    for (const CommitInfo& candidate : candidates) {
      if (!said.ok() || rewritten.Now(said->commit) != candidate.digest) continue;
      CommitInfo recorded = candidate;
      recorded.digest = said->commit;
      if (*record == WriteNameRecord(recorded, said->move.number)) named = &candidate;
    }
    if (named == nullptr && record.ok()) {
      for (const CommitInfo& candidate : candidates) {
        const bool is_said = said.ok() && candidate.digest == rewritten.Now(said->commit);
        if (is_said || candidates.size() == 1) named = &candidate;
      }
      report.damages.push_back(fmt::format("{} is damaged", key));
    }
    if (named != nullptr) versions.push_back(*named);
    report.unnamed_commits += static_cast<int64_t>(candidates.size()) - (named == nullptr ? 0 : 1);
  }
  return versions;
}

absl::Status Build(Store& store, const std::vector<CommitInfo>& versions, const Context& context,
                   RecoverReport& report) {
  RecordCatalog catalog(store.objects(), context);
  TRY(catalog.Load(report.damages));
  for (const CommitInfo& version : versions) {
    const absl::Status added = catalog.AddVersion(version);
    if (!added.ok() && !absl::IsDataLoss(added)) return added;
    if (!added.ok()) report.damages.push_back(fmt::format("{}: {}", version.Name(), std::string(added.message())));
  }
  catalog.ResolveTiles();
  for (const CommitInfo& version : versions) {
    const absl::Status chosen = catalog.Choose(version);
    if (!chosen.ok()) report.damages.push_back(fmt::format("{}: {}", version.Name(), std::string(chosen.message())));
  }
  const std::vector<Pack> packs = catalog.ChosenPacks();
  report.versions = static_cast<int64_t>(versions.size());
  report.packs = static_cast<int64_t>(packs.size());
  for (const Pack& pack : packs) report.records += static_cast<int64_t>(pack.entries.size());
  return store.database().InTransaction([&]() -> absl::Status {
    TRY(store.records().Enter(packs));
    for (const CommitInfo& version : versions) {
      TRY(store.database()
              .Execute("INSERT INTO versions (dataset, version, commit_id, recorded) VALUES (:p1, :p2, :p3, 1) "
                       "ON CONFLICT DO NOTHING",
                       {version.dataset, version.version, version.digest.ToHex()})
              .status());
    }
    return absl::OkStatus();
  });
}

/// Names and deletions, as far as their records are whole; versions that were deleted are taken from `versions`.
absl::Status RecoverNames(Store& store, std::vector<CommitInfo>& versions, RecoverReport& report) {
  const absl::StatusOr<int64_t> rebuilt = RebuildNames(store.objects(), store.database());
  if (absl::IsDataLoss(rebuilt.status())) {
    report.damages.push_back(
        fmt::format("branches, tags and aliases were not recovered: {}", std::string(rebuilt.status().message())));
    return absl::OkStatus();
  }
  if (!rebuilt.ok()) return rebuilt.status();
  TRY_ASSIGN(const std::vector<SqlRow> rows, store.database().Query("SELECT dataset, version FROM deleted_versions"));
  std::set<std::pair<std::string, int64_t>> deleted;
  for (const SqlRow& row : rows) deleted.emplace(std::get<std::string>(row[0]), std::get<int64_t>(row[1]));
  std::erase_if(versions, [&](const CommitInfo& version) {
    return deleted.contains({version.dataset, version.version});
  });
  std::set<std::pair<std::string, int64_t>> found;
  for (const CommitInfo& version : versions) found.emplace(version.dataset, version.version);
  // A version whose commit is lost would be in the way of its dataset's log.
  TRY_ASSIGN(const std::vector<SqlRow> named, store.database().Query("SELECT dataset, version FROM versions"));
  for (const SqlRow& row : named) {
    const std::pair key(std::get<std::string>(row[0]), std::get<int64_t>(row[1]));
    if (found.contains(key)) continue;
    report.damages.push_back(fmt::format("{}@{}: its commit is lost", key.first, key.second));
    TRY(store.database()
            .Execute("DELETE FROM versions WHERE dataset = :p1 AND version = :p2", {key.first, key.second})
            .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RecoverReport> Recover(const StoreLocation& location, const Context& context) {
  RecoverReport report;
  const bool is_file = location.database.find("://") == std::string::npos;
  std::error_code error;
  const bool is_there = !is_file || fs::exists(location.database, error);
  if (is_there) {
    const absl::StatusOr<int64_t> count = CountVersions(location.database);
    if (count.ok() && *count > 0) {
      return WithHint(absl::FailedPreconditionError(fmt::format(
                          "the workspace's database is there and has {} versions: nothing is to be recovered", *count)),
                      "To build it anew all the same, move it away first.");
    }
    if (!count.ok() && !absl::IsDataLoss(count.status())) return count.status();
    if (!count.ok() && is_file) {
      TRY_ASSIGN(report.moved_to, MoveAside(location.database, context.now()));
    } else if (!count.ok()) {
      return count.status();
    }
  }
  TRY_ASSIGN(const std::unique_ptr<Store> store, Store::OpenEmpty(location));
  TRY_ASSIGN(std::vector<CommitInfo> versions, FindVersions(store->objects(), context, report));
  TRY(RecoverNames(*store, versions, report));
  TRY(Build(*store, versions, context, report));
  return report;
}

}  // namespace roost::store
