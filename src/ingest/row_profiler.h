#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "column/batch.h"
#include "profile/profile.h"
#include "table/column_slabs.h"

namespace roost::ingest {

/// Counts batches as they come into one profile: groups of them at a time, each on all threads. The profile is the same
/// however the rows were cut into batches and however many threads there are.
/// Memory: the batches of one group: 32 MiB of them (8 KiB a column where that is more) or half a million rows.
/// Threads: one.
class RowProfiler {
 public:
  /// What `context` points to outlives it; nothing is told of the progress.
  explicit RowProfiler(const Context& context) : context_(context) {}

  /// Adds columns without rows, so that they are in the profile also where no row comes. Errors as Add.
  absl::Status AddColumns(const std::shared_ptr<arrow::Schema>& schema);

  /// Errors as Profile::Add, and Cancelled.
  absl::Status Add(const arrow::RecordBatch& batch);

  /// The profile of all rows that were added. Nothing is added afterwards.
  absl::StatusOr<profile::Profile> Finish();

 private:
  absl::Status Count();

  Context context_;
  profile::Profile profile_;
  std::vector<column::OwnedBatch> group_;
  int64_t group_rows_ = 0;
  int64_t group_bytes_ = 0;
};

/// The profile of all rows of `rows`. While a group of batches is counted, the next one is read, on another thread
/// where `context.pool` has several. `total_rows`, for progress, is 0 where it is not known. Errors: those of the
/// reader, of Profile::Add, and Cancelled. Memory: two groups of batches.
absl::StatusOr<profile::Profile> ProfileRows(arrow::RecordBatchReader& rows, int64_t total_rows,
                                             const Context& context);

/// The profile of all rows of a file, in parts of its columns. Errors: those of the reader, and Cancelled. Memory: a
/// slab, and the hashes of the rows of one row group.
absl::StatusOr<profile::Profile> ProfileSlabs(const table::ColumnSlabs& slabs, const Context& context);

}  // namespace roost::ingest
