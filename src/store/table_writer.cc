#include "store/table_writer.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "store/leaf_codec.h"
#include "store/row_hash.h"

namespace roost::store {
namespace {

// Fixed numbers, not a function of the threads: the packs are the same for any number of them.
constexpr size_t kPendingTiles = 16;
constexpr size_t kMinListTiles = 8;
constexpr int64_t kPendingBytes = int64_t{16} << 20;

bool IsVariable(const StoredColumn& column) {
  const absl::StatusOr<LeafType> type = LeafTypeOfName(column.type);
  return type.ok() && type->form == LeafForm::kVariable;
}

std::vector<LeafBuilder> BuildersFor(const TableObject& table) {
  std::vector<LeafBuilder> builders;
  for (const StoredColumn& column : table.columns) {
    absl::StatusOr<LeafType> type = LeafTypeOfName(column.type);
    ROOST_CHECK(type.ok(), "the columns' types were checked before");
    builders.emplace_back(*std::move(type));
  }
  return builders;
}

/// The node of a tile as a list with `columns` holds it: that of another list may have more columns, in another order.
TileNode NodeOf(const TileNode& node, const std::optional<TilePlace>& stored, const std::vector<int64_t>& columns) {
  if (!stored.has_value() || stored->list->columns == columns) return node;
  TileNode chosen{.rows = node.rows};
  for (const int64_t column : columns) {
    const int64_t at = stored->list->Find(column);
    ROOST_CHECK(at >= 0, "a stored tile has the columns of the table that it is put into");
    chosen.leaves.push_back(stored->node().leaves[static_cast<size_t>(at)]);
  }
  return chosen;
}

/// The sum of the hashes of each row's values in the columns that decide the cuts.
std::vector<uint64_t> RowHashes(const TableObject& table, std::span<const std::shared_ptr<arrow::Array>> columns,
                                int64_t rows) {
  std::vector<uint64_t> sums(static_cast<size_t>(rows), 0);
  for (size_t i = 0; i < columns.size(); ++i) {
    const int64_t id = table.columns[i].id;
    if (!std::binary_search(table.cut_columns.begin(), table.cut_columns.end(), id)) continue;
    AddValueHashes(*columns[i], static_cast<uint64_t>(id), sums);
  }
  return sums;
}

}  // namespace

TableWriter::TableWriter(TableObject table, PatchPlanner* planner, RecordWriter& records, const Context& context)
    : table_(std::move(table)),
      planner_(planner),
      records_(records),
      context_(context),
      cutter_(table_.cut_bits,
              static_cast<size_t>(std::count_if(table_.columns.begin(), table_.columns.end(), IsVariable))),
      open_tile_(BuildersFor(table_)) {
  for (const StoredColumn& column : table_.columns) column_ids_.push_back(column.id);
}

TableWriter::~TableWriter() = default;

absl::Status TableWriter::AddTile(const TilePlace& tile) {
  ROOST_CHECK(IsAtBorder(), "a tile can follow only at the border of another");
  table_.rows += tile.node().rows;
  pending_.push_back({.node = tile.node(), .stored = tile});
  return pending_.size() < kPendingTiles ? absl::OkStatus() : Flush();
}

absl::Status TableWriter::Add(const arrow::RecordBatch& batch) {
  TRY(context_.CheckCancelled());
  std::vector<std::shared_ptr<arrow::Array>> columns(table_.columns.size());
  std::vector<std::vector<int32_t>> bytes_by_column(table_.columns.size());
  TRY(context_.pool->ParallelFor(columns.size(), [&](size_t i) -> absl::Status {
    TRY_ASSIGN(columns[i], ToLeafArray(batch.column(static_cast<int>(i))));
    if (!IsVariable(table_.columns[i])) return absl::OkStatus();
    TRY_ASSIGN(bytes_by_column[i], ValueBytes(*columns[i], table_.columns[i].name));
    return absl::OkStatus();
  }));
  std::vector<std::vector<int32_t>> value_bytes;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (IsVariable(table_.columns[i])) value_bytes.push_back(std::move(bytes_by_column[i]));
  }
  const std::vector<uint64_t> hashes = RowHashes(table_, columns, batch.num_rows());
  int64_t start = 0;
  for (const int64_t end : cutter_.Cut(hashes, value_bytes)) {
    TRY(AddRows(columns, hashes, start, end - start));
    TRY(EndTile());
    start = end;
  }
  return AddRows(columns, hashes, start, batch.num_rows() - start);
}

