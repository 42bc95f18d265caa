#pragma once

#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/context.h"
#include "base/hash.h"
#include "store/records.h"
#include "store/tile_loader.h"

namespace roost::store {

/// Whether a record, decoded, is what `id` says. DataLoss where it is not. Of a patch only the form can be looked at:
/// what it makes is checked by CheckPatchedTiles.
absl::Status CheckRecord(const Digest& id, std::string_view record);

/// Whether each tile of the table that is stored as a patch gives leaves with the ids that its list says. Tiles in
/// `seen` are left out, those that are sound are added to it. Cost: applies every patch; memory: 16 tiles.
absl::Status CheckPatchedTiles(const Digest& table, Records& records, TileLoader& tiles,
                               absl::flat_hash_set<Digest>& seen, const Context& context);

}  // namespace roost::store
