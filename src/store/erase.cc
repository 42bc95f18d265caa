#include "store/erase.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/clean_tables.h"
#include "store/garbage.h"
#include "store/name_record.h"
#include "store/names.h"
#include "store/records.h"
#include "store/row_search.h"
#include "store/store.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr int kMaxTries = 5;
constexpr size_t kIdsPerStatement = 200;
constexpr char kErasedNote[] = "erased";  // in a commit's provenance: the numbers of the erasures

absl::Status ChangedMeanwhile(const std::string& dataset) {
  return WithHint(absl::AbortedError(fmt::format("'{}' was changed while its rows were being erased", dataset)),
                  "Its versions are as they were before; run the command again.");
}

absl::Status CheckReason(const EraseRequest& request) {
  if (!request.dry_run && request.reason.empty()) {
    return WithHint(absl::InvalidArgumentError("an erasure needs a reason: it is all that stays of the rows"),
                    "Add --reason \"...\"");
  }
  if (request.reason.size() <= kMaxReasonBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the reason has {} bytes; at most {} are kept", request.reason.size(), kMaxReasonBytes));
}

class Eraser {
 public:
  Eraser(Store& store, const EraseRequest& request, const std::shared_ptr<arrow::Table>& keys, const Context& context)
      : store_(store),
        database_(store.database()),
        request_(request),
        keys_(keys),
        context_(context),
        search_(store.tiles(), context),
        clean_(store, search_, context) {}

  absl::StatusOr<EraseReport> Run();

 private:
  /// A version and what becomes of it.
  struct Version {
    CommitInfo info;
    CommitInfo now;  // the same where it stays
    TableErasure erasure;
    bool is_rewritten() const { return now.digest != info.digest; }
  };

  absl::Status LoadVersions();
  absl::Status SearchVersions();
  absl::Status WriteTables();
  absl::Status WriteCommits();
  absl::StatusOr<CommitInfo> WriteCommit(const Version& version);
  absl::Status VisitOthers(bool detach);
  absl::Status Publish();
  absl::Status Report(const RewrittenCommits& before);

  Store& store_;
  Database& database_;
  const EraseRequest& request_;
  const std::shared_ptr<arrow::Table>& keys_;
  const Context& context_;
  RowSearch search_;
  CleanTables clean_;
  std::vector<Version> versions_;            // the oldest first
  std::map<Digest, TableErasure> erasures_;  // by table
  std::map<Digest, CleanTable> tables_;      // by the table before
  std::map<Digest, Digest> new_commits_;     // by the commit before
  std::map<Digest, int64_t> removed_of_;     // rows that went, by the commit before
  Erasure erasure_;
  EraseReport report_;
};

absl::Status Eraser::LoadVersions() {
  TRY_ASSIGN(std::vector<CommitInfo> log, store_.Log(request_.dataset));
  for (CommitInfo& info : log) {
    if (info.kind != DatasetKind::kTable) {
      return WithHint(
          absl::InvalidArgumentError(fmt::format("{} is of files; rows are erased from tables", info.Name())),
          fmt::format("'roost data delete {}' takes a version of files away.", info.Name()));
    }
  }
  for (const CommitInfo& info : log) {
    TRY_ASSIGN(const TableObject table, clean_.Load(info.table));
    TRY(search_.AddTable(table));
  }
  arrow::TableBatchReader reader(*keys_);
  TRY(search_.SetKeys(reader, request_.dataset));
  for (auto info = log.rbegin(); info != log.rend(); ++info) {
    versions_.push_back({.info = std::move(*info), .now = {}, .erasure = {}});
    versions_.back().now = versions_.back().info;
  }
  return absl::OkStatus();
}

absl::Status Eraser::SearchVersions() {
  int64_t done = 0;
  for (Version& version : versions_) {
    TRY(context_.CheckCancelled());
    context_.Report(
        {.stage = "searching", .unit = "versions", .done = done++, .total = static_cast<int64_t>(versions_.size())});
    const auto known = erasures_.find(version.info.table);
    if (known != erasures_.end()) {
      version.erasure = known->second;
      continue;
    }
    const absl::StatusOr<TableObject> table = clean_.Load(version.info.table);
    if (!table.ok()) return Annotate(table.status(), version.info.Name());
    const absl::StatusOr<TableErasure> found = clean_.Search(*table);
    if (!found.ok()) return Annotate(found.status(), version.info.Name());
    erasures_[version.info.table] = version.erasure = *found;
  }
  return absl::OkStatus();
}

/// From the oldest version on, so that each can be written as differences to those before it.
absl::Status Eraser::WriteTables() {
  std::map<Digest, Digest> table_of;  // by commit: the table before
  for (const Version& version : versions_) table_of[version.info.digest] = version.info.table;
  for (const Version& version : versions_) {
    if (version.erasure.found == 0 || tables_.contains(version.info.table)) continue;
    std::vector<const CleanTable*> before;
    for (const Digest& parent : version.info.parents) {
      const auto table = table_of.find(parent);
      const auto clean = table == table_of.end() ? tables_.end() : tables_.find(table->second);
      if (clean != tables_.end()) before.push_back(&clean->second);
    }
    TRY_ASSIGN(const TableObject table, clean_.Load(version.info.table));
    absl::StatusOr<CleanTable> written = clean_.Write(table, before);
    if (!written.ok()) return Annotate(written.status(), version.info.Name());
    tables_[version.info.table] = *std::move(written);
  }
  for (const Version& version : versions_) {
    const auto clean = tables_.find(version.info.table);
    TRY_ASSIGN(const TableObject table, clean_.Load(clean == tables_.end() ? version.info.table : clean->second.id));
    TRY(clean_.Detach(table, /*is_ours=*/true));
  }
  return absl::OkStatus();
}

absl::StatusOr<CommitInfo> Eraser::WriteCommit(const Version& version) {
  CommitInfo info = version.info;
  bool has_other_parents = false;
  for (Digest& parent : info.parents) {
    const auto now = new_commits_.find(parent);
    if (now == new_commits_.end()) continue;
    parent = now->second;
    has_other_parents = true;
  }
  if (version.erasure.found == 0 && !has_other_parents) return info;
  // What ReadCommit adds of the object itself.
  TRY_ASSIGN(const uint64_t size, store_.objects().Size(CommitKey(info.digest)));
  info.bytes_stored -= static_cast<int64_t>(size + WriteNameRecord(info, info.version).size());
  if (version.erasure.found > 0) {
    const CleanTable& clean = tables_.at(version.info.table);
    info.table = clean.id;
    info.rows = clean.rows;
    info.attachments.clear();  // they tell of the rows: a profile has their least and greatest values, for example
    std::string& note = info.provenance[kErasedNote];
    note += fmt::format("{}{}", note.empty() ? "" : ", ", erasure_.number);
  }
  const auto before = info.parents.empty() ? removed_of_.end() : removed_of_.find(version.info.parents.front());
  info.rows_added += (before == removed_of_.end() ? 0 : before->second) - version.erasure.found;
  const std::string bytes = store::WriteCommit(info);
  TRY(store_.objects().Put(CommitKey(Sha256(bytes)), bytes));
  return ReadCommit(bytes);
}

absl::Status Eraser::WriteCommits() {
  for (Version& version : versions_) {
    TRY_ASSIGN(version.now, WriteCommit(version));
    removed_of_[version.info.digest] = version.erasure.found;
    if (!version.is_rewritten()) continue;
    new_commits_[version.info.digest] = version.now.digest;
    erasure_.versions.push_back({.version = version.info.version,
                                 .rows = version.erasure.found,
                                 .before = version.info.digest,
                                 .after = version.now.digest});
  }
  return absl::OkStatus();
}

/// Other datasets may share tiles with the rows, and may have patches upon them.
absl::Status Eraser::VisitOthers(bool detach) {
  TRY_ASSIGN(const std::vector<std::string> datasets, store_.Datasets());
  std::map<Digest, bool> shares;
  for (const std::string& dataset : datasets) {
    if (dataset == request_.dataset) continue;
    const absl::StatusOr<std::vector<CommitInfo>> log = store_.Log(dataset);
    if (absl::IsNotFound(log.status())) continue;  // deleted meanwhile
    if (!log.ok()) return log.status();
    for (auto info = log->rbegin(); info != log->rend(); ++info) {
      if (info->kind != DatasetKind::kTable) continue;
      TRY(context_.CheckCancelled());
      const auto [known, is_new] = shares.try_emplace(info->table, false);
      if (is_new) {
        TRY_ASSIGN(const TableObject table, clean_.Load(info->table));
        TRY_ASSIGN(known->second, clean_.Shares(table));
        if (detach) TRY(clean_.Detach(table, /*is_ours=*/false));
      }
      if (known->second) report_.still_in.push_back(info->Name());
    }
  }
  return absl::OkStatus();
}

/// The new history takes the place of the old one.
absl::Status Eraser::Publish() {
  TRY_ASSIGN(const SealedRecords sealed, clean_.Seal());
  std::vector<std::string> keys;
  for (const ErasedVersion& version : erasure_.versions) keys.push_back(CommitKey(version.after));
  return database_.InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(
        const std::vector<SqlRow> rows,
        database_.Query("SELECT commit_id FROM versions WHERE dataset = :p1 ORDER BY version", {request_.dataset}));
    bool is_same = rows.size() == versions_.size();
    for (size_t i = 0; is_same && i < rows.size(); ++i) {
      is_same = std::get<std::string>(rows[i][0]) == versions_[i].info.digest.ToHex();
    }
    TRY_ASSIGN(
        const std::vector<SqlRow> last,
        database_.Query("SELECT COALESCE(MAX(number), 0) FROM erasures WHERE dataset = :p1", {request_.dataset}));
    if (!is_same || std::get<int64_t>(last.at(0).at(0)) != erasure_.number - 1) {
      return ChangedMeanwhile(request_.dataset);
    }
    TRY(store_.records().EnterSealed(sealed, keys));
    const std::vector<std::string>& patches = clean_.detached();
    for (size_t first = 0; first < patches.size(); first += kIdsPerStatement) {
      const auto some = std::span(patches).subspan(first, std::min(kIdsPerStatement, patches.size() - first));
      TRY(database_.Execute(fmt::format("DELETE FROM records WHERE id IN ('{}')", fmt::join(some, "','"))).status());
    }
    // Who relied on a patch that went sees it by this.
    TRY(store_.records().NextEpoch());
    for (const ErasedVersion& version : erasure_.versions) {
      TRY(database_
              .Execute("UPDATE versions SET commit_id = :p1 WHERE dataset = :p2 AND version = :p3",
                       {version.after.ToHex(), request_.dataset, version.version})
              .status());
    }
    TRY(MoveParentsOfDeleted(database_, request_.dataset, RewrittenCommits({erasure_})));
    return InsertErasure(database_, erasure_, /*recorded=*/false, /*purged=*/false);
  });
}

