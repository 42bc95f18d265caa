#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The Arrow schema of the given columns; with `dictionary_strings`, strings are dictionary<int32, their type>.
absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOfColumns(const std::vector<StoredColumn>& columns,
                                                               bool dictionary_strings);

/// One tile of `table`, all columns, as a batch.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> ReadTile(const TableObject& table, const TilePlace& tile,
                                                             TileLoader& loader, const Context& context);

/// A reader of the rows of `table`, in batches of at most 32,768 rows; `columns` are positions among the table's
/// columns. It reads ahead by at most 16 tiles (or 32 MiB), columns and tiles in parallel on the context's pool.
/// `loader` and what `context` points to outlive the reader. Errors are DataLoss that names `name`, the pack and the
/// record.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadRows(TableObject table, std::vector<size_t> columns,
                                                                   bool dictionary_strings, std::string name,
                                                                   TileLoader& loader, const Context& context);

}  // namespace roost::store
