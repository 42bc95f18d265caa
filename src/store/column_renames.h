#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// Whether a snapshot with these columns may have renamed ones: some of the parent's are missing, and new ones have
/// their types.
bool MayRename(const TableObject& parent, const arrow::Schema& schema);

/// New names of columns of `parent` -> their ids: a new column is an old one that is missing where nine tenths of the
/// first values are the same, in the same order. `sample` has the first rows of the snapshot.
/// Cost: the first tile of each missing column is read.
absl::StatusOr<std::map<std::string, int64_t>> FindRenames(const TableObject& parent, const arrow::RecordBatch& sample,
                                                           TileLoader& loader, const Context& context);

}  // namespace roost::store