absl::Status Eraser::Report(const RewrittenCommits& before) {
  report_.columns = search_.names();
  report_.keys = search_.num_keys();
  for (auto version = versions_.rbegin(); version != versions_.rend(); ++version) {
    VersionErasure erased{.version = version->info.version,
                          .rows = version->info.rows,
                          .removed = version->erasure.found,
                          .not_searched = version->erasure.not_searched,
                          .is_rewritten = version->is_rewritten()};
    erased.commits.push_back(version->info.digest.ToHex());
    for (const Digest& commit : before.Before(version->info.digest)) erased.commits.push_back(commit.ToHex());
    report_.versions.push_back(std::move(erased));
  }
  TRY_ASSIGN(report_.bytes, clean_.StoredBytes());
  return absl::OkStatus();
}

absl::StatusOr<EraseReport> Eraser::Run() {
  TRY(LoadVersions());
  TRY(SearchVersions());
  TRY_ASSIGN(const RewrittenCommits before, RewrittenCommitsOf(database_, request_.dataset));
  const bool has_rows =
      std::any_of(versions_.begin(), versions_.end(), [](const Version& version) { return version.erasure.found > 0; });
  if (request_.dry_run || !has_rows) {
    // What would be written anew: versions with the rows, and those that came from them.
    for (Version& version : versions_) {
      const bool is_child = std::any_of(version.info.parents.begin(), version.info.parents.end(),
                                        [&](const Digest& parent) { return new_commits_.contains(parent); });
      if (version.erasure.found == 0 && !is_child) continue;
      version.now.digest = Digest();
      new_commits_[version.info.digest] = Digest();
    }
    TRY(VisitOthers(/*detach=*/false));
    TRY(Report(before));
    return report_;
  }
  TRY_ASSIGN(const std::vector<SqlRow> last,
             database_.Query("SELECT COALESCE(MAX(number), 0) FROM erasures WHERE dataset = :p1", {request_.dataset}));
  erasure_ = {.dataset = request_.dataset,
              .number = std::get<int64_t>(last.at(0).at(0)) + 1,
              .time = absl::FromUnixMicros(absl::ToUnixMicros(context_.now())),
              .author = request_.author,
              .reason = request_.reason,
              .keys = search_.num_keys(),
              .columns = search_.names()};
  TRY(WriteTables());
  TRY(WriteCommits());
  TRY(VisitOthers(/*detach=*/true));
  TRY(Report(before));
  TRY(Publish());
  report_.number = erasure_.number;
  return report_;
}

