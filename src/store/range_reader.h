#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/records.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// Rows by their place in the table.
struct RowRange {
  int64_t first = 0;  ///< counted from 0, as the rows were handed in
  int64_t rows = 0;   ///< how many, fewer at the table's end
};

/// Rows by the value of the key's first column, both ends included. An end is a text as CSV has it; none: open.
struct KeyRange {
  std::optional<std::string> from;
  std::optional<std::string> to;
};

/// Which rows of a version are read; both restrict.
struct RowSelection {
  std::optional<RowRange> rows;
  std::optional<KeyRange> keys;
};

/// A reader of the rows of `table` that `selection` has, in batches of at most a tile; `columns` are positions among
/// the table's columns. For a row range only the tiles that it meets are read; for a key range the key's first column,
/// and other columns of tiles that have such a row. The tiles are read one after another, the columns of each in
/// parallel on the context's pool. `records`, `loader` and what `context` points to outlive the reader.
/// Of a table that was handed in in another order than it is stored in, a row range reads the rows before it too, and
/// the rows of a key range come as they are stored.
/// InvalidArgument for an end that is no value of the key's column, or a key that has no order (true and false);
/// for both ranges of a table in another order;
/// FailedPrecondition where no key was declared. Errors of reading are DataLoss that names `name`.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadSelection(const TableObject& table,
                                                                        const std::vector<size_t>& columns,
                                                                        const RowSelection& selection, std::string name,
                                                                        Records& records, TileLoader& loader,
                                                                        const Context& context);

}  // namespace roost::store
