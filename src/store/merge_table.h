#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/merge_conflict.h"
#include "store/store.h"

namespace roost::store {

/// The merged rows of two versions of a table, and what stood against it.
struct MergedTable {
  std::vector<Conflict> conflicts;
  int64_t rows_added = 0;    ///< that theirs brought
  int64_t rows_removed = 0;  ///< that theirs took away
  int64_t rows_changed = 0;  ///< that have cells of theirs
  /// All rows: those of ours, in the order in which they are stored, with what theirs changed; rows that theirs
  /// inserted stand behind the row that they stood behind, after what ours inserted there. Null where there are
  /// conflicts and they were to fail.
  std::shared_ptr<arrow::RecordBatchReader> rows;
};

/// Merges cell by cell what became of `base` in `ours` and in `theirs`. Rows are told apart as TableDiff does: by the
/// declared key, or by their places. Edits of different rows or different columns never conflict, nor does the same
/// value on both sides. What theirs did to the order of rows and columns is not taken over.
///
/// `store`, and what `context` points to, outlive the reader. Memory: all changed rows of both sides, and columns that
/// theirs has and ours has not, or got too. Cost: reads ours once.
absl::StatusOr<MergedTable> MergeTables(Store& store, const CommitInfo& base, const CommitInfo& ours,
                                        const CommitInfo& theirs, OnConflict on_conflict, const Context& context);

}  // namespace roost::store
