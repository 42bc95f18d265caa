#include "store/recover.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "store/commit.h"
#include "store/erasure_record.h"
#include "store/name_record.h"
#include "store/name_rows.h"
#include "store/names.h"
#include "store/names_rebuild.h"
#include "store/record_catalog.h"
#include "store/store.h"

namespace roost::store {
namespace {

namespace fs = std::filesystem;

using VersionKey = std::pair<std::string, int64_t>;

/// The version whose record in the folder `kind` has this key; none for records of other kinds.
std::optional<VersionKey> VersionOfRecordKey(const std::string& kind, const std::string& key) {
  const std::string folder = kind + "/";
  const size_t end = key.rfind('/');
  if (!key.starts_with(folder) || end <= folder.size()) return std::nullopt;
  int64_t version = 0;
  const char* digits = key.data() + end + 1;
  const char* rest = key.data() + key.size();
  if (std::from_chars(digits, rest, version).ptr != rest) return std::nullopt;
  return VersionKey(key.substr(folder.size(), end - folder.size()), version);
}

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

/// What is recovered of the names: first what the records say, then what follows from commits and records that are
/// lost.
class NamesFinder {
 public:
  NamesFinder(NameRecords records, std::map<VersionKey, std::vector<CommitInfo>> commits, absl::Time now,
              RecoverReport& report)
      : records_(std::move(records)), commits_(std::move(commits)), now_(now), report_(report) {}

  void Run() {
    for (const DeletedVersion& version : records_.deleted) deleted_.emplace(version.dataset, version.version);
    for (const DamagedRecord& damaged : records_.damaged) KeepDeleted(damaged);
    for (const VersionRecord& record : records_.versions) {
      if (deleted_.contains({record.dataset, record.version})) continue;
      const CommitInfo* named = nullptr;
      for (const CommitInfo& commit : commits_[{record.dataset, record.version}]) {
        if (commit.digest == record.commit) named = &commit;
      }
      if (named != nullptr) {
        versions_.push_back(*named);
      } else {
        Lose({record.dataset, record.version}, record.commit);
      }
    }
    for (const DamagedRecord& damaged : records_.damaged) ReadDamaged(damaged);
    ChainMoves(records_.moves);
    for (const DeletedVersion& version : lost_) deleted_.emplace(version.dataset, version.version);
    LeaveLostVersions();
    std::sort(versions_.begin(), versions_.end(), [](const CommitInfo& a, const CommitInfo& b) {
      return std::tie(a.dataset, a.version) < std::tie(b.dataset, b.version);
    });
    for (const auto& [version, candidates] : commits_) {
      report_.unnamed_commits += static_cast<int64_t>(candidates.size());
    }
    report_.unnamed_commits -= static_cast<int64_t>(versions_.size());
  }

  const std::vector<CommitInfo>& versions() const { return versions_; }

  /// In the transaction that makes everything visible. What is new has no record object yet.
  absl::Status Enter(Database& database) const {
    for (const CommitInfo& version : versions_) {
      TRY(InsertVersion(database, version.dataset, version.version, version.digest, /*recorded=*/true));
    }
    for (const DeletedVersion& version : records_.deleted) TRY(InsertDeleted(database, version, /*recorded=*/true));
    for (const DeletedVersion& version : lost_) TRY(InsertDeleted(database, version, /*recorded=*/false));
    for (const NameMove& move : records_.moves) TRY(InsertMove(database, move, /*recorded=*/true));
    // Whether what they erased is gone from the packs is not known: the next one looks.
    for (const Erasure& erasure : records_.erasures) {
      TRY(InsertErasure(database, erasure, /*recorded=*/true, /*purged=*/false));
    }
    for (const NameMove& move : made_) TRY(InsertMove(database, move, /*recorded=*/false));
    return absl::OkStatus();
  }

 private:
  /// The version is kept as a deleted one, so that its number is not given again.
  void Lose(const VersionKey& version, const Digest& commit) {
    report_.damages.push_back(fmt::format("{}@{}: its commit is lost", version.first, version.second));
    lost_.push_back({.dataset = version.first,
                     .version = version.second,
                     .commit = commit,
                     .author = kAuthor,
                     .reason = "its commit was lost",
                     .time = now_});
  }

  /// A version stays deleted whose record of the deletion is damaged: the key says which one it is. What else the
  /// record said is taken from where it still stands.
  void KeepDeleted(const DamagedRecord& damaged) {
    const std::optional<VersionKey> version = VersionOfRecordKey(kDeletedRecords, damaged.key);
    if (!version.has_value() || !deleted_.insert(*version).second) return;
    DeletedVersion kept{.dataset = version->first,
                        .version = version->second,
                        .author = kAuthor,
                        .reason = "it was deleted; the record that said by whom and why is damaged",
                        .time = now_};
    for (const VersionRecord& record : records_.versions) {
      if (VersionKey(record.dataset, record.version) == *version) kept.commit = record.commit;
    }
    const std::vector<CommitInfo>& candidates = commits_[*version];
    const bool is_one = candidates.size() == 1 && kept.commit == Digest();
    for (const CommitInfo& commit : candidates) {
      if (!is_one && commit.digest != kept.commit) continue;
      kept.commit = commit.digest;
      kept.parents = commit.parents;
    }
    report_.damages.push_back(fmt::format("{}@{} stays deleted, by whom and why is lost", kept.dataset, kept.version));
    lost_.push_back(std::move(kept));
  }

