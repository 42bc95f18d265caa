#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/spill_file.h"

namespace roost::store {

struct SortLimits {
  int64_t memory_bytes = int64_t{256} << 20;  ///< of rows, beside 4 bytes for each row's place
  std::string folder;                         ///< for what does not fit; "": as SpillFile has it
};

/// Puts rows at given places. Rows that fit in half of the memory stay there; others go through a temporary file, cut
/// into ranges of places, and each range is put in order by itself. One row beyond the limit alone is held in memory.
/// Threads: one calls; columns are worked on in parallel on the context's pool.
class RowSorter {
 public:
  /// `places`: where each row goes, every number from 0 to places.size() - 1 once. The schema has no dictionaries. What
  /// `context` points to outlives the sorter and its reader.
  RowSorter(std::shared_ptr<arrow::Schema> schema, std::vector<uint32_t> places, SortLimits limits,
            const Context& context);
  ~RowSorter();
  RowSorter(RowSorter&&);

  /// The next rows. At most as many as there are places.
  absl::Status Add(std::shared_ptr<arrow::RecordBatch> batch);

  /// The rows in the order of their places, in batches of at most 32,768. DataLoss where rows are missing.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Finish();

 private:
  class Reader;
  /// Rows whose places are in one range, in a file.
  struct Bucket {
    std::vector<SpillFile::Extent> extents;
    int64_t bytes = 0;
  };

  absl::Status StartBuckets();
  absl::Status Distribute();

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<uint32_t> places_;
  SortLimits limits_;
  const Context context_;
  arrow::RecordBatchVector waiting_;  // not in a file
  int64_t waiting_bytes_ = 0;
  int64_t waiting_first_ = 0;  // the first row of waiting_
  int64_t rows_ = 0;
  std::unique_ptr<SpillFile> file_;
  int64_t bucket_rows_ = 0;
  std::vector<Bucket> buckets_;
};

}  // namespace roost::store
