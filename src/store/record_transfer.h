#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/context.h"
#include "store/commit.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/tile_loader.h"

namespace roost::store {

/// Writes what versions of one workspace need into the packs of another, without what that one has.
///
/// A tile that can be read there, as a patch or leaf by leaf, is left out with all below it. So a patch that comes
/// stands on tiles that came with it or could be read before, and no chain of patches comes back to its own tile.
/// Threads: one calls; reads run on the context's pool. Memory: 256 patches, and 100 bytes for each record.
class RecordTransfer {
 public:
  /// All outlive this object. `writer` belongs to the other workspace.
  RecordTransfer(Records& records, TileLoader& tiles, RecordWriter& writer, const Context& context)
      : records_(records), tiles_(tiles), writer_(writer), context_(context) {}

  /// DataLoss where something that the version needs is missing or damaged.
  absl::Status AddVersion(const CommitInfo& version);

  int64_t sent() const { return sent_; }  ///< records

 private:
  struct Place {
    TilePlace tile;
    Digest id;
  };

  absl::Status AddTable(const Digest& id);
  absl::Status AddTree(const Digest& id);
  void AddTile(TilePlace tile);
  absl::Status FollowTiles(const TableObject& table);
  absl::Status FollowSome(std::vector<Place> places, const TableObject& table);
  absl::Status Send(const std::vector<Digest>& ids);

  Records& records_;
  TileLoader& tiles_;
  RecordWriter& writer_;
  const Context& context_;
  absl::flat_hash_set<Digest> seen_;        // tables, trees and what trees are made of
  absl::flat_hash_set<Digest> seen_tiles_;  // by the tile's id
  std::vector<Place> open_;                 // tiles that were met and not yet looked at
  int64_t sent_ = 0;
};

}  // namespace roost::store
