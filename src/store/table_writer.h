#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/arrow_leaf.h"
#include "store/patch_planner.h"
#include "store/record_writer.h"
#include "store/table_object.h"
#include "store/tile_cutter.h"

namespace roost::store {

/// Turns batches into the tiles, leaves and patches of a table, in bounded memory: 16 MiB of waiting tiles beside the
/// open one, an open pack, and the tiles of the parent that they are compared with. What the store has is not written
/// again; what it has in another form is written as a patch. Nothing is visible until the packs are entered and a name
/// points to the table.
/// Threads: one calls; the work of each call runs on the context's pool and does not depend on their number.
class TableWriter {
 public:
  /// `table` gives the columns and, for an append, the runs that stay as they are. `planner` may be null: then no tile
  /// is compared with another version's. All outlive the writer.
  TableWriter(TableObject table, PatchPlanner* planner, RecordWriter& records, const Context& context);
  ~TableWriter();

  /// Whether a tile begins with the next row: only then may AddTile follow.
  bool IsAtBorder() const { return open_tile_.empty() || open_tile_.front().rows() == 0; }

  /// The next tile, which stays as it is.
  absl::Status AddTile(const TilePlace& tile);

  /// The next rows. The batch has the table's columns, in their order, with their types or dictionaries of them.
  absl::Status Add(const arrow::RecordBatch& batch);

  /// The record of the rows' order, for the table; none: the stored order.
  void SetOrder(const std::optional<Digest>& order) { table_.order = order; }

  /// Ends the last tile and returns the table, whose record is written too.
  absl::StatusOr<TableObject> Finish();

  int64_t bytes_in() const { return bytes_in_; }

 private:
  /// A tile that waits to be written: its leaves and row hashes, or one that is stored already.
  struct Tile {
    std::vector<Leaf> leaves;
    std::vector<uint64_t> hashes;
    TileNode node;
    std::optional<TilePlace> stored;
    std::optional<TilePatch> patch;
    bool is_known = false;  // an older version has it, perhaps as a patch: nothing of it is written
  };

  absl::Status AddRows(std::span<const std::shared_ptr<arrow::Array>> columns, std::span<const uint64_t> hashes,
                       int64_t start, int64_t length);
  absl::Status EndTile();
  absl::Status Flush();
  absl::Status MakeNodes();
  absl::Status PlanPatches();
  absl::Status WriteLeaves();
  absl::Status WritePatches();
  absl::Status AddToRun(Tile tile);
  absl::Status EndRun();

  TableObject table_;
  std::vector<int64_t> column_ids_;
  PatchPlanner* planner_;
  RecordWriter& records_;
  const Context& context_;
  TileCutter cutter_;
  std::vector<LeafBuilder> open_tile_;
  std::vector<uint64_t> open_hashes_;
  std::vector<Tile> pending_;  // tiles that wait to be written together
  int64_t pending_bytes_ = 0;
  std::vector<Tile> run_;  // tiles of the open run, without their leaves
  int64_t bytes_in_ = 0;
};

}  // namespace roost::store