absl::Status TableWriter::AddRows(std::span<const std::shared_ptr<arrow::Array>> columns,
                                  std::span<const uint64_t> hashes, int64_t start, int64_t length) {
  if (length == 0) return absl::OkStatus();
  int64_t before = 0;
  int64_t after = 0;
  for (const LeafBuilder& builder : open_tile_) before += builder.ByteSize();
  TRY(context_.pool->ParallelFor(columns.size(), [&](size_t i) -> absl::Status {
    open_tile_[i].Append(*columns[i], start, length);
    return absl::OkStatus();
  }));
  for (const LeafBuilder& builder : open_tile_) after += builder.ByteSize();
  bytes_in_ += after - before;
  const auto rows = hashes.subspan(static_cast<size_t>(start), static_cast<size_t>(length));
  open_hashes_.insert(open_hashes_.end(), rows.begin(), rows.end());
  table_.rows += length;
  return absl::OkStatus();
}

absl::Status TableWriter::EndTile() {
  Tile tile;
  for (LeafBuilder& builder : open_tile_) {
    tile.leaves.push_back(builder.Finish());
    pending_bytes_ += tile.leaves.back().ByteSize();
  }
  tile.hashes = std::move(open_hashes_);
  open_hashes_.clear();
  pending_.push_back(std::move(tile));
  if (pending_.size() < kPendingTiles && pending_bytes_ < kPendingBytes) return absl::OkStatus();
  return Flush();
}

absl::Status TableWriter::Flush() {
  if (pending_.empty()) return absl::OkStatus();
  TRY(MakeNodes());
  TRY(PlanPatches());
  TRY(WriteLeaves());
  TRY(WritePatches());
  for (Tile& tile : pending_) {
    tile.leaves.clear();
    tile.hashes.clear();
    TRY(AddToRun(std::move(tile)));
  }
  pending_.clear();
  pending_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status TableWriter::MakeNodes() {
  const size_t width = table_.columns.size();
  for (Tile& tile : pending_) {
    if (tile.stored.has_value()) continue;
    tile.node.rows = tile.leaves.front().rows;
    tile.node.leaves.resize(width);
  }
  return context_.pool->ParallelFor(pending_.size() * width, [&](size_t i) -> absl::Status {
    Tile& tile = pending_[i / width];
    if (tile.stored.has_value()) return absl::OkStatus();
    const Leaf& leaf = tile.leaves[i % width];
    tile.node.leaves[i % width] = {.id = IdOf(leaf), .nulls = leaf.nulls, .bytes = leaf.ByteSize()};
    return absl::OkStatus();
  });
}

absl::Status TableWriter::PlanPatches() {
  if (planner_ == nullptr) return absl::OkStatus();
  std::vector<Digest> ids;
  for (Tile& tile : pending_) {
    if (tile.stored.has_value()) continue;
    tile.stored = planner_->Equal(tile.node);
    if (tile.stored.has_value()) continue;
    ids.push_back(IdOfTile(column_ids_, tile.node));
    for (const LeafRef& leaf : tile.node.leaves) ids.push_back(leaf.id);
  }
  TRY_ASSIGN(const auto unknown, records_.Missing(ids));
  for (Tile& tile : pending_) {
    if (tile.stored.has_value()) {
      planner_->Pass(*tile.stored);
      continue;
    }
    // What can be read already, as a patch or leaf by leaf, gets no patch: a tile that comes back could otherwise
    // become a patch upon patches upon itself.
    const auto is_unknown = [&](const LeafRef& leaf) { return unknown.contains(leaf.id); };
    tile.is_known = !unknown.contains(IdOfTile(column_ids_, tile.node)) ||
                    std::none_of(tile.node.leaves.begin(), tile.node.leaves.end(), is_unknown);
    if (tile.is_known) continue;
    TRY_ASSIGN(tile.patch, planner_->Plan(tile.leaves, tile.hashes));
  }
  return absl::OkStatus();
}

absl::Status TableWriter::WriteLeaves() {
  // Column after column, so that a reader of few columns reads few ranges of the pack.
  std::vector<std::pair<size_t, size_t>> wanted;
  std::vector<Digest> ids;
  for (size_t column = 0; column < table_.columns.size(); ++column) {
    for (size_t tile = 0; tile < pending_.size(); ++tile) {
      const Tile& pending = pending_[tile];
      if (pending.stored.has_value() || pending.is_known) continue;
      if (pending.patch.has_value() && pending.patch->leaves[column].form != LeafPatch::Form::kFull) continue;
      wanted.emplace_back(tile, column);
      ids.push_back(pending.node.leaves[column].id);
    }
  }
  TRY_ASSIGN(auto missing, records_.Missing(ids));
  std::vector<size_t> to_write;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (missing.erase(ids[i]) > 0) to_write.push_back(i);
  }
  std::vector<std::string> encoded(to_write.size());
  const absl::Status done = context_.pool->ParallelFor(to_write.size(), [&](size_t i) -> absl::Status {
    TRY(context_.CheckCancelled());
    const auto [tile, column] = wanted[to_write[i]];
    encoded[i] = EncodeLeaf(pending_[tile].leaves[column]);
    return absl::OkStatus();
  });
  TRY(done);
  for (size_t i = 0; i < to_write.size(); ++i) TRY(records_.Add(ids[to_write[i]], encoded[i]));
  return absl::OkStatus();
}

