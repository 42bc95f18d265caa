#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/hash.h"
#include "store/commit.h"
#include "store/object_store.h"
#include "store/pack.h"
#include "store/records.h"
#include "store/table_object.h"
#include "store/tile_patch.h"

namespace roost::store {

/// The records of all packs as the packs themselves say, without a database; and which of them an index needs so that
/// versions can be read. Threads: one. Memory: about 300 bytes for each record.
class RecordCatalog {
 public:
  /// Both outlive the catalog.
  RecordCatalog(ObjectStore& objects, const Context& context) : objects_(objects), context_(context) {}

  /// Reads the ends of all packs. Those that are damaged are left out and named in `damages`.
  absl::Status Load(std::vector<std::string>& damages);

  /// Follows what the version needs. DataLoss where its table or a list is missing.
  absl::Status AddVersion(const CommitInfo& version);

  /// After all versions: decides for each tile whether it is read as full leaves or as which patch.
  void ResolveTiles();

  /// Chooses the records of a version that was added: of those that lie in several packs, which are read for it, a
  /// sound one. DataLoss where one is missing; the others are chosen all the same.
  absl::Status Choose(const CommitInfo& version);

  /// All packs with chosen records, with those as their entries.
  std::vector<Pack> ChosenPacks() const;

 private:
  /// A patch that a pack has for a tile.
  struct Candidate {
    RecordLocation location;
    std::vector<bool> is_full;       // for each leaf of the tile
    std::vector<Digest> base_lists;  // with each base tile
    std::vector<Digest> base_tiles;
  };
  struct Tile {
    std::vector<Digest> leaves;
    std::vector<Candidate> patches;
    bool is_resolved = false;
    int64_t patch = -1;  // which of `patches`; -1: the full leaves
  };
  struct Table {
    std::optional<Digest> order;
    std::vector<Digest> lists;
    std::vector<Digest> tiles;
  };

  absl::StatusOr<std::string> LoadObject(const Digest& id, std::string_view tag);
  absl::StatusOr<std::shared_ptr<const TileList>> List(const Digest& id, const TableObject& table);
  absl::Status AddTree(const Digest& id);
  void AddTile(const TileList& list, size_t index);
  void AddPatches(const Digest& id, const TableObject& table);
  bool CanBeRead(const Tile& tile, const Candidate& patch) const;
  bool ChooseRecord(const Digest& id);
  bool ChooseTile(const Digest& id);

  ObjectStore& objects_;
  const Context& context_;
  std::map<Digest, uint64_t> packs_;  // and their sizes
  absl::flat_hash_map<Digest, std::vector<RecordLocation>> records_;
  absl::flat_hash_map<Digest, std::shared_ptr<const TileList>> lists_;
  absl::flat_hash_map<Digest, Tile> tiles_;
  std::vector<Digest> open_;  // tiles whose patches were not yet looked at
  absl::flat_hash_map<Digest, Table> tables_;
  absl::flat_hash_map<Digest, absl::flat_hash_set<Digest>> trees_;  // the records that each needs
  absl::flat_hash_map<Digest, RecordLocation> chosen_;
  absl::flat_hash_set<Digest> unsound_;             // chosen ones of which all copies are damaged
  absl::flat_hash_map<Digest, bool> chosen_tiles_;  // whether they can be read wholly
};

}  // namespace roost::store
