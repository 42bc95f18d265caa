#include "store/clean_tables.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/leaf.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"
#include "store/ordered_reader.h"
#include "store/pack.h"
#include "store/patch_planner.h"
#include "store/table_reader.h"
#include "store/table_writer.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 16;  // whose patches are in memory together

/// `rows` without those at `left_out`, which are ascending.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Without(const arrow::RecordBatch& rows,
                                                            std::span<const int64_t> left_out) {
  arrow::Int64Builder kept;
  size_t next = 0;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (next < left_out.size() && left_out[next] == row) {
      ++next;
    } else {
      TRY_ARROW(kept.Append(row));
    }
  }
  TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Array> indices, kept.Finish());
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& column : rows.columns()) {
    TRY_ARROW_ASSIGN(columns.emplace_back(), arrow::compute::Take(*column, *indices));
  }
  return arrow::RecordBatch::Make(rows.schema(), indices->length(), std::move(columns));
}

}  // namespace

absl::StatusOr<TableObject> CleanTables::Load(const Digest& table) {
  TRY_ASSIGN(const std::string bytes, store_.records().LoadObject(table, kTableTag));
  return ReadTable(bytes);
}

absl::StatusOr<std::vector<TilePlace>> CleanTables::TilesOf(const TableObject& table) {
  std::vector<TilePlace> tiles;
  for (const TileRun& run : table.runs) {
    TRY_ASSIGN(const auto list, tiles_.List(run.id, table));
    for (size_t i = 0; i < list->tiles.size(); ++i) tiles.push_back({.list_id = run.id, .list = list, .index = i});
  }
  return tiles;
}

void CleanTables::Remember(const TilePlace& tile) {
  affected_.insert(tile.id());
  for (const LeafRef& leaf : tile.node().leaves) affected_leaves_.insert(leaf.id);
}

absl::StatusOr<TableErasure> CleanTables::Search(const TableObject& table) {
  TableErasure result;
  for (const TileRun& run : table.runs) {
    TableErasure erasure;
    if (const auto known = erasures_.find(run.id); known != erasures_.end()) {
      erasure = known->second;
    } else {
      TRY_ASSIGN(erasure, SearchList(run.id, table));
    }
    result.found += erasure.found;
    result.not_searched += erasure.not_searched;
  }
  return result;
}

absl::StatusOr<TableErasure> CleanTables::SearchList(const Digest& id, const TableObject& table) {
  TableErasure result;
  TRY_ASSIGN(const auto list, tiles_.List(id, table));
  std::vector<TilePlace> tiles;
  for (size_t i = 0; i < list->tiles.size(); ++i) tiles.push_back({.list_id = id, .list = list, .index = i});
  TRY(search_.Search(tiles, table));
  for (const TilePlace& tile : tiles) {
    const auto found = static_cast<int64_t>(search_.Find(tile).size());
    result.found += found;
    if (!search_.CanSearch(tile)) result.not_searched += tile.node().rows;
    if (found > 0) Remember(tile);
  }
  whole_lists_.insert(id);
  // Another table may have a list that does not name its columns for other ones.
  if (list->names_columns) erasures_[id] = result;
  return result;
}

/// Lists on whose tiles patches can be made: those that the clean tables before have of their own, and those below the
/// affected tiles, where the list is a version's and no tile of it is affected.
absl::StatusOr<std::vector<TileRun>> CleanTables::BasesFor(const TableObject& table,
                                                           std::span<const TilePlace> affected,
                                                           std::span<const CleanTable* const> before) {
  std::vector<TileRun> runs;
  absl::flat_hash_set<Digest> known;
  for (const CleanTable* clean : before) {
    for (const TileRun& run : clean->new_runs) {
      if (known.insert(run.id).second) runs.push_back(run);
    }
  }
  for (size_t first = 0; first < affected.size(); first += kGroupTiles) {
    const size_t count = std::min(kGroupTiles, affected.size() - first);
    TRY_ASSIGN(const std::vector<TileChain> chains, tiles_.Resolve(affected.subspan(first, count), table, context_));
    for (const TileChain& chain : chains) {
      for (const TileChain& base : chain.bases) {
        // Of a list that stands only below patches, other tiles may be missing.
        if (!whole_lists_.contains(base.place.list_id) || !known.insert(base.place.list_id).second) continue;
        TileRun run{.id = base.place.list_id, .tiles = static_cast<int64_t>(base.place.list->tiles.size())};
        bool is_clean = true;
        for (size_t i = 0; is_clean && i < base.place.list->tiles.size(); ++i) {
          const TilePlace tile{.list_id = run.id, .list = base.place.list, .index = i};
          run.rows += tile.node().rows;
          TRY_ASSIGN(const bool has_rows, IsAffected(tile, table, /*is_ours=*/true));
          is_clean = !has_rows;
        }
        if (is_clean) runs.push_back(run);
      }
    }
  }
  return runs;
}

