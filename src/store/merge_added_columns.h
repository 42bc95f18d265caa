#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/merge_changes.h"
#include "store/merge_columns.h"
#include "store/merge_conflict.h"
#include "store/store.h"

namespace roost::store {

/// Cells in which two sides differ.
struct DifferentCells {
  std::vector<Conflict> conflicts;        ///< one each
  absl::flat_hash_set<int64_t> our_rows;  ///< that have such cells
};

/// The cells that differ in columns that both sides added, of the rows of the base that both have. (Rows that both
/// added are compared whole, elsewhere.) `theirs`: for each of `columns` that is_added_twice its values among theirs,
/// in stored order. Cost: reads those columns of ours, and the key.
absl::StatusOr<DifferentCells> CompareAddedColumns(Store& store, const CommitInfo& ours,
                                                   const std::vector<MergedColumn>& columns,
                                                   const std::vector<std::shared_ptr<arrow::ChunkedArray>>& theirs,
                                                   const SideChanges& our_changes, const SideChanges& their_changes,
                                                   const Context& context);

}  // namespace roost::store
