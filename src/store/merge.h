#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/merge_conflict.h"
#include "store/store.h"

namespace roost::store {

struct MergeRequest {
  std::string dataset;
  CommitInfo theirs;  ///< what is merged
  std::string into;   ///< the branch that gets it; empty: main
  OnConflict on_conflict = OnConflict::kFail;
  bool allow_protected = false;  ///< into a protected branch too
  std::string author;
  std::string message;
};

struct MergeResult {
  enum class Outcome {
    kAlreadyMerged,  ///< the branch came from that version: nothing was done
    kFastForward,    ///< the branch had nothing of its own: it is that version now
    kMerged,         ///< a new version with two parents was made
    kConflicts,      ///< there are conflicts, and they were to fail: nothing was done
  };
  Outcome outcome = Outcome::kAlreadyMerged;
  CommitInfo version;               ///< the branch's head now
  std::vector<Conflict> conflicts;  ///< of kMerged, those that were resolved
  int64_t added = 0;                ///< rows, or files, that theirs brought
  int64_t removed = 0;              ///< that theirs took away
  int64_t changed = 0;              ///< that have something of theirs
};

/// Merges a version into a branch: three-way, cell by cell or file by file (merge_table.h, merge_files.h), from the
/// version that both came from (CommonAncestor).
/// Errors: NotFound for the branch, FailedPrecondition where it is protected or where the two have no version in
/// common, Aborted where another writer moved the branch meanwhile; those of Store::Commit.
absl::StatusOr<MergeResult> Merge(Store& store, const MergeRequest& request, const Context& context);

}  // namespace roost::store
