#include "store/tile_loader.h"

#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

constexpr size_t kCachedLists = 64;
constexpr int kMaxLevels = 64;

absl::Status Damaged(const RecordLocation& location, const absl::Status& status) {
  return Annotate(status, fmt::format("{}: record {}", PackKey(location.pack), location.entry.id.ToHex()));
}

struct LoadedRecord {
  RecordLocation location;
  std::string bytes;
};

using LoadedRecords = absl::flat_hash_map<Digest, LoadedRecord>;

absl::StatusOr<LoadedRecords> LoadRecords(const RecordLocations& locations, Records& records, const Context& context) {
  TRY(context.CheckCancelled());
  std::vector<RecordLocation> wanted;
  wanted.reserve(locations.size());
  for (const auto& [id, location] : locations) wanted.push_back(location);
  TRY_ASSIGN(std::vector<std::string> bytes, records.LoadAll(wanted, *context.pool));
  LoadedRecords loaded;
  loaded.reserve(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    loaded.emplace(wanted[i].entry.id, LoadedRecord{.location = wanted[i], .bytes = std::move(bytes[i])});
  }
  return loaded;
}

/// The full leaves that `tile` needs for `column`, into `ids`.
absl::Status CollectLeaves(const TileChain& tile, int64_t column, std::vector<Digest>& ids) {
  const int64_t at = tile.place.list->Find(column);
  if (at < 0) return absl::DataLossError(fmt::format("a tile lacks column {} of its table", column));
  const auto index = static_cast<size_t>(at);
  if (!tile.patch.has_value() || tile.patch->leaves[index].form == LeafPatch::Form::kFull) {
    ids.push_back(tile.place.node().leaves[index].id);
    return absl::OkStatus();
  }
  for (const TileChain& base : tile.bases) TRY(CollectLeaves(base, column, ids));
  return absl::OkStatus();
}

absl::StatusOr<LeafPieces> LoadLeaf(const TileChain& tile, const WantedColumn& column, const LoadedRecords& records);

/// The column of what a patched tile is made on.
absl::StatusOr<LeafPieces> LoadBase(const TileChain& tile, const WantedColumn& column, const LoadedRecords& records) {
  if (tile.bases.size() == 1) return LoadLeaf(tile.bases.front(), column, records);
  std::vector<Leaf> parts;
  for (const TileChain& base : tile.bases) {
    TRY_ASSIGN(LeafPieces part, LoadLeaf(base, column, records));
    parts.push_back(std::move(part).Gather());
  }
  return LeafPieces(Concatenate(std::move(parts)));
}

absl::StatusOr<LeafPieces> LoadLeaf(const TileChain& tile, const WantedColumn& column, const LoadedRecords& records) {
  const auto index = static_cast<size_t>(tile.place.list->Find(column.id));
  const TileNode& node = tile.place.node();
  if (!tile.patch.has_value() || tile.patch->leaves[index].form == LeafPatch::Form::kFull) {
    const auto& [location, record] = records.at(node.leaves[index].id);
    absl::StatusOr<Leaf> leaf = DecodeLeaf(record, column.as_dictionary);
    if (!leaf.ok()) return Damaged(location, leaf.status());
    if (leaf->rows != node.rows) {
      return Damaged(location, absl::DataLossError(fmt::format("it has {} rows, expected {}", leaf->rows, node.rows)));
    }
    return LeafPieces(*std::move(leaf));
  }
  TRY_ASSIGN(LeafPieces leaf, LoadBase(tile, column, records));
  const absl::Status applied = ApplyLeafPatch(tile.patch->leaves[index], tile.patch->edits, leaf);
  if (!applied.ok()) return Annotate(applied, fmt::format("the patch of tile {}", tile.place.id().ToHex()));
  return leaf;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TileList>> TileLoader::List(const Digest& id, const TableObject& table) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = lists_.find(id);
    if (found != lists_.end()) {
      recent_.remove(id);
      recent_.push_front(id);
      return found->second;
    }
  }
  TRY_ASSIGN(const std::string bytes, records_.LoadObject(id, kTilesTag));
  TRY_ASSIGN(TileList list, ReadTiles(bytes));
  if (list.columns.empty()) {
    for (const StoredColumn& column : table.columns) list.columns.push_back(column.id);
  }
  for (const TileNode& tile : list.tiles) {
    if (tile.leaves.size() != list.columns.size()) {
      return absl::DataLossError(
          fmt::format("a tile has {} columns where its list has {}", tile.leaves.size(), list.columns.size()));
    }
  }
  auto shared = std::make_shared<const TileList>(std::move(list));
  // Another table may have the same list for other columns.
  if (!shared->names_columns) return shared;
  const std::lock_guard lock(mutex_);
  if (lists_.emplace(id, shared).second) recent_.push_front(id);
  if (recent_.size() > kCachedLists) {
    lists_.erase(recent_.back());
    recent_.pop_back();
  }
  return shared;
}

