#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/arrow_leaf.h"
#include "store/object_store.h"
#include "store/pack.h"
#include "store/records.h"
#include "store/table_object.h"
#include "store/tile_cutter.h"

namespace roost::store {

/// Turns batches into the tiles, leaves and packs of a table, in bounded memory: at most one pack and 16 tiles (or
/// 32 MiB of them). Only leaves that the store lacks are encoded and written. Nothing that it writes is visible until
/// its packs are entered and a name points to its table.
/// Threads: one calls; the work of each call runs on the context's pool and does not depend on their number.
class TableWriter {
 public:
  /// `table` gives the columns and, for an append, the runs that stay as they are. All outlive the writer.
  TableWriter(TableObject table, ObjectStore& objects, Records& records, const Context& context);
  ~TableWriter();

  /// Tiles that stay as they are; before the first Add.
  absl::Status AddTiles(std::span<const TileNode> tiles);

  /// The next rows. The batch has the table's columns, in their order, with their types or dictionaries of them.
  absl::Status Add(const arrow::RecordBatch& batch);

  /// Ends the last tile and returns the table, whose record is written too.
  absl::StatusOr<TableObject> Finish();

  /// Stores an attachment and returns its id.
  absl::StatusOr<Digest> AddBlob(std::string_view bytes);

  /// Makes everything durable and returns the packs, to be entered with the name's move. The last call.
  absl::StatusOr<std::vector<Pack>> Seal();

  int64_t bytes_in() const { return bytes_in_; }

 private:
  using Tile = std::vector<Leaf>;

  absl::Status AddRows(std::span<const std::shared_ptr<arrow::Array>> columns, int64_t start, int64_t length);
  absl::Status EndTile();
  absl::Status Flush();
  absl::StatusOr<std::vector<std::string>> Encode(std::span<const Digest> ids, std::vector<size_t>& missing);
  absl::Status AddTile(TileNode tile);
  absl::Status EndRun();
  absl::Status AddObject(const Digest& id, uint8_t kind, std::string_view bytes);
  absl::Status AddRecord(const Digest& id, std::string_view record);
  absl::Status EndPack();

  TableObject table_;
  ObjectStore& objects_;
  Records& records_;
  const Context& context_;
  TileCutter cutter_;
  std::vector<LeafBuilder> open_tile_;
  std::vector<Tile> pending_;  // tiles that wait to be encoded together
  int64_t pending_bytes_ = 0;
  std::vector<TileNode> run_;  // tiles of the open run
  PackWriter pack_;
  std::vector<Pack> packs_;
  absl::flat_hash_set<Digest> written_;  // records of this writer, which the index does not have yet
  int64_t bytes_in_ = 0;
};

}  // namespace roost::store
