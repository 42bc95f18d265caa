#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/hash.h"
#include "store/leaf.h"
#include "store/records.h"
#include "store/table_object.h"
#include "store/tile_patch.h"

namespace roost::store {

/// A tile, found in its list.
struct TilePlace {
  Digest list_id;
  std::shared_ptr<const TileList> list;
  size_t index = 0;

  const TileNode& node() const { return list->tiles[index]; }
  Digest id() const { return IdOfTile(list->columns, node()); }
};

/// A tile and, where it is stored as a patch, what the patch is made on.
struct TileChain {
  TilePlace place;
  std::optional<TilePatch> patch;
  std::vector<TileChain> bases;
};

/// A column to read from tiles.
struct WantedColumn {
  int64_t id = 0;
  std::string type;  ///< stored name; empty: as the leaf is stored, which may be narrower than its table's column
  bool as_dictionary = false;
};

/// Reads tiles, however deep the patches lie that they are stored as.
/// Threads: any. Memory: the lists of the tiles asked for last, at most 64 of them.
class TileLoader {
 public:
  /// `records` outlives the loader.
  explicit TileLoader(Records& records) : records_(records) {}

  Records& records() { return records_; }

  /// The stored list of tiles with this id; `table` gives the columns of a list that does not say them.
  absl::StatusOr<std::shared_ptr<const TileList>> List(const Digest& id, const TableObject& table);

  /// Each tile with its patches. Cost: two look-ups in the index and one round of reads for each level of patches, for
  /// all tiles together.
  absl::StatusOr<std::vector<TileChain>> Resolve(std::span<const TilePlace> tiles, const TableObject& table,
                                                 const Context& context);

  /// The leaves of the tiles: for each tile in turn, one leaf for each wanted column. The records are
  /// read together, then decoded, both in parallel on the context's pool. DataLoss names the pack and the record.
  /// Memory: all records that the tiles need, as they are stored, beside the leaves.
  absl::StatusOr<std::vector<Leaf>> Load(std::span<const TileChain> tiles, std::span<const WantedColumn> columns,
                                         const Context& context);

 private:
  Records& records_;
  std::mutex mutex_;
  std::list<Digest> recent_;  // ids of the lists below, the one asked for last in front
  absl::flat_hash_map<Digest, std::shared_ptr<const TileList>> lists_;
};

}  // namespace roost::store
