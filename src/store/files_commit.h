#pragma once

#include <functional>
#include <optional>
#include <span>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/hash.h"
#include "store/commit.h"
#include "store/record_writer.h"
#include "store/tree.h"

namespace roost::store {

/// A tree that is stored, or that is on its way through a RecordWriter.
struct StoredTree {
  Digest id;
  int64_t files = 0;
  uint64_t bytes = 0;
};

/// Stores the tree of `entries`, which are in the order of their paths and whose contents are stored. Parts whose ids
/// are in `known`, those of a version that stands, are not looked up again.
/// InvalidArgument for a path that is there twice, or that is both a folder and something else.
absl::StatusOr<StoredTree> WriteTreeOf(std::span<const TreeEntry> entries, const absl::flat_hash_set<Digest>& known,
                                       RecordWriter& records);

/// Makes the tree of the version after `parent` (nothing for the first one) with what it writes to `records`.
using TreeMaker =
    std::function<absl::StatusOr<StoredTree>(const std::optional<CommitInfo>& parent, RecordWriter& records)>;

}  // namespace roost::store
