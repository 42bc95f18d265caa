#pragma once

#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/records.h"
#include "store/tile_loader.h"
#include "store/tile_patch.h"

namespace roost::store {

/// For each tile the patch that is stored under its id, without the values that it gives; none where the tile is stored
/// as full leaves. For who asks what a tile stands on. DataLoss, naming the record, for a damaged patch.
/// Cost: one look-up in the index for all; the patches are read.
absl::StatusOr<std::vector<std::optional<TilePatch>>> LoadPatchHeads(std::span<const TilePlace> tiles, Records& records,
                                                                     const Context& context);

}  // namespace roost::store
