#include "store/names.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/erasure_record.h"
#include "store/history.h"
#include "store/name_rows.h"
#include "store/put_record.h"

namespace roost::store {
namespace {

std::string DeletedText(const DeletedVersion& deleted) {
  return fmt::format("was deleted by {} at {}: {}", deleted.author, FormatUtcSeconds(deleted.time), deleted.reason);
}

}  // namespace

absl::Status LostRace(const std::string& dataset) {
  return WithHint(
      absl::AbortedError(fmt::format("another writer made a version of '{}' while these rows were stored", dataset)),
      "Nothing was added; run the command again.");
}

absl::Status Names::CreateTables(Database& database) { return CreateNameTables(database); }

absl::StatusOr<CommitInfo> Names::LoadCommit(const std::string& hex) {
  TRY_ASSIGN(const Digest digest, Digest::FromHex(hex));
  return LoadCommitAt(objects_, digest);
}

absl::StatusOr<std::optional<NameMove>> Names::BranchForCommit(const std::string& dataset, const std::string& branch,
                                                               bool allow_protected) {
  TRY_ASSIGN(std::optional<NameMove> head, LastMove(database_, dataset, branch));
  if (head.has_value() && !head->to.has_value()) head.reset();
  if (head.has_value() && head->kind != NameKind::kBranch) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' of {} is of kind {}; versions are made on branches", branch, dataset, ToString(head->kind)));
  }
  if (!head.has_value() && branch != kMainBranch) {
    return WithHint(absl::NotFoundError(fmt::format("dataset '{}' has no branch '{}'", dataset, branch)),
                    fmt::format("'roost data branch create {} {}' makes it", dataset, branch));
  }
  if (head.has_value() && head->is_protected && !allow_protected) {
    return WithHint(absl::FailedPreconditionError(fmt::format("branch '{}' of {} is protected", branch, dataset)),
                    fmt::format("Add to another branch and merge that one, or 'roost data branch unprotect {} {}'.",
                                dataset, branch));
  }
  return head;
}

absl::StatusOr<std::optional<CommitInfo>> Names::HeadForCommit(const std::string& dataset, const std::string& branch,
                                                               bool allow_protected) {
  TRY_ASSIGN(const std::optional<NameMove> head, BranchForCommit(dataset, branch, allow_protected));
  if (!head.has_value()) return std::nullopt;
  TRY_ASSIGN(const std::optional<std::string> commit, CommitOf(database_, dataset, *head->to));
  if (!commit.has_value()) {
    return absl::DataLossError(
        fmt::format("branch '{}' of {} is at version {}, which is not there", branch, dataset, *head->to));
  }
  TRY_ASSIGN(CommitInfo info, LoadVersion(dataset, *head->to, *commit));
  return info;
}

absl::StatusOr<CommitInfo> Names::Publish(CommitInfo info, bool allow_protected,
                                          const std::function<absl::Status(const CommitInfo&)>& enter) {
  TRY_ASSIGN(info.version, NextVersion(info.dataset));
  while (true) {
    const std::string bytes = WriteCommit(info);
    // What is returned is what will be read: a message that is not UTF-8 has its wrong bytes replaced, for example.
    TRY_ASSIGN(const CommitInfo stored, ReadCommit(bytes));
    TRY(objects_.Put(CommitKey(stored.digest), bytes));
    int64_t next = 0;
    const absl::Status done = database_.InTransaction([&]() -> absl::Status {
      TRY_ASSIGN(const std::optional<NameMove> head, BranchForCommit(info.dataset, info.branch, allow_protected));
      std::optional<std::string> parent;
      if (head.has_value()) {
        TRY_ASSIGN(parent, CommitOf(database_, info.dataset, *head->to));
      }
      const bool is_next =
          parent.has_value() ? !info.parents.empty() && info.parents.front().ToHex() == *parent : info.parents.empty();
      if (!is_next) return LostRace(info.dataset);
      TRY_ASSIGN(next, NextVersion(info.dataset));
      if (next != stored.version) return absl::OkStatus();
      TRY(enter(stored));
      return Enter(stored, head);
    });
    TRY(done);
    if (next == stored.version) {
      // The version stands now. Where its record cannot be written (a full disk), the next commit writes it; an error
      // here would make the user add the same rows again.
      RecordPending().IgnoreError();
      return stored;
    }
    // Another branch took the number. The number stands in the commit's object: only that is written anew.
    info.version = next;
  }
}

/// In the transaction: the version's row, and the branch's move to it. `head`: where the branch was.
absl::Status Names::Enter(const CommitInfo& info, const std::optional<NameMove>& head) {
  TRY(InsertVersion(database_, info.dataset, info.version, info.digest, /*recorded=*/false));
  NameMove move = FirstMoveOf(info);
  if (head.has_value()) {
    move.from = head->to;
    move.is_protected = head->is_protected;
    move.number = head->number + 1;
  } else {
    // A dataset that was deleted and is made again: its moves are counted on.
    TRY_ASSIGN(const std::optional<NameMove> last, LastMove(database_, info.dataset, info.branch));
    if (last.has_value() && !last->to.has_value()) move.number = last->number + 1;
  }
  return InsertMove(database_, move, /*recorded=*/true);
}

