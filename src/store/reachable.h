#pragma once

#include <span>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/context.h"
#include "base/hash.h"
#include "store/commit.h"
#include "store/records.h"
#include "store/tile_loader.h"

namespace roost::store {

/// The records that versions need: all that must be there so that their rows and attachments can be read. A version
/// needs its table and its attachments; a table its lists of tiles; a list the tiles in it, each as a patch where one
/// is stored under its id, else as full leaves; a patch its full leaves, and of each base the list and the one tile. A
/// version of files needs its tree, the tree's parts, and their chunks.
///
/// So of a list that only stands below a patch, the other tiles need not be stored: whether a list is stored says
/// nothing of its tiles. Of a table it does: CollectGarbage keeps a table only together with all it needs.
///
/// Threads: one calls; reads run on the context's pool. Memory: about 100 bytes for each record.
class Reachable {
 public:
  /// All outlive this object.
  Reachable(Records& records, TileLoader& tiles, const Context& context)
      : records_(records), tiles_(tiles), context_(context) {}

  /// Adds what `version` needs. What was added before is not read again. DataLoss where a table, list or patch is
  /// missing or damaged: this object is then not to be used any further. Whether leaves and attachments are stored is
  /// not looked at.
  /// Cost: reads the tables, the lists and the patches.
  absl::Status AddVersion(const CommitInfo& version);

  /// The same for the table with this id.
  absl::Status AddTable(const Digest& table);

  /// The same for the tree of files with this id.
  absl::Status AddTree(const Digest& tree);

  /// The ids of all records that what was added needs.
  const absl::flat_hash_set<Digest>& ids() const { return ids_; }

 private:
  struct Place {
    TilePlace tile;
    Digest id;
  };

  void AddTile(TilePlace tile);
  absl::Status FollowTiles(const TableObject& table);
  absl::Status FollowSome(std::span<const Place> places, const TableObject& table);

  Records& records_;
  TileLoader& tiles_;
  const Context& context_;
  absl::flat_hash_set<Digest> ids_;
  absl::flat_hash_set<Digest> seen_tiles_;  // by the tile's id
  absl::flat_hash_set<Digest> seen_lists_;  // with all of their tiles
  std::vector<Place> open_;                 // tiles that were met and not yet looked at
};

}  // namespace roost::store
