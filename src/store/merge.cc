#include "store/merge.h"

#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "store/files_commit.h"
#include "store/history.h"
#include "store/merge_files.h"
#include "store/merge_table.h"
#include "store/names.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

absl::Status FastForward(Store& store, const MergeRequest& request, const CommitInfo& ours, const std::string& branch,
                         const Context& context) {
  const NameChange change{.dataset = request.dataset,
                          .name = branch,
                          .kind = NameKind::kBranch,
                          .action = NameAction::kSet,
                          .to = request.theirs.version,
                          .expected = ours.version,
                          .force = request.allow_protected,
                          .author = request.author,
                          .reason = request.message,
                          .time = context.now()};
  return store.names().Change(change).status();
}

CommitRequest RequestFor(const MergeRequest& request, const CommitInfo& ours, const std::string& branch) {
  CommitRequest commit{.dataset = request.dataset, .branch = branch, .allow_protected = request.allow_protected};
  commit.other_parents = {request.theirs.digest};
  commit.expected_version = ours.version;
  commit.message = request.message;
  commit.author = request.author;
  commit.provenance["merge"] = fmt::format("{} into {}", request.theirs.Name(), ours.Name());
  return commit;
}

absl::Status MergeTableInto(Store& store, const MergeRequest& request, const CommitInfo& base, const CommitInfo& ours,
                            const std::string& branch, const Context& context, MergeResult& result) {
  TRY_ASSIGN(MergedTable merged, MergeTables(store, base, ours, request.theirs, request.on_conflict, context));
  result.conflicts = std::move(merged.conflicts);
  result.added = merged.rows_added;
  result.removed = merged.rows_removed;
  result.changed = merged.rows_changed;
  if (merged.rows == nullptr) {
    result.outcome = MergeResult::Outcome::kConflicts;
    return absl::OkStatus();
  }
  TRY_ASSIGN(result.version, store.Commit(RequestFor(request, ours, branch), *merged.rows, context));
  return absl::OkStatus();
}

absl::Status MergeFilesInto(Store& store, const MergeRequest& request, const CommitInfo& base, const CommitInfo& ours,
                            const std::string& branch, const Context& context, MergeResult& result) {
  TRY_ASSIGN(MergedFiles merged, MergeFiles(store, base, ours, request.theirs, request.on_conflict, context));
  result.conflicts = std::move(merged.conflicts);
  result.added = merged.added;
  result.removed = merged.removed;
  result.changed = merged.changed;
  if (request.on_conflict == OnConflict::kFail && !result.conflicts.empty()) {
    result.outcome = MergeResult::Outcome::kConflicts;
    return absl::OkStatus();
  }
  TRY_ASSIGN(const Tree tree, LoadTree(store, ours));
  absl::flat_hash_set<Digest> known;
  for (const TreePart& part : tree.parts) known.insert(part.id);
  const auto make = [&](const std::optional<CommitInfo>&, RecordWriter& records) {
    return WriteTreeOf(merged.entries, known, records);
  };
  TRY_ASSIGN(result.version, store.CommitFiles(RequestFor(request, ours, branch), make, context));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MergeResult> Merge(Store& store, const MergeRequest& request, const Context& context) {
  const std::string branch = request.into.empty() ? kMainBranch : request.into;
  TRY_ASSIGN(const std::optional<CommitInfo> head,
             store.names().HeadForCommit(request.dataset, branch, request.allow_protected));
  if (!head.has_value()) return absl::NotFoundError(fmt::format("there is no dataset '{}'", request.dataset));
  if (head->kind != request.theirs.kind) {
    return absl::InvalidArgumentError(
        fmt::format("{} and {}: one is a table, the other files", head->Name(), request.theirs.Name()));
  }
  TRY_ASSIGN(const std::optional<CommitInfo> base, CommonAncestor(store.objects(), *head, request.theirs));
  if (!base.has_value()) {
    return absl::FailedPreconditionError(
        fmt::format("{} and {} have no version in common", head->Name(), request.theirs.Name()));
  }
  MergeResult result{.version = *head};
  if (base->digest == request.theirs.digest) return result;
  if (base->digest == head->digest) {
    TRY(FastForward(store, request, *head, branch, context));
    result.outcome = MergeResult::Outcome::kFastForward;
    result.version = request.theirs;
    return result;
  }
  result.outcome = MergeResult::Outcome::kMerged;
  TRY(head->kind == DatasetKind::kFiles ? MergeFilesInto(store, request, *base, *head, branch, context, result)
                                        : MergeTableInto(store, request, *base, *head, branch, context, result));
  return result;
}

}  // namespace roost::store