/// Whether others changed the dataset, or took away what was being read.
absl::StatusOr<bool> LostToOthers(const absl::Status& status, int64_t epoch, Store& store) {
  if (absl::IsAborted(status)) return true;
  return store.records().WasRemovedSince(epoch, status);
}

/// Removes what erasures, this one and those that were killed, left: their records first, as nothing can be made again
/// from the old ones afterwards.
absl::Status Purge(Store& store, const Context& context, EraseReport& report) {
  TRY(store.names().RecordPending());
  TRY_ASSIGN(const std::vector<Erasure> left, SelectErasures(store.database(), "WHERE purged = 0", {}));
  if (left.empty()) return absl::OkStatus();
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(const int64_t epoch, store.records().Epoch());
    const absl::StatusOr<GarbageReport> garbage =
        CollectGarbage(store, {.dry_run = false, .grace = absl::ZeroDuration(), .purge = true}, context);
    TRY_ASSIGN(const bool is_lost, LostToOthers(garbage.status(), epoch, store));
    if (is_lost && tries < kMaxTries) continue;
    if (!garbage.ok()) return garbage.status();
    report.bytes_purged = garbage->removed.bytes;
    break;
  }
  report.finished_purge = report.number == 0 || left.size() > 1;
  for (const Erasure& erasure : left) {
    TRY(store.database()
            .Execute("UPDATE erasures SET purged = 1 WHERE dataset = :p1 AND number = :p2",
                     {erasure.dataset, erasure.number})
            .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EraseReport> EraseRows(Store& store, const EraseRequest& request, const Context& context) {
  TRY(CheckReason(request));
  TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Table> keys, request.keys->ToTable());
  if (!request.dry_run) TRY(store.names().RecordPending());
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(const int64_t epoch, store.records().Epoch());
    absl::StatusOr<EraseReport> report = Eraser(store, request, keys, context).Run();
    TRY_ASSIGN(const bool is_lost, LostToOthers(report.status(), epoch, store));
    if (is_lost && tries < kMaxTries) continue;
    if (is_lost) return ChangedMeanwhile(request.dataset);
    if (!report.ok() || request.dry_run) return report;
    const absl::Status purged = Purge(store, context, *report);
    if (purged.ok()) return report;
    if (report->number == 0) return purged;
    return WithHint(Annotate(purged, fmt::format("the rows are in no version of {} any more, but their bytes are still "
                                                 "in the store",
                                                 request.dataset)),
                    "Run the same command again: it removes them.");
  }
}

absl::StatusOr<std::vector<Erasure>> ErasuresOf(Store& store, const std::string& dataset) {
  return SelectErasures(store.database(), "WHERE dataset = :p1 ORDER BY number", {dataset});
}

}  // namespace roost::store