absl::Status TableWriter::WritePatches() {
  for (const Tile& tile : pending_) {
    if (tile.patch.has_value()) TRY(records_.Add(IdOfTile(column_ids_, tile.node), WriteTilePatch(*tile.patch)));
  }
  return absl::OkStatus();
}

absl::Status TableWriter::AddToRun(Tile tile) {
  // Where the parent's lists begin and end, this follows them: tiles that stay are then the parent's lists as they are,
  // even where those hold columns that are no more. Short lists are joined.
  const auto begins_list = [](const Tile& first) { return first.stored.has_value() && first.stored->index == 0; };
  if (!run_.empty() && begins_list(tile) && tile.stored->list->tiles.size() >= kMinListTiles) TRY(EndRun());
  run_.push_back(std::move(tile));
  const Tile& last = run_.back();
  const bool is_whole_list = begins_list(run_.front()) && last.stored.has_value() &&
                             last.stored->list == run_.front().stored->list && last.stored->index + 1 == run_.size() &&
                             last.stored->list->tiles.size() == run_.size();
  const bool ends = store::EndsRun(last.node, static_cast<int64_t>(run_.size()));
  return ends || (is_whole_list && run_.size() >= kMinListTiles) ? EndRun() : absl::OkStatus();
}

absl::Status TableWriter::EndRun() {
  TileRun run{.tiles = static_cast<int64_t>(run_.size())};
  bool is_stored = run_.front().stored.has_value();
  for (size_t i = 0; i < run_.size(); ++i) {
    run.rows += run_[i].node.rows;
    const auto& stored = run_[i].stored;
    is_stored = is_stored && stored.has_value() && stored->list == run_.front().stored->list && stored->index == i;
  }
  const auto fits = [&](const TileList& list) { return list.names_columns || list.columns == column_ids_; };
  if (is_stored && run_.front().stored->list->tiles.size() == run_.size() && fits(*run_.front().stored->list)) {
    run.id = run_.front().stored->list_id;
  } else {
    TileList list{.columns = column_ids_};
    for (Tile& tile : run_) list.tiles.push_back(NodeOf(tile.node, tile.stored, column_ids_));
    TRY_ASSIGN(run.id, records_.AddObject(kTilesTag, static_cast<uint8_t>(RecordKind::kTiles), WriteTiles(list)));
  }
  table_.runs.push_back(run);
  run_.clear();
  return absl::OkStatus();
}

absl::StatusOr<TableObject> TableWriter::Finish() {
  if (!IsAtBorder()) TRY(EndTile());
  TRY(Flush());
  if (!run_.empty()) TRY(EndRun());
  TRY(records_.AddObject(kTableTag, static_cast<uint8_t>(RecordKind::kTable), WriteTable(table_)).status());
  return table_;
}

}  // namespace roost::store