absl::StatusOr<int64_t> Names::NumberOf(const CommitInfo& version) {
  TRY_ASSIGN(const std::vector<NameMove> moves,
             SelectMoves(database_,
                         "WHERE dataset = :p1 AND name = :p2 AND action = 0 AND to_version = :p3 "
                         "ORDER BY number DESC LIMIT 1",
                         {version.dataset, version.branch, version.version}));
  return moves.empty() ? version.version : moves[0].number;
}

absl::Status Names::RecordPending() {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database_.Query("SELECT commit_id FROM versions WHERE recorded = 0"));
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(const CommitInfo info, LoadCommit(std::get<std::string>(row[0])));
    TRY_ASSIGN(const int64_t number, NumberOf(info));
    TRY(PutRecord(objects_, NameRecordKey(info.dataset, info.version), WriteNameRecord(info, number),
                  ParseVersionRecord));
    TRY(database_
            .Execute("UPDATE versions SET recorded = 1 WHERE dataset = :p1 AND version = :p2",
                     {info.dataset, info.version})
            .status());
  }
  TRY_ASSIGN(const std::vector<NameMove> moves, SelectMoves(database_, "WHERE recorded = 0", {}));
  for (const NameMove& move : moves) {
    TRY(PutRecord(objects_, KeyOf(move), ToRecord(move), ParseMoveRecord));
    TRY(database_
            .Execute("UPDATE name_moves SET recorded = 1 WHERE dataset = :p1 AND name = :p2 AND number = :p3",
                     {move.dataset, move.name, move.number})
            .status());
  }
  TRY_ASSIGN(const std::vector<DeletedVersion> deleted, SelectDeleted(database_, "WHERE recorded = 0", {}));
  for (const DeletedVersion& version : deleted) {
    TRY(PutRecord(objects_, KeyOf(version), ToRecord(version), ParseDeletedRecord));
    TRY(database_
            .Execute("UPDATE deleted_versions SET recorded = 1 WHERE dataset = :p1 AND version = :p2",
                     {version.dataset, version.version})
            .status());
  }
  return RecordErasures(objects_, database_);
}

/// A damaged row may name another version's commit.
absl::StatusOr<CommitInfo> Names::LoadVersion(const std::string& dataset, int64_t version, const std::string& hex) {
  absl::StatusOr<CommitInfo> loaded = LoadCommit(hex);
  if (absl::IsDataLoss(loaded.status())) {
    // Rows may have been erased meanwhile, and the commit written anew.
    TRY_ASSIGN(const std::optional<std::string> now, CommitOf(database_, dataset, version));
    if (now.has_value() && *now != hex) return LoadVersion(dataset, version, *now);
  }
  TRY_ASSIGN(CommitInfo info, std::move(loaded));
  if (info.dataset == dataset && info.version == version) return info;
  return absl::DataLossError(
      fmt::format("the database says that {}@{} is the commit of {}", dataset, version, info.Name()));
}

absl::Status Names::NoSuchDataset(const std::string& dataset) {
  TRY_ASSIGN(const std::vector<DeletedVersion> deleted,
             SelectDeleted(database_, "WHERE dataset = :p1 ORDER BY version DESC LIMIT 1", {dataset}));
  if (!deleted.empty()) {
    return WithHint(absl::NotFoundError(fmt::format("dataset '{}' {}", dataset, DeletedText(deleted[0]))),
                    "'roost data add' makes it anew");
  }
  TRY_ASSIGN(const std::vector<std::string> names, Datasets());
  const std::string_view closest = ClosestName(dataset, names);
  std::string hint = "'roost data add' makes one";
  if (!closest.empty()) {
    hint = fmt::format("did you mean '{}'?", closest);
  } else if (!names.empty()) {
    hint = fmt::format("There are: {}.", fmt::join(names, ", "));
  }
  return WithHint(absl::NotFoundError(fmt::format("there is no dataset '{}'", dataset)), hint);
}

absl::Status Names::NoSuchName(const std::string& dataset, const std::string& name, const std::string& what) {
  TRY_ASSIGN(const std::vector<NameMove> all, List(dataset));
  std::vector<std::string> names;
  for (const NameMove& move : all) names.push_back(move.name);
  const std::string_view closest = ClosestName(name, names);
  return WithHint(absl::NotFoundError(fmt::format("dataset '{}' has no {} '{}'", dataset, what, name)),
                  closest.empty() ? fmt::format("Its names: {}.", fmt::join(names, ", "))
                                  : fmt::format("did you mean '{}'?", closest));
}

absl::Status Names::NoSuchVersion(const DatasetRef& ref, int64_t newest) {
  TRY_ASSIGN(const std::vector<DeletedVersion> deleted,
             SelectDeleted(database_, "WHERE dataset = :p1 AND version = :p2", {ref.name, ref.version.value_or(0)}));
  const std::string hint = fmt::format("'roost data log {}' lists them", ref.name);
  if (!deleted.empty()) {
    return WithHint(absl::NotFoundError(fmt::format("{} {}", ref.ToString(), DeletedText(deleted[0]))),
                    fmt::format("'roost data log {}' lists the versions that there are", ref.name));
  }
  const std::string versions = newest == 1 ? "only version 1" : fmt::format("versions 1 to {}", newest);
  return WithHint(
      absl::NotFoundError(fmt::format("there is no {}: dataset '{}' has {}", ref.ToString(), ref.name, versions)),
      hint);
}