absl::StatusOr<CleanTable> CleanTables::Write(const TableObject& table, std::span<const CleanTable* const> before) {
  TRY_ASSIGN(const std::vector<TilePlace> tiles, TilesOf(table));
  std::vector<TilePlace> affected;
  for (const TilePlace& tile : tiles) {
    if (!search_.Find(tile).empty()) affected.push_back(tile);
  }
  TableObject parent = table;
  TRY_ASSIGN(parent.runs, BasesFor(table, affected, before));
  TableObject fresh = table;
  fresh.runs.clear();
  fresh.rows = 0;
  fresh.order.reset();
  PatchPlanner planner(parent, fresh, tiles_, context_);
  TRY(planner.Load());
  RecordWriter records(store_.objects(), store_.records(), context_);
  TableWriter writer(fresh, &planner, records, context_);
  std::vector<int64_t> removed;  // stored rows
  int64_t rows_seen = 0;
  for (const TilePlace& tile : tiles) {
    TRY(context_.CheckCancelled());
    const std::span<const int64_t> hits = search_.Find(tile);
    for (const int64_t row : hits) removed.push_back(rows_seen + row);
    rows_seen += tile.node().rows;
    if (hits.empty() && writer.IsAtBorder()) {
      TRY(writer.AddTile(tile));
      continue;
    }
    TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> rows, ReadTile(table, tile, tiles_, context_));
    if (!hits.empty()) {
      TRY_ASSIGN(rows, Without(*rows, hits));
    }
    TRY(writer.Add(*rows));
  }
  if (table.order.has_value()) {
    TRY_ASSIGN(RowOrder order, LoadOrder(table, store_.records()));
    TRY_ASSIGN(const std::optional<RowOrder> left, OrderAfterRemoval(std::move(order), removed, table.rows));
    std::optional<Digest> id;
    if (left.has_value()) {
      TRY_ASSIGN(id, AddOrder(*left, records));
    }
    writer.SetOrder(id);
  }
  TRY_ASSIGN(const TableObject written, writer.Finish());
  TRY(Enter(records));
  CleanTable clean{.id = IdOfObject(kTableTag, WriteTable(written)), .rows = written.rows};
  for (const TileRun& run : written.runs) {
    const bool is_old =
        std::any_of(table.runs.begin(), table.runs.end(), [&](const TileRun& old) { return old.id == run.id; });
    if (!is_old) clean.new_runs.push_back(run);
  }
  return clean;
}

/// Into the index, so that the tables after it can be written upon it.
absl::Status CleanTables::Enter(RecordWriter& records) {
  TRY_ASSIGN(SealedRecords sealed, records.Seal());
  TRY(store_.database().InTransaction([&] { return store_.records().EnterSealed(sealed, {}); }));
  // The oldest epoch: whatever was lost since is noticed by the transaction that names these tables.
  sealed_.epoch = has_sealed_ ? std::min(sealed_.epoch, sealed.epoch) : sealed.epoch;
  has_sealed_ = true;
  for (Pack& pack : sealed.packs) sealed_.packs.push_back(std::move(pack));
  sealed_.reused.insert(sealed_.reused.end(), sealed.reused.begin(), sealed.reused.end());
  return absl::OkStatus();
}

absl::StatusOr<SealedRecords> CleanTables::Seal() {
  if (!has_sealed_) {
    TRY_ASSIGN(sealed_.epoch, store_.records().Epoch());
  }
  return sealed_;
}

