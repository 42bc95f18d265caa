// What people do to names: make, move, protect and delete them, and delete versions.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/name_rows.h"
#include "store/names.h"

namespace roost::store {
namespace {

constexpr size_t kListedVersions = 5;
// The marks of what a branch had and of what it is to have.
constexpr int kOld = 1;
constexpr int kNew = 2;

std::string PlaceText(std::optional<int64_t> version) {
  return version.value_or(0) == 0 ? "nowhere" : fmt::format("at version {}", *version);
}

/// "flights@7, flights@5 and 3 more".
std::string VersionsText(const std::string& dataset, const std::vector<int64_t>& versions) {
  std::string text;
  for (size_t i = 0; i < std::min(versions.size(), kListedVersions); ++i) {
    text += fmt::format("{}{}@{}", i == 0 ? "" : ", ", dataset, versions[i]);
  }
  if (versions.size() > kListedVersions) text += fmt::format(" and {} more", versions.size() - kListedVersions);
  return text;
}

/// "branch 'main', tag 'v1.0'".
std::string NamesText(const std::vector<NameMove>& names) {
  std::string text;
  for (const NameMove& name : names) {
    text += fmt::format("{}{} '{}'", text.empty() ? "" : ", ", ToString(name.kind), name.name);
  }
  return text;
}

absl::Status CheckTexts(const std::string& author, const std::string& reason, bool needs_reason) {
  if (author.empty() || (needs_reason && reason.empty())) {
    return WithHint(absl::InvalidArgumentError("who does it and why are kept with this change; one of them is missing"),
                    "Give the reason with --why.");
  }
  if (author.size() > kMaxReasonBytes || reason.size() > kMaxReasonBytes) {
    return absl::InvalidArgumentError(fmt::format("who and why take at most {} bytes each", kMaxReasonBytes));
  }
  return absl::OkStatus();
}

absl::Time ToMicros(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

/// FailedPrecondition where one of `names` means the version.
absl::Status CheckUnnamed(const std::string& dataset, int64_t version, std::vector<NameMove> names) {
  std::erase_if(names, [&](const NameMove& name) { return name.to != version; });
  if (names.empty()) return absl::OkStatus();
  return WithHint(absl::FailedPreconditionError(fmt::format("{}@{} cannot be deleted: {} {} it", dataset, version,
                                                            NamesText(names), names.size() == 1 ? "names" : "name")),
                  "Move or delete these names first.");
}

/// A branch goes on from where it stands by a move of its name.
bool MovesBranch(const NameChange& change) {
  return change.kind == NameKind::kBranch &&
         (change.action == NameAction::kSet || change.action == NameAction::kDelete);
}

}  // namespace

absl::Status Names::CheckLosesNothing(const NameChange& change, const NameMove& last) {
  TRY_ASSIGN(const std::optional<std::string> from, CommitOf(database_, change.dataset, *last.to));
  TRY_ASSIGN(const std::optional<std::string> to, CommitOf(database_, change.dataset, change.to));
  Marks start;
  if (from.has_value()) start[*from] |= kOld;
  if (to.has_value()) start[*to] |= kNew;
  std::vector<int64_t> lost;
  TRY(VisitAncestors(
      change.dataset, std::move(start), [&](int64_t version, int marks, const CommitInfo* info, const Marks& pending) {
        if (marks == kOld && info != nullptr) lost.push_back(version);
        return std::any_of(pending.begin(), pending.end(), [](const auto& commit) { return commit.second == kOld; });
      }));
  if (lost.empty()) return absl::OkStatus();
  return WithHint(absl::FailedPreconditionError(
                      fmt::format("moving branch '{}' of {} from version {} to {} would take {} off it", change.name,
                                  change.dataset, *last.to, change.to, VersionsText(change.dataset, lost))),
                  "--force moves it; the versions stay in the dataset under their numbers.");
}

/// What a name must be, or not be, to be set.
absl::Status Names::CheckSet(const NameChange& change, const std::optional<NameMove>& last) {
  const bool is_there = last.has_value() && last->to.has_value();
  const std::string kind = ToString(change.kind);
  if (!is_there) {
    if (change.before == NameChange::Before::kThere) return NoSuchName(change.dataset, change.name, kind);
    if (change.name == kMainBranch) {
      return absl::InvalidArgumentError("'main' is the branch that the first version of a dataset makes");
    }
    return absl::OkStatus();
  }
  if (last->kind != change.kind || change.before == NameChange::Before::kNew) {
    absl::Status taken =
        absl::AlreadyExistsError(fmt::format("{} has a {} '{}' already: it is {}@{}", change.dataset,
                                             ToString(last->kind), change.name, change.dataset, *last->to));
    if (last->kind == NameKind::kTag) return WithHint(taken, "Tags never move; take another name.");
    return WithHint(taken, "Take another name.");
  }
  return absl::OkStatus();
}

/// All that can speak against `change` of a name whose last move is `last`.
absl::Status Names::CheckChange(const NameChange& change, const std::optional<NameMove>& last) {
  const bool is_there = last.has_value() && last->to.has_value();
  const int64_t now_at = is_there ? *last->to : 0;
  if (change.action == NameAction::kSet) {
    TRY(CheckSet(change, last));
  } else if (!is_there || last->kind != change.kind) {
    return NoSuchName(change.dataset, change.name, ToString(change.kind));
  }
  if (change.expected.value_or(now_at) != now_at) {
    return WithHint(
        absl::AbortedError(fmt::format("{} '{}' of {} is {}, not {}: somebody else moved it", ToString(change.kind),
                                       change.name, change.dataset, PlaceText(now_at), PlaceText(change.expected))),
        "Look at its history, and decide again.");
  }
  if (!is_there) return absl::OkStatus();
  if (change.action == NameAction::kDelete && change.name == kMainBranch) {
    return absl::InvalidArgumentError("main is the branch that every dataset has; it cannot be deleted");
  }
  if (change.force) return absl::OkStatus();
  if (change.action == NameAction::kDelete && change.kind == NameKind::kTag) {
    return WithHint(absl::FailedPreconditionError(fmt::format("a tag is made to stay: '{}' of {} is {}@{}", change.name,
                                                              change.dataset, change.dataset, now_at)),
                    "--force deletes it.");
  }
  if (MovesBranch(change) && last->is_protected) {
    return WithHint(
        absl::FailedPreconditionError(fmt::format("branch '{}' of {} is protected", change.name, change.dataset)),
        fmt::format("--force does it once; 'roost data branch unprotect {} {}' takes the protection away.",
                    change.dataset, change.name));
  }
  if (change.action == NameAction::kSet && change.kind == NameKind::kBranch) return CheckLosesNothing(change, *last);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<NameMove>> Names::Change(const NameChange& change) {
  TRY(CheckDatasetName(change.dataset));
  TRY(CheckVersionName(change.name));
  TRY(CheckTexts(change.author, change.reason, change.kind == NameKind::kAlias && change.action == NameAction::kSet));
  if (change.action == NameAction::kCommit) return absl::InternalError("a commit is made by Publish");
  while (true) {
    if (change.action == NameAction::kSet) TRY(Resolve({.name = change.dataset, .version = change.to}).status());
    TRY_ASSIGN(const std::optional<NameMove> last, LastMove(database_, change.dataset, change.name));
    TRY(CheckChange(change, last));
    const bool is_there = last.has_value() && last->to.has_value();
    NameMove move{.dataset = change.dataset,
                  .name = change.name,
                  .number = last.has_value() ? last->number + 1 : 1,
                  .kind = change.kind,
                  .action = change.action,
                  .is_protected = is_there && last->is_protected,
                  .author = change.author,
                  .reason = change.reason,
                  .time = ToMicros(change.time)};
    if (is_there) move.from = last->to;
    switch (change.action) {
      case NameAction::kCommit: break;
      case NameAction::kSet: move.to = change.to; break;
      case NameAction::kDelete: move.is_protected = false; break;
      case NameAction::kProtect:
      case NameAction::kUnprotect:
        move.to = last->to;
        move.is_protected = change.action == NameAction::kProtect;
        break;
    }
    if (is_there && move.to == last->to && move.is_protected == last->is_protected) return std::nullopt;
    bool is_done = false;
    const absl::Status done = database_.InTransaction([&]() -> absl::Status {
      is_done = false;
      TRY_ASSIGN(const std::optional<NameMove> now, LastMove(database_, change.dataset, change.name));
      if (now != last) return absl::OkStatus();  // somebody moved it while this was checked: all again
      if (move.to.has_value()) {
        TRY_ASSIGN(const std::optional<std::string> commit, CommitOf(database_, change.dataset, *move.to));
        if (!commit.has_value()) return absl::OkStatus();  // deleted meanwhile: Resolve will say it
      }
      is_done = true;
      return InsertMove(database_, move, /*recorded=*/false);
    });
    TRY(done);
    if (!is_done) continue;
    RecordPending().IgnoreError();  // as in Publish: the change stands
    return move;
  }
}

absl::StatusOr<std::vector<NameMove>> Names::List(const std::string& dataset) {
  TRY_ASSIGN(std::vector<NameMove> names, CurrentNames(database_, dataset));
  if (names.empty()) return NoSuchDataset(dataset);
  return names;
}

absl::StatusOr<std::vector<NameMove>> Names::History(const std::string& dataset, const std::string& name) {
  TRY_ASSIGN(std::vector<NameMove> moves,
             SelectMoves(database_, "WHERE dataset = :p1 AND name = :p2 ORDER BY number", {dataset, name}));
  if (!moves.empty()) return moves;
  TRY_ASSIGN(std::optional<NameMove> last, LastMove(database_, dataset, name));
  if (!last.has_value()) return NoSuchName(dataset, name, "branch, tag or alias");
  moves.push_back(*std::move(last));
  return moves;
}

absl::StatusOr<std::vector<DeletedVersion>> Names::Deleted(const std::string& dataset) {
  return SelectDeleted(database_, "WHERE dataset = :p1 ORDER BY version DESC", {dataset});
}

absl::StatusOr<std::vector<DeletedVersion>> Names::Delete(const DeleteRequest& request) {
  TRY(CheckTexts(request.author, request.reason, /*needs_reason=*/true));
  // What a version said of itself is in its record; afterwards it would not be written any more.
  TRY(RecordPending());
  while (true) {
    std::vector<CommitInfo> versions;
    if (request.version.has_value()) {
      TRY_ASSIGN(CommitInfo info, Resolve({.name = request.dataset, .version = request.version}));
      versions.push_back(std::move(info));
    } else {
      TRY_ASSIGN(versions, Log(request.dataset, {}));
    }
    std::vector<DeletedVersion> deleted;
    const absl::Status done = database_.InTransaction([&]() -> absl::Status {
      TRY_ASSIGN(deleted, TakeAway(request, versions));
      return absl::OkStatus();
    });
    TRY(done);
    if (deleted.empty()) continue;
    RecordPending().IgnoreError();  // as in Publish
    return deleted;
  }
}

/// In the transaction of a deletion of `versions`. Returns nothing where there are not these versions any more.
absl::StatusOr<std::vector<DeletedVersion>> Names::TakeAway(const DeleteRequest& request,
                                                            const std::vector<CommitInfo>& versions) {
  if (!request.version.has_value()) {
    TRY_ASSIGN(const std::vector<SqlRow> rows,
               database_.Query("SELECT COUNT(*) FROM versions WHERE dataset = :p1", {request.dataset}));
    if (std::get<int64_t>(rows[0][0]) != static_cast<int64_t>(versions.size())) return std::vector<DeletedVersion>();
  }
  for (const CommitInfo& info : versions) {
    TRY_ASSIGN(const std::optional<std::string> commit, CommitOf(database_, info.dataset, info.version));
    if (!commit.has_value()) return std::vector<DeletedVersion>();
  }
  TRY_ASSIGN(const std::vector<NameMove> names, CurrentNames(database_, request.dataset));
  TRY(request.version.has_value() ? CheckUnnamed(request.dataset, *request.version, names) : GiveUp(request, names));
  std::vector<DeletedVersion> deleted;
  for (const CommitInfo& info : versions) {
    DeletedVersion version{.dataset = info.dataset,
                           .version = info.version,
                           .commit = info.digest,
                           .parents = info.parents,
                           .author = request.author,
                           .reason = request.reason,
                           .time = ToMicros(request.time)};
    TRY(InsertDeleted(database_, version, /*recorded=*/false));
    deleted.push_back(std::move(version));
  }
  return deleted;
}

/// The names of a dataset that goes, go with it.
absl::Status Names::GiveUp(const DeleteRequest& request, const std::vector<NameMove>& names) {
  for (const NameMove& name : names) {
    if (name.is_protected && !request.force) {
      return WithHint(
          absl::FailedPreconditionError(
              fmt::format("dataset '{}' cannot be deleted: its branch '{}' is protected", request.dataset, name.name)),
          fmt::format("'roost data branch unprotect {} {}' takes the protection away.", request.dataset, name.name));
    }
    NameMove move = name;
    ++move.number;
    move.action = NameAction::kDelete;
    move.from = name.to;
    move.to.reset();
    move.is_protected = false;
    move.author = request.author;
    move.reason = request.reason;
    move.time = ToMicros(request.time);
    TRY(InsertMove(database_, move, /*recorded=*/false));
  }
  return absl::OkStatus();
}

}  // namespace roost::store
