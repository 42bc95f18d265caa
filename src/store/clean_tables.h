#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/row_search.h"
#include "store/store.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// How many rows of a table an erasure finds.
struct TableErasure {
  int64_t found = 0;
  int64_t not_searched = 0;
};

/// A table without the rows that were found.
struct CleanTable {
  Digest id;
  int64_t rows = 0;
  std::vector<TileRun> new_runs;  ///< those that the table before did not have
};

/// Makes tables without the rows that a search finds, and sees to it that nothing stands on the tiles that had them.
/// What it writes is entered into the index at once: until a version names it, it is garbage.
/// Threads: one. Memory: the lists of a table, and the ids of the tiles that have such rows and of all that were met.
class CleanTables {
 public:
  /// All outlive this object.
  CleanTables(Store& store, RowSearch& search, const Context& context)
      : store_(store), tiles_(store.tiles()), search_(search), context_(context) {}

  /// Looks for the rows in all tiles of a table.
  absl::StatusOr<TableErasure> Search(const TableObject& table);

  /// Writes `table` without them. `before`: clean tables of the versions before it, on whose tiles patches are made.
  absl::StatusOr<CleanTable> Write(const TableObject& table, std::span<const CleanTable* const> before);

  /// Stores in full what is a patch upon a tile that has such rows, of the tiles of `table` and of those below them.
  /// `is_ours`: a table of the searched dataset, all of whose tiles are searched.
  absl::Status Detach(const TableObject& table, bool is_ours);

  /// Whether `table` has a leaf of a tile with such rows; after all searches.
  absl::StatusOr<bool> Shares(const TableObject& table);

  /// The bytes of the leaves and patches of the tiles with such rows.
  absl::StatusOr<int64_t> StoredBytes();

  /// Ends writing: what was written and relied on, and the tiles whose patches must go when the new history comes.
  absl::StatusOr<SealedRecords> Seal();
  const std::vector<std::string>& detached() const { return detached_; }

  absl::StatusOr<TableObject> Load(const Digest& table);

 private:
  absl::StatusOr<TableErasure> SearchList(const Digest& id, const TableObject& table);
  absl::StatusOr<std::vector<TilePlace>> TilesOf(const TableObject& table);
  absl::StatusOr<std::vector<TileRun>> BasesFor(const TableObject& table, std::span<const TilePlace> affected,
                                                std::span<const CleanTable* const> before);
  absl::StatusOr<bool> IsAffected(const TilePlace& tile, const TableObject& table, bool is_ours);
  absl::Status DetachChain(const TileChain& chain, const TableObject& table, bool is_ours, RecordWriter& records);
  absl::Status WriteInFull(const TileChain& chain, RecordWriter& records);
  absl::Status Enter(RecordWriter& records);
  void Remember(const TilePlace& tile);

  Store& store_;
  TileLoader& tiles_;
  RowSearch& search_;
  const Context& context_;
  absl::flat_hash_map<Digest, TableErasure> erasures_;  // by list of tiles
  absl::flat_hash_map<Digest, bool> shares_;            // by list of tiles: of other datasets
  absl::flat_hash_set<Digest> seen_lists_;              // whose tiles' chains were followed
  absl::flat_hash_set<Digest> whole_lists_;             // of the searched tables
  absl::flat_hash_set<Digest> affected_;                // tiles with such rows
  absl::flat_hash_set<Digest> affected_leaves_;         // and their leaves
  absl::flat_hash_set<Digest> detached_tiles_;
  std::vector<std::string> detached_;  // hexadecimal
  absl::flat_hash_set<Digest> seen_;   // tiles whose chains were followed
  SealedRecords sealed_;
  bool has_sealed_ = false;
};

}  // namespace roost::store
