#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/row_order.h"
#include "store/row_sorter.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The order of a table's rows; `table.order` is set. DataLoss names the record.
absl::StatusOr<RowOrder> LoadOrder(const TableObject& table, Records& records);

/// Stores the record of `order`, where it is missing; returns its id.
absl::StatusOr<Digest> AddOrder(const RowOrder& order, RecordWriter& records);

/// The stored row of each handed-in row, for the first rows of `table` that `order` tells of. For a specification its
/// columns are read and sorted. Memory: 4 bytes a row, and the sorted columns.
absl::StatusOr<std::vector<uint32_t>> StoredPositions(RowOrder order, const TableObject& table, std::string name,
                                                      TileLoader& loader, const Context& context);

/// The order after rows were appended to a table of `rows` rows in `order`: the new rows come last.
RowOrder OrderAfterAppend(RowOrder order, int64_t rows);

/// The order after the stored rows `removed` (ascending) have gone; none where the stored order is left. DataLoss for
/// an order that is none.
absl::StatusOr<std::optional<RowOrder>> OrderAfterRemoval(RowOrder order, std::span<const int64_t> removed,
                                                          int64_t table_rows);

/// As ReadRows, in the order in which the rows were handed in, in batches of at most 32,768 rows. All rows are read
/// before the first batch is given; `limits` bounds the memory of rows. `records` outlives the reader too.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadRowsInOrder(TableObject table,
                                                                          std::vector<size_t> columns,
                                                                          bool dictionary_strings, std::string name,
                                                                          SortLimits limits, Records& records,
                                                                          TileLoader& loader, const Context& context);

}  // namespace roost::store