absl::StatusOr<bool> CleanTables::IsAffected(const TilePlace& tile, const TableObject& table, bool is_ours) {
  if (affected_.contains(tile.id())) return true;
  if (!is_ours) return false;
  TRY(search_.Search({&tile, 1}, table));
  if (search_.Find(tile).empty()) return false;
  Remember(tile);
  return true;
}

absl::Status CleanTables::Detach(const TableObject& table, bool is_ours) {
  std::vector<TilePlace> tiles;
  for (const TileRun& run : table.runs) {
    if (seen_lists_.contains(run.id)) continue;
    TRY_ASSIGN(const auto list, tiles_.List(run.id, table));
    if (list->names_columns) seen_lists_.insert(run.id);
    for (size_t i = 0; i < list->tiles.size(); ++i) {
      tiles.push_back({.list_id = run.id, .list = list, .index = i});
      if (seen_.contains(tiles.back().id())) tiles.pop_back();
    }
  }
  RecordWriter records(store_.objects(), store_.records(), context_);
  const size_t before = detached_.size();
  for (size_t first = 0; first < tiles.size(); first += kGroupTiles) {
    TRY(context_.CheckCancelled());
    const auto group = std::span(tiles).subspan(first, std::min(kGroupTiles, tiles.size() - first));
    TRY_ASSIGN(const std::vector<TileChain> chains, tiles_.Resolve(group, table, context_));
    for (const TileChain& chain : chains) TRY(DetachChain(chain, table, is_ours, records));
  }
  return detached_.size() == before ? absl::OkStatus() : Enter(records);
}

absl::Status CleanTables::DetachChain(const TileChain& chain, const TableObject& table, bool is_ours,
                                      RecordWriter& records) {
  if (!chain.patch.has_value() || !seen_.insert(chain.place.id()).second) return absl::OkStatus();
  for (const TileChain& base : chain.bases) {
    TRY_ASSIGN(const bool has_rows, IsAffected(base.place, table, is_ours));
    if (has_rows) return WriteInFull(chain, records);
  }
  for (const TileChain& base : chain.bases) TRY(DetachChain(base, table, is_ours, records));
  return absl::OkStatus();
}

absl::Status CleanTables::WriteInFull(const TileChain& chain, RecordWriter& records) {
  const Digest id = chain.place.id();
  if (!detached_tiles_.insert(id).second) return absl::OkStatus();
  detached_.push_back(id.ToHex());
  const TileNode& node = chain.place.node();
  std::vector<Digest> ids;
  for (const LeafRef& leaf : node.leaves) ids.push_back(leaf.id);
  TRY_ASSIGN(auto missing, records.Missing(ids));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (missing.erase(ids[i]) == 0) continue;
    const WantedColumn column{.id = chain.place.list->columns[i]};
    TRY_ASSIGN(std::vector<Leaf> leaves, tiles_.Load({&chain, 1}, {&column, 1}, context_));
    absl::StatusOr<Leaf> leaf = WithId(std::move(leaves.front()), ids[i]);
    if (!leaf.ok()) return Annotate(leaf.status(), fmt::format("tile {}, column {}", id.ToHex(), column.id));
    TRY(records.Add(ids[i], EncodeLeaf(*leaf)));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CleanTables::Shares(const TableObject& table) {
  bool shares = false;
  for (const TileRun& run : table.runs) {
    const auto [known, is_new] = shares_.try_emplace(run.id, false);
    if (is_new) {
      TRY_ASSIGN(const auto list, tiles_.List(run.id, table));
      known->second = std::any_of(list->tiles.begin(), list->tiles.end(), [&](const TileNode& node) {
        return std::any_of(node.leaves.begin(), node.leaves.end(),
                           [&](const LeafRef& leaf) { return affected_leaves_.contains(leaf.id); });
      });
    }
    shares = shares || known->second;
  }
  return shares;
}

absl::StatusOr<int64_t> CleanTables::StoredBytes() {
  std::vector<Digest> ids(affected_.begin(), affected_.end());
  ids.insert(ids.end(), affected_leaves_.begin(), affected_leaves_.end());
  TRY_ASSIGN(const RecordLocations locations, store_.records().Locate(ids));
  int64_t bytes = 0;
  for (const auto& [id, location] : locations) bytes += location.entry.length;
  return bytes;
}

}  // namespace roost::store