  /// What a damaged record of a version named is known where only one commit can be meant.
  void ReadDamaged(const DamagedRecord& damaged) {
    report_.damages.push_back(damaged.message);
    const std::optional<VersionKey> version = VersionOfRecordKey(kVersionRecords, damaged.key);
    if (!version.has_value() || deleted_.contains(*version)) return;
    const std::vector<CommitInfo>& candidates = commits_[*version];
    if (candidates.size() != 1) return Lose(*version, Digest());
    const CommitInfo& commit = candidates.front();
    versions_.push_back(commit);
    // Its branch's move has the number that is missing behind those of earlier versions.
    NameMove move = FirstMoveOf(commit);
    std::set<int64_t> numbers;
    for (const NameMove& other : records_.moves) {
      if (other.dataset != move.dataset || other.name != move.name) continue;
      numbers.insert(other.number);
      if (other.to.value_or(0) < commit.version) move.number = std::max(move.number, other.number + 1);
    }
    if (!numbers.contains(move.number)) records_.moves.push_back(std::move(move));
  }

  /// A name whose version is lost goes back to where it was before.
  void LeaveLostVersions() {
    for (size_t i = 0; i < records_.moves.size(); ++i) {
      const NameMove& last = records_.moves[i];
      const bool is_last = i + 1 == records_.moves.size() || records_.moves[i + 1].dataset != last.dataset ||
                           records_.moves[i + 1].name != last.name;
      if (!is_last || !last.to.has_value() || !IsLost({last.dataset, *last.to})) continue;
      NameMove back = last;
      back.number += 1;
      back.from = last.to;
      back.to.reset();
      back.author = kAuthor;
      back.reason = fmt::format("{}@{} was lost", last.dataset, *last.to);
      back.time = now_;
      for (size_t before = i; before-- > 0 && !back.to.has_value();) {
        const NameMove& move = records_.moves[before];
        if (move.dataset != last.dataset || move.name != last.name) break;
        if (move.to.has_value() && !deleted_.contains({move.dataset, *move.to})) back.to = move.to;
      }
      back.action = back.to.has_value() ? NameAction::kSet : NameAction::kDelete;
      report_.damages.push_back(back.to.has_value()
                                    ? fmt::format("{} '{}' of {} goes back to {}@{}", ToString(back.kind), back.name,
                                                  back.dataset, back.dataset, *back.to)
                                    : fmt::format("{} '{}' of {} is no more: all of its versions are lost",
                                                  ToString(back.kind), back.name, back.dataset));
      made_.push_back(std::move(back));
    }
  }

  bool IsLost(const VersionKey& version) const {
    return std::any_of(lost_.begin(), lost_.end(), [&](const DeletedVersion& lost) {
      return lost.dataset == version.first && lost.version == version.second;
    });
  }

  static constexpr char kAuthor[] = "recover";

  NameRecords records_;
  std::map<VersionKey, std::vector<CommitInfo>> commits_;
  const absl::Time now_;
  RecoverReport& report_;
  std::set<VersionKey> deleted_;  // with those that are lost
  std::vector<CommitInfo> versions_;
  std::vector<DeletedVersion> lost_;  // what their deletions' records would say, which are missing or damaged
  std::vector<NameMove> made_;
};

/// The records that are taken, of all packs.
absl::StatusOr<std::vector<Pack>> ChoosePacks(Store& store, const std::vector<CommitInfo>& versions,
                                              const Context& context, RecoverReport& report) {
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
  std::vector<Pack> packs = catalog.ChosenPacks();
  report.versions = static_cast<int64_t>(versions.size());
  report.packs = static_cast<int64_t>(packs.size());
  for (const Pack& pack : packs) report.records += static_cast<int64_t>(pack.entries.size());
  return packs;
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
  const std::string moved_to = report.moved_to;
  TRY_ASSIGN(report, RecoverInto(*store, context));
  report.moved_to = moved_to;
  TRY(store->names().RecordPending());
  return report;
}

absl::StatusOr<RecoverReport> RecoverInto(Store& store, const Context& context) {
  RecoverReport report;
  TRY_ASSIGN(NameRecords records, ReadNameRecords(store.objects()));
  TRY_ASSIGN(auto commits, LoadCommits(store.objects(), context, report));
  // Names are kept to the microsecond.
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(context.now()));
  NamesFinder names(std::move(records), std::move(commits), now, report);
  names.Run();
  TRY_ASSIGN(const std::vector<Pack> packs, ChoosePacks(store, names.versions(), context, report));
  const absl::Status entered = store.database().InTransaction([&]() -> absl::Status {
    TRY(store.records().Enter(packs));
    return names.Enter(store.database());
  });
  TRY(entered);
  return report;
}

}  // namespace roost::store
