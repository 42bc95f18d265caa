#include "store/patch_heads.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/pack.h"

namespace roost::store {

absl::StatusOr<std::vector<std::optional<TilePatch>>> LoadPatchHeads(std::span<const TilePlace> tiles, Records& records,
                                                                     const Context& context) {
  std::vector<Digest> ids;
  for (const TilePlace& tile : tiles) ids.push_back(tile.id());
  TRY_ASSIGN(const RecordLocations locations, records.Locate(ids));
  std::vector<std::optional<TilePatch>> patches(tiles.size());
  const absl::Status read = context.pool->ParallelFor(tiles.size(), [&](size_t i) -> absl::Status {
    const auto found = locations.find(ids[i]);
    if (found == locations.end()) return absl::OkStatus();
    TRY_ASSIGN(const std::string record, records.Load(found->second));
    absl::StatusOr<TilePatch> patch = ReadTilePatch(record);
    if (patch.ok() && patch->leaves.size() != tiles[i].node().leaves.size()) {
      patch = absl::DataLossError("it does not fit its tile");
    }
    if (!patch.ok()) return Annotate(patch.status(), PackKey(found->second.pack) + ": record " + ids[i].ToHex());
    for (LeafPatch& leaf : patch->leaves) {
      leaf.map.clear();
      leaf.given.clear();
    }
    patches[i] = *std::move(patch);
    return absl::OkStatus();
  });
  TRY(read);
  return patches;
}

}  // namespace roost::store