absl::StatusOr<std::vector<TileChain>> TileLoader::Resolve(std::span<const TilePlace> tiles, const TableObject& table,
                                                           const Context& context) {
  std::vector<TileChain> chains(tiles.size());
  std::vector<TileChain*> level;
  for (size_t i = 0; i < tiles.size(); ++i) {
    chains[i].place = tiles[i];
    level.push_back(&chains[i]);
  }
  for (int depth = 0; !level.empty(); ++depth) {
    if (depth > kMaxLevels) return absl::DataLossError("patches upon patches without an end");
    std::vector<Digest> ids;
    for (const TileChain* chain : level) ids.push_back(chain->place.id());
    TRY_ASSIGN(const RecordLocations locations, records_.Locate(ids));
    TRY_ASSIGN(const LoadedRecords records, LoadRecords(locations, records_, context));
    const absl::Status read = context.pool->ParallelFor(level.size(), [&](size_t i) -> absl::Status {
      const auto found = records.find(ids[i]);
      if (found == records.end()) return absl::OkStatus();
      const auto& [location, record] = found->second;
      absl::StatusOr<TilePatch> patch = ReadTilePatch(record);
      if (!patch.ok()) return Damaged(location, patch.status());
      if (patch->leaves.size() != level[i]->place.list->columns.size() ||
          patch->edits.rows != level[i]->place.node().rows) {
        return Damaged(location, absl::DataLossError("it does not fit its tile"));
      }
      level[i]->patch = *std::move(patch);
      return absl::OkStatus();
    });
    TRY(read);
    std::vector<TileChain*> next;
    for (TileChain* chain : level) {
      if (!chain->patch.has_value()) continue;
      for (const TileAddress& base : chain->patch->bases) {
        TilePlace place{.list_id = base.list, .index = static_cast<size_t>(base.index)};
        TRY_ASSIGN(place.list, List(base.list, table));
        if (place.index >= place.list->tiles.size()) return absl::DataLossError("a patch's base is not in its list");
        chain->bases.push_back({.place = std::move(place)});
      }
    }
    for (TileChain* chain : level) {
      for (TileChain& base : chain->bases) next.push_back(&base);
    }
    level = std::move(next);
  }
  return chains;
}

absl::StatusOr<std::vector<Leaf>> TileLoader::Load(std::span<const TileChain> tiles,
                                                   std::span<const WantedColumn> columns, const Context& context) {
  std::vector<Digest> ids;
  for (const TileChain& tile : tiles) {
    for (const WantedColumn& column : columns) TRY(CollectLeaves(tile, column.id, ids));
  }
  TRY_ASSIGN(const RecordLocations locations, records_.LocateAll(ids, "a tile"));
  TRY_ASSIGN(const LoadedRecords records, LoadRecords(locations, records_, context));
  std::vector<Leaf> leaves(tiles.size() * columns.size());
  const absl::Status loaded = context.pool->ParallelFor(leaves.size(), [&](size_t i) -> absl::Status {
    TRY(context.CheckCancelled());
    const WantedColumn& column = columns[i % columns.size()];
    TRY_ASSIGN(LeafPieces leaf, LoadLeaf(tiles[i / columns.size()], column, records));
    leaves[i] = std::move(leaf).Gather();
    if (column.type.empty()) return absl::OkStatus();
    TRY_ASSIGN(const LeafType type, LeafTypeOfName(column.type));
    if (CanWiden(leaves[i].type, type)) {
      TRY_ASSIGN(leaves[i], Widen(std::move(leaves[i]), type));
    }
    if (leaves[i].type != type) {
      return absl::DataLossError(fmt::format("a leaf of {}, expected {}", leaves[i].type.tag, type.tag));
    }
    if (column.as_dictionary && type.form == LeafForm::kVariable) leaves[i] = ToDictionaryForm(std::move(leaves[i]));
    return absl::OkStatus();
  });
  TRY(loaded);
  return leaves;
}

}  // namespace roost::store
