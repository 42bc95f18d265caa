#include "store/record_check.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "store/compression.h"
#include "store/leaf.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"
#include "store/row_order.h"
#include "store/table_object.h"
#include "store/tile_patch.h"
#include "store/tree.h"

namespace roost::store {
namespace {

constexpr size_t kTilesAtOnce = 16;

absl::Status CheckObject(const Digest& id, std::string_view tag, std::string_view record) {
  TRY_ASSIGN(const std::string bytes, ReadCompressed(record.substr(1), kMaxObjectBytes));
  if (IdOfObject(tag, bytes) != id) return absl::DataLossError("its content does not have its id");
  if (tag == kTilesTag) return ReadTiles(bytes).status();
  if (tag == kTableTag) return ReadTable(bytes).status();
  if (tag == kOrderTag) return ReadOrder(bytes).status();
  if (tag == kTreePartTag) return ReadTreePart(bytes).status();
  if (tag == kTreeTag) return ReadTree(bytes).status();
  if (tag == kChunkListTag) return ReadChunkList(bytes).status();
  return absl::OkStatus();
}

/// The leaves of `chains`, all of the columns of one list.
absl::Status CheckLeaves(std::span<const TileChain> chains, TileLoader& tiles, const Context& context) {
  std::vector<WantedColumn> columns;
  for (const int64_t column : chains.front().place.list->columns) columns.push_back({.id = column});
  TRY_ASSIGN(const std::vector<Leaf> leaves, tiles.Load(chains, columns, context));
  for (size_t i = 0; i < leaves.size(); ++i) {
    const TilePlace& place = chains[i / columns.size()].place;
    if (WithId(leaves[i], place.node().leaves[i % columns.size()].id).ok()) continue;
    return absl::DataLossError(fmt::format("the patch of tile {} gives other values of column {} than were stored",
                                           place.id().ToHex(), columns[i % columns.size()].id));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRecord(const Digest& id, std::string_view record) {
  if (record.empty()) return absl::DataLossError("it is empty");
  switch (static_cast<RecordKind>(record.front())) {
    case RecordKind::kLeaf: {
      TRY_ASSIGN(const Leaf leaf, DecodeLeaf(record));
      return IdOf(leaf) == id ? absl::OkStatus() : absl::DataLossError("its values do not have its id");
    }
    case RecordKind::kTilePatch: return ReadTilePatch(record).status();
    case RecordKind::kTiles: return CheckObject(id, kTilesTag, record);
    case RecordKind::kTable: return CheckObject(id, kTableTag, record);
    case RecordKind::kBlob: return CheckObject(id, kBlobTag, record);
    case RecordKind::kOrder: return CheckObject(id, kOrderTag, record);
    case RecordKind::kChunk: return DecodeChunk(record, id).status();
    case RecordKind::kTreePart: return CheckObject(id, kTreePartTag, record);
    case RecordKind::kTree: return CheckObject(id, kTreeTag, record);
    case RecordKind::kChunkList: return CheckObject(id, kChunkListTag, record);
  }
  return absl::DataLossError(fmt::format("a record of kind {}, which this version does not know", record.front()));
}

absl::Status CheckPatchedTiles(const Digest& table_id, Records& records, TileLoader& tiles,
                               absl::flat_hash_set<Digest>& seen, const Context& context) {
  TRY_ASSIGN(const std::string bytes, records.LoadObject(table_id, kTableTag));
  TRY_ASSIGN(const TableObject table, ReadTable(bytes));
  for (const TileRun& run : table.runs) {
    TRY_ASSIGN(const std::shared_ptr<const TileList> list, tiles.List(run.id, table));
    for (size_t first = 0; first < list->tiles.size(); first += kTilesAtOnce) {
      TRY(context.CheckCancelled());
      std::vector<TilePlace> places;
      for (size_t i = first; i < std::min(first + kTilesAtOnce, list->tiles.size()); ++i) {
        TilePlace place{.list_id = run.id, .list = list, .index = i};
        if (!seen.contains(place.id())) places.push_back(std::move(place));
      }
      TRY_ASSIGN(std::vector<TileChain> chains, tiles.Resolve(places, table, context));
      std::erase_if(chains, [](const TileChain& chain) { return !chain.patch.has_value(); });
      if (!chains.empty()) TRY(CheckLeaves(chains, tiles, context));
      for (const TilePlace& place : places) seen.insert(place.id());
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::store
