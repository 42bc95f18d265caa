#include "store/reachable.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "store/patch_heads.h"
#include "store/table_object.h"
#include "store/tree.h"

namespace roost::store {
namespace {

constexpr size_t kTilesAtOnce = 256;  // patches of so many tiles are in memory

}  // namespace

absl::Status Reachable::AddVersion(const CommitInfo& version) {
  for (const auto& [name, id] : version.attachments) ids_.insert(id);
  return Annotate(version.kind == DatasetKind::kFiles ? AddTree(version.tree) : AddTable(version.table),
                  version.Name());
}

absl::Status Reachable::AddTree(const Digest& id) {
  return ForEachRecordOfTree(
      id,
      [&](const Digest& object, std::string_view tag) -> absl::StatusOr<std::string> {
        TRY(context_.CheckCancelled());
        return records_.LoadObject(object, tag);
      },
      [&](const Digest& record) { return ids_.insert(record).second; });
}

absl::Status Reachable::AddTable(const Digest& id) {
  if (!ids_.insert(id).second) return absl::OkStatus();
  TRY_ASSIGN(const std::string bytes, records_.LoadObject(id, kTableTag));
  TRY_ASSIGN(const TableObject table, ReadTable(bytes));
  if (table.order.has_value()) ids_.insert(*table.order);
  for (const TileRun& run : table.runs) {
    TRY(context_.CheckCancelled());
    ids_.insert(run.id);
    if (seen_lists_.contains(run.id)) continue;
    TRY_ASSIGN(const std::shared_ptr<const TileList> list, tiles_.List(run.id, table));
    // A list that does not name its columns has other tiles in another table.
    if (list->names_columns) seen_lists_.insert(run.id);
    for (size_t i = 0; i < list->tiles.size(); ++i) AddTile({.list_id = run.id, .list = list, .index = i});
    TRY(FollowTiles(table));
  }
  return absl::OkStatus();
}

void Reachable::AddTile(TilePlace tile) {
  const Digest id = tile.id();
  if (seen_tiles_.insert(id).second) open_.push_back({.tile = std::move(tile), .id = id});
}

absl::Status Reachable::FollowTiles(const TableObject& table) {
  while (!open_.empty()) {
    TRY(context_.CheckCancelled());
    const size_t count = std::min(kTilesAtOnce, open_.size());
    const std::vector<Place> some(open_.end() - static_cast<ptrdiff_t>(count), open_.end());
    open_.resize(open_.size() - count);
    TRY(FollowSome(some, table));
  }
  return absl::OkStatus();
}

absl::Status Reachable::FollowSome(std::span<const Place> places, const TableObject& table) {
  std::vector<TilePlace> tiles;
  for (const Place& place : places) tiles.push_back(place.tile);
  TRY_ASSIGN(const auto patches, LoadPatchHeads(tiles, records_, context_));
  for (size_t i = 0; i < places.size(); ++i) {
    const TileNode& node = places[i].tile.node();
    const std::optional<TilePatch>& patch = patches[i];
    if (patch.has_value()) ids_.insert(places[i].id);
    for (size_t column = 0; column < node.leaves.size(); ++column) {
      const bool is_full = !patch.has_value() || patch->leaves[column].form == LeafPatch::Form::kFull;
      if (is_full) ids_.insert(node.leaves[column].id);
    }
    if (!patch.has_value()) continue;
    for (const TileAddress& base : patch->bases) {
      TilePlace place{.list_id = base.list, .index = static_cast<size_t>(base.index)};
      TRY_ASSIGN(place.list, tiles_.List(base.list, table));
      if (place.index >= place.list->tiles.size()) return absl::DataLossError("a patch's base is not in its list");
      ids_.insert(base.list);
      AddTile(std::move(place));
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::store
