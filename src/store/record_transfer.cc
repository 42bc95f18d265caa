#include "store/record_transfer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/patch_heads.h"
#include "store/table_object.h"
#include "store/tree.h"

namespace roost::store {
namespace {

constexpr size_t kTilesAtOnce = 256;    // patches of so many tiles are in memory
constexpr size_t kRecordsAtOnce = 128;  // are read together

}  // namespace

absl::Status RecordTransfer::AddVersion(const CommitInfo& version) {
  std::vector<Digest> attachments;
  for (const auto& [name, id] : version.attachments) attachments.push_back(id);
  TRY(Send(attachments));
  return Annotate(version.kind == DatasetKind::kFiles ? AddTree(version.tree) : AddTable(version.table),
                  version.Name());
}

absl::Status RecordTransfer::AddTree(const Digest& id) {
  std::vector<Digest> ids;
  const absl::Status followed = ForEachRecordOfTree(
      id,
      [&](const Digest& object, std::string_view tag) -> absl::StatusOr<std::string> {
        TRY(context_.CheckCancelled());
        return records_.LoadObject(object, tag);
      },
      [&](const Digest& record) {
        if (!seen_.insert(record).second) return false;
        ids.push_back(record);
        return true;
      });
  TRY(followed);
  return Send(ids);
}

absl::Status RecordTransfer::AddTable(const Digest& id) {
  if (!seen_.insert(id).second) return absl::OkStatus();
  // A table is kept only together with all that it needs.
  TRY_ASSIGN(const auto missing, writer_.Missing({&id, 1}));
  if (missing.empty()) return absl::OkStatus();
  TRY_ASSIGN(const std::string bytes, records_.LoadObject(id, kTableTag));
  TRY_ASSIGN(const TableObject table, ReadTable(bytes));
  std::vector<Digest> objects{id};
  if (table.order.has_value()) objects.push_back(*table.order);
  for (const TileRun& run : table.runs) {
    TRY_ASSIGN(const std::shared_ptr<const TileList> list, tiles_.List(run.id, table));
    objects.push_back(run.id);
    for (size_t i = 0; i < list->tiles.size(); ++i) AddTile({.list_id = run.id, .list = list, .index = i});
    TRY(FollowTiles(table));
  }
  return Send(objects);
}

void RecordTransfer::AddTile(TilePlace tile) {
  const Digest id = tile.id();
  if (seen_tiles_.insert(id).second) open_.push_back({.tile = std::move(tile), .id = id});
}

absl::Status RecordTransfer::FollowTiles(const TableObject& table) {
  while (!open_.empty()) {
    TRY(context_.CheckCancelled());
    const size_t count = std::min(kTilesAtOnce, open_.size());
    std::vector<Place> some(open_.end() - static_cast<ptrdiff_t>(count), open_.end());
    open_.resize(open_.size() - count);
    TRY(FollowSome(std::move(some), table));
  }
  return absl::OkStatus();
}

absl::Status RecordTransfer::FollowSome(std::vector<Place> places, const TableObject& table) {
  std::vector<Digest> wanted;
  for (const Place& place : places) {
    wanted.push_back(place.id);
    for (const LeafRef& leaf : place.tile.node().leaves) wanted.push_back(leaf.id);
  }
  TRY_ASSIGN(const auto missing, writer_.Missing(wanted));
  std::erase_if(places, [&](const Place& place) {
    const std::vector<LeafRef>& leaves = place.tile.node().leaves;
    return !missing.contains(place.id) ||
           std::none_of(leaves.begin(), leaves.end(), [&](const LeafRef& leaf) { return missing.contains(leaf.id); });
  });
  std::vector<TilePlace> tiles;
  for (const Place& place : places) tiles.push_back(place.tile);
  TRY_ASSIGN(const auto patches, LoadPatchHeads(tiles, records_, context_));
  std::vector<Digest> needed;
  for (size_t i = 0; i < places.size(); ++i) {
    const TileNode& node = places[i].tile.node();
    const std::optional<TilePatch>& patch = patches[i];
    if (patch.has_value()) needed.push_back(places[i].id);
    for (size_t column = 0; column < node.leaves.size(); ++column) {
      const bool is_full = !patch.has_value() || patch->leaves[column].form == LeafPatch::Form::kFull;
      if (is_full) needed.push_back(node.leaves[column].id);
    }
    if (!patch.has_value()) continue;
    for (const TileAddress& base : patch->bases) {
      TilePlace place{.list_id = base.list, .index = static_cast<size_t>(base.index)};
      TRY_ASSIGN(place.list, tiles_.List(base.list, table));
      if (place.index >= place.list->tiles.size()) return absl::DataLossError("a patch's base is not in its list");
      needed.push_back(base.list);
      AddTile(std::move(place));
    }
  }
  return Send(needed);
}

absl::Status RecordTransfer::Send(const std::vector<Digest>& ids) {
  TRY_ASSIGN(auto missing, writer_.Missing(ids));
  std::vector<Digest> in_order;
  for (const Digest& id : ids) {
    if (missing.erase(id) > 0) in_order.push_back(id);
  }
  for (size_t first = 0; first < in_order.size(); first += kRecordsAtOnce) {
    TRY(context_.CheckCancelled());
    const auto some = std::span(in_order).subspan(first, std::min(kRecordsAtOnce, in_order.size() - first));
    TRY_ASSIGN(const RecordLocations located, records_.LocateAll(some, "the version"));
    std::vector<RecordLocation> locations;
    for (const Digest& id : some) locations.push_back(located.at(id));
    TRY_ASSIGN(const std::vector<std::string> records, records_.LoadAll(locations, *context_.pool));
    for (size_t i = 0; i < some.size(); ++i) TRY(writer_.Add(some[i], records[i]));
    sent_ += static_cast<int64_t>(some.size());
  }
  return absl::OkStatus();
}

}  // namespace roost::store
