#pragma once

#include <cstdint>
#include <optional>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/commit.h"
#include "store/record_writer.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// A table that was written: its records wait in the writer's packs.
struct ChangedTable {
  TableObject table;
  int64_t bytes_in = 0;               ///< what the given rows take in memory
  std::optional<RowCounts> counts{};  ///< known for upserts and deletions
};

/// Writes the table that `request` makes of `parent` (none: of nothing) and the rows of `reader`:
/// - kSnapshot: the rows are the table. Streams; memory as TableWriter has it.
/// - kAppend: they follow the parent's. Streams.
/// - kUpsert: a row with a key of the parent takes the place of that row, others follow. The given rows are held in
///   memory; of the parent, the key's columns are read, and other columns only of tiles that change.
/// - kDeleteKeys: `reader` has the key's columns, whose rows go. The keys are held in memory, 16 bytes each.
/// A key, where one is declared, is checked: no nulls, no two rows with the same one.
/// Errors: InvalidArgument for rows that do not fit (columns, types, keys), FailedPrecondition where a key is needed
/// and none was declared, Cancelled, those of the reader, of the disk, DataLoss.
absl::StatusOr<ChangedTable> WriteChange(const CommitRequest& request, const std::optional<TableObject>& parent,
                                         arrow::RecordBatchReader& reader, TileLoader& loader, RecordWriter& records,
                                         const Context& context);

}  // namespace roost::store
