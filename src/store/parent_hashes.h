#pragma once

#include <cstdint>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/row_match.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The hashes of the rows of `parent`, in stored order: of the cut columns of `table`, or `whole`, of all columns that
/// `table` has too. Tiles are read until `max_rows` rows are there. Cost: those columns are decoded.
absl::StatusOr<RowHashes> HashesOfParent(const TableObject& parent, const TableObject& table, bool whole,
                                         int64_t max_rows, TileLoader& loader, const Context& context);

/// Adds those of `batch`, whose columns are those of `table`, in their order and without dictionaries.
void AddBatchHashes(const TableObject& parent, const TableObject& table, bool whole, const arrow::RecordBatch& batch,
                    RowHashes& hashes);

}  // namespace roost::store
