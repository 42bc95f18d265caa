#include "store/recover.h"

#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "store/commit.h"
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

/// The digest that a record of a name's move names; nothing where the record is damaged.
std::string CommitOf(const std::string& bytes) {
  const absl::StatusOr<Json> json = ParseJson(bytes, "a name's record");
  if (!json.ok() || !json->is_object()) return "";
  return json->value("commit", std::string());
}

/// The versions that name records tell of. What a damaged record named is known where only one commit can be meant.
absl::StatusOr<std::vector<CommitInfo>> FindVersions(ObjectStore& objects, const Context& context,
                                                     RecoverReport& report) {
  TRY_ASSIGN(const auto commits, LoadCommits(objects, context, report));
  std::vector<CommitInfo> versions;
  for (const auto& [version, candidates] : commits) {
    const std::string key = NameRecordKey(version.first, version.second);
    const absl::StatusOr<std::string> record = objects.Get(key);
    if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
    const CommitInfo* named = nullptr;
    for (const CommitInfo& candidate : candidates) {
      if (record.ok() && *record == WriteNameRecord(candidate)) named = &candidate;
    }
    if (named == nullptr && record.ok()) {
      const std::string commit = CommitOf(*record);
      for (const CommitInfo& candidate : candidates) {
        if (candidate.digest.ToHex() == commit || candidates.size() == 1) named = &candidate;
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
              .Execute("INSERT INTO versions (dataset, version, commit_id, recorded) VALUES (:p1, :p2, :p3, 1)",
                       {version.dataset, version.version, version.digest.ToHex()})
              .status());
    }
    return absl::OkStatus();
  });
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
  TRY_ASSIGN(const std::vector<CommitInfo> versions, FindVersions(store->objects(), context, report));
  TRY(Build(*store, versions, context, report));
  return report;
}

}  // namespace roost::store
