#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/commit.h"
#include "store/tree.h"

namespace roost::store {

class Store;

/// A file, link or empty folder that is not what it was.
struct ChangedEntry {
  TreeEntry before;
  TreeEntry after;  ///< of the same path where it is changed, of another one where it is renamed
};

struct TreeDiff {
  std::vector<TreeEntry> added;
  std::vector<TreeEntry> removed;
  std::vector<ChangedEntry> changed;  ///< other content, target or type
  std::vector<ChangedEntry> renamed;  ///< gone from one path and new at another with the same content, never empty

  bool empty() const { return added.empty() && removed.empty() && changed.empty() && renamed.empty(); }
};

/// What became of the files of version `before` in version `after`, each list in the order of the paths (of `before`
/// where there is one). Reads the parts that the trees do not share. InvalidArgument for versions of tables.
absl::StatusOr<TreeDiff> DiffTrees(Store& store, const CommitInfo& before, const CommitInfo& after,
                                   const Context& context);

}  // namespace roost::store
