#pragma once

#include <memory>
#include <optional>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/row_order.h"
#include "store/row_sorter.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The rows on which is decided whether a snapshot has its rows in another order than its parent.
inline constexpr int64_t kOrderSampleRows = 65'536;

/// Snapshots of fewer rows are stored as they are handed in: there is little to save.
inline constexpr int64_t kMinOrderedRows = 4'096;

/// A snapshot's rows in the order in which they are best stored.
struct Reordered {
  std::shared_ptr<arrow::RecordBatchReader> rows;
  std::optional<RowOrder> order;  ///< how the handed-in order comes from it; none where it is the same
};

/// Puts the rows of a snapshot into the stored order of `parent`, if they have many of its rows in another order: then
/// only the order is new. Decided on the first 65,536 rows: where a tenth of them is in the parent, and of these less
/// than nine tenths ascend or they are less than four fifths of the parent's rows that they span. All rows are then
/// read and found in the parent by the hash of the cut columns, several rows with the same one by that of all columns.
///
/// The rows stay in their order where the parent or they are more than kMaxOrderedRows or less than kMinOrderedRows,
/// where no declared key or single column tells the rows apart, where the first rows do not show another order, or
/// where their order would take half of what the rows take. `rows` has the columns of `table`, whose cut columns are
/// those of the parent that are left. Memory: `limits`, and 30 bytes for each row of both. What `context` points to,
/// `rows` and `loader` outlive the result. Errors: those of the reader, of the parent, of the disk; Cancelled.
absl::StatusOr<Reordered> ReorderLikeParent(const TableObject& parent, const TableObject& table, TileLoader& loader,
                                            std::shared_ptr<arrow::RecordBatchReader> rows, const SortLimits& limits,
                                            const Context& context);

}  // namespace roost::store