absl::StatusOr<CommitInfo> Names::Resolve(const DatasetRef& ref) {
  int64_t version = 0;
  if (ref.version.has_value()) {
    version = *ref.version;
  } else {
    const std::string name = ref.label.value_or(kMainBranch);
    TRY_ASSIGN(const std::optional<NameMove> last, LastMove(database_, ref.name, name));
    if (!last.has_value() || !last->to.has_value()) {
      return name == kMainBranch ? NoSuchDataset(ref.name) : NoSuchName(ref.name, name, "branch, tag or alias");
    }
    version = *last->to;
  }
  TRY_ASSIGN(const std::optional<std::string> commit, CommitOf(database_, ref.name, version));
  if (commit.has_value()) return LoadVersion(ref.name, version, *commit);
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_.Query("SELECT MAX(version) FROM versions WHERE dataset = :p1", {ref.name}));
  const int64_t* newest = rows.empty() ? nullptr : std::get_if<int64_t>(&rows[0][0]);
  if (newest == nullptr) return NoSuchDataset(ref.name);
  return NoSuchVersion({.name = ref.name, .version = version}, *newest);
}

absl::StatusOr<std::vector<std::string>> Names::Datasets() {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database_.Query("SELECT DISTINCT dataset FROM versions ORDER BY dataset"));
  std::vector<std::string> names;
  for (const SqlRow& row : rows) names.push_back(std::get<std::string>(row[0]));
  return names;
}

absl::StatusOr<int64_t> Names::NextVersion(const std::string& dataset) {
  return store::NextVersion(database_, dataset);
}

absl::StatusOr<std::vector<CommitInfo>> Names::Log(const std::string& dataset, const LogOptions& options) {
  std::vector<CommitInfo> log;
  if (!options.branch.empty()) {
    TRY_ASSIGN(const CommitInfo head, Resolve({.name = dataset, .label = options.branch}));
    TRY(VisitAncestors(dataset, {{head.digest.ToHex(), 1}},
                       [&](int64_t /*version*/, int /*marks*/, const CommitInfo* info, const Marks& /*pending*/) {
                         if (std::cmp_equal(log.size(), options.limit)) return false;
                         if (info != nullptr) log.push_back(*info);
                         return true;
                       }));
    return log;
  }
  const std::string limit = options.limit < 0 ? "" : fmt::format(" LIMIT {}", options.limit);
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      database_.Query("SELECT version, commit_id FROM versions WHERE dataset = :p1 ORDER BY version DESC" + limit,
                      {dataset}));
  if (rows.empty() && options.limit != 0) return NoSuchDataset(dataset);
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(CommitInfo info, LoadVersion(dataset, std::get<int64_t>(row[0]), std::get<std::string>(row[1])));
    log.push_back(std::move(info));
  }
  return log;
}

absl::StatusOr<std::map<std::string, int64_t>> Names::Numbers(const std::string& dataset) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_.Query("SELECT commit_id, version FROM versions WHERE dataset = :p1 UNION ALL "
                             "SELECT commit_id, version FROM deleted_versions WHERE dataset = :p1",
                             {dataset}));
  std::map<std::string, int64_t> numbers;
  for (const SqlRow& row : rows) numbers[std::get<std::string>(row[0])] = std::get<int64_t>(row[1]);
  return numbers;
}

absl::Status Names::VisitAncestors(const std::string& dataset, Marks pending, const Visit& visit) {
  struct Step {
    int64_t version;
    std::string commit;
    const DeletedVersion* deleted;
  };
  std::vector<Step> steps;
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_.Query("SELECT version, commit_id FROM versions WHERE dataset = :p1", {dataset}));
  TRY_ASSIGN(const std::vector<DeletedVersion> deleted, Deleted(dataset));
  for (const SqlRow& row : rows) {
    steps.push_back({std::get<int64_t>(row[0]), std::get<std::string>(row[1]), nullptr});
  }
  for (const DeletedVersion& version : deleted) steps.push_back({version.version, version.commit.ToHex(), &version});
  // A parent has a smaller number than its children: when a version's turn comes, all marks have reached it.
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.version > b.version; });
  for (const Step& step : steps) {
    if (pending.empty()) break;
    const auto found = pending.find(step.commit);
    if (found == pending.end()) continue;
    const int marks = found->second;
    pending.erase(found);
    std::optional<CommitInfo> info;
    if (step.deleted == nullptr) {
      TRY_ASSIGN(info, LoadCommit(step.commit));
    }
    for (const Digest& parent : info.has_value() ? info->parents : step.deleted->parents) {
      pending[parent.ToHex()] |= marks;
    }
    if (!visit(step.version, marks, info.has_value() ? &*info : nullptr, pending)) break;
  }
  return absl::OkStatus();
}

}  // namespace roost::store
