#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/records.h"
#include "store/row_order.h"
#include "store/row_sorter.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The order of a table's rows; `table.order` is set. DataLoss names the record.
absl::StatusOr<RowOrder> LoadOrder(const TableObject& table, Records& records);

/// The stored row of each handed-in row, for the first rows of `table` that `order` tells of. For a specification its
/// columns are read and sorted. Memory: 4 bytes a row, and the sorted columns.
absl::StatusOr<std::vector<uint32_t>> StoredPositions(RowOrder order, const TableObject& table, std::string name,
                                                      TileLoader& loader, const Context& context);

/// The order after rows were appended to a table of `rows` rows in `order`: the new rows come last.
RowOrder OrderAfterAppend(RowOrder order, int64_t rows);

/// As ReadRows, in the order in which the rows were handed in, in batches of at most 32,768 rows. All rows are read
/// before the first batch is given; `limits` bounds the memory of rows. `records` outlives the reader too.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadRowsInOrder(TableObject table,
                                                                          std::vector<size_t> columns,
                                                                          bool dictionary_strings, std::string name,
                                                                          SortLimits limits, Records& records,
                                                                          TileLoader& loader, const Context& context);

}  // namespace roost::store
