#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/commit.h"
#include "store/record_writer.h"
#include "store/row_key.h"
#include "store/table_change.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The names of the key's columns, for messages: "id", "day, flight".
std::string KeyText(const TableObject& table);

/// InvalidArgument where `key` (names; empty: none was said) is not the key of `parent`.
absl::Status CheckSameKey(std::span<const std::string> key, const TableObject& parent);

/// The keys of the rows of `batch`, which has the columns of `table`. InvalidArgument, naming the row, counted on from
/// `rows_before`, where a key has a null.
absl::StatusOr<std::vector<RowKey>> KeysOfBatch(const arrow::RecordBatch& batch, const TableObject& table,
                                                int64_t rows_before);

/// Calls `use` for each tile of `table`, in order, with the keys of its rows. Of the tiles only the key's columns are
/// read.
absl::Status ForEachTileKeys(const TableObject& table, TileLoader& loader, const Context& context,
                             const std::function<absl::Status(const TilePlace&, std::span<const RowKey>)>& use);

/// kUpsert and kDeleteKeys of WriteChange (table_change.h).
absl::StatusOr<ChangedTable> WriteKeyChange(CommitRequest::Mode mode, const TableObject& parent,
                                            arrow::RecordBatchReader& reader, TileLoader& loader, RecordWriter& records,
                                            const Context& context);

}  // namespace roost::store
