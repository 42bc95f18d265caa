#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "table/read.h"

namespace roost::table {

/// A Parquet file of many columns, row group by row group and of each some neighbouring columns at a time: a slab. By
/// rows such a file takes the memory of a whole row group, as a page of every column is open at once.
/// Threads: one at a time.
class ColumnSlabs {
 public:
  static constexpr int64_t kSlabBytes = int64_t{32} << 20;  ///< of a row group, decoded
  static constexpr int kManyColumns = 256;

  /// Null where the file at `path` is as well read by rows: other formats, few columns, small row groups; and where it
  /// cannot be read, of which OpenFile tells. Call OpenFile, too: it is what checks names. What `context` points to
  /// must outlive it.
  static std::unique_ptr<ColumnSlabs> Open(const std::string& path, const ReadOptions& options, const Context& context,
                                           int64_t slab_bytes = kSlabBytes);
  ~ColumnSlabs();

  int num_groups() const;
  int num_slabs() const { return static_cast<int>(slabs_.size()); }

  /// The rows of one row group, in order, with the columns of one slab. Memory: kSlabBytes, or one column where that is
  /// more. Errors: as of OpenFile's reader.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Read(int group, int slab) const;

 private:
  struct File;
  ColumnSlabs() = default;

  std::unique_ptr<File> file_;
  std::vector<std::pair<int, int>> slabs_;  // the first column of each and the one after its last
};

}  // namespace roost::table
