#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/merge_conflict.h"
#include "store/store.h"
#include "store/tree.h"

namespace roost::store {

/// The merged files of two versions, and what stood against it.
struct MergedFiles {
  std::vector<Conflict> conflicts;
  int64_t added = 0;               ///< paths that theirs brought
  int64_t removed = 0;             ///< that theirs took away
  int64_t changed = 0;             ///< that have the content of theirs
  std::vector<TreeEntry> entries;  ///< in the order of their paths
};

/// Merges path by path what became of `base` in `ours` and in `theirs`. The same on both sides is no conflict; another
/// content on each, or a file that one removed and the other changed, is. So is a path that one side made a file, a
/// link or an empty folder of while the other put or changed something in a folder of that name: one conflict, by which
/// all at and under the path is as one side has it. A renamed file is one removed and one added. Memory: 300 bytes an
/// entry of ours (of all three versions where there are such paths), and the changed entries.
absl::StatusOr<MergedFiles> MergeFiles(Store& store, const CommitInfo& base, const CommitInfo& ours,
                                       const CommitInfo& theirs, OnConflict on_conflict, const Context& context);

}  // namespace roost::store
