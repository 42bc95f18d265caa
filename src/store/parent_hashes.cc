#include "store/parent_hashes.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"
#include "store/row_hash.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 8;  // decoded together

bool IsCut(const TableObject& table, int64_t column) {
  return std::binary_search(table.cut_columns.begin(), table.cut_columns.end(), column);
}

/// Whether `parent` has the column in the same type, or in one that is widened to it.
bool IsShared(const TableObject& parent, const StoredColumn& column) {
  for (const StoredColumn& before : parent.columns) {
    if (before.id != column.id) continue;
    const auto from = LeafTypeOfName(before.type);
    const auto to = LeafTypeOfName(column.type);
    return from.ok() && to.ok() && (*from == *to || CanWiden(*from, *to));
  }
  return false;
}

void Append(std::span<const uint64_t> cut, std::span<const uint64_t> all, bool whole, RowHashes& hashes) {
  hashes.cut.insert(hashes.cut.end(), cut.begin(), cut.end());
  if (!whole) return;
  for (const uint64_t hash : all) hashes.whole.push_back(static_cast<uint32_t>(hash >> 32));
}

}  // namespace

absl::StatusOr<RowHashes> HashesOfParent(const TableObject& parent, const TableObject& table, bool whole,
                                         int64_t max_rows, TileLoader& loader, const Context& context) {
  std::vector<WantedColumn> wanted;
  for (const StoredColumn& column : table.columns) {
    if (!IsShared(parent, column) || (!whole && !IsCut(table, column.id))) continue;
    wanted.push_back({.id = column.id, .type = column.type});
  }
  RowHashes hashes;
  for (const TileRun& run : parent.runs) {
    TRY_ASSIGN(const auto list, loader.List(run.id, parent));
    for (size_t first = 0; first < list->tiles.size(); first += kGroupTiles) {
      if (static_cast<int64_t>(hashes.cut.size()) >= max_rows) return hashes;
      TRY(context.CheckCancelled());
      std::vector<TilePlace> group;
      for (size_t i = first; i < std::min(first + kGroupTiles, list->tiles.size()); ++i) {
        group.push_back({.list_id = run.id, .list = list, .index = i});
      }
      TRY_ASSIGN(const std::vector<TileChain> chains, loader.Resolve(group, parent, context));
      TRY_ASSIGN(const std::vector<Leaf> leaves, loader.Load(chains, wanted, context));
      for (size_t tile = 0; tile < group.size(); ++tile) {
        std::vector<uint64_t> cut(static_cast<size_t>(group[tile].node().rows), 0);
        std::vector<uint64_t> all = cut;
        for (size_t i = 0; i < wanted.size(); ++i) {
          const Leaf& leaf = leaves[tile * wanted.size() + i];
          const auto id = static_cast<uint64_t>(wanted[i].id);
          if (IsCut(table, wanted[i].id)) AddLeafHashes(leaf, id, cut);
          if (whole) AddLeafHashes(leaf, id, all);
        }
        Append(cut, all, whole, hashes);
      }
    }
  }
  return hashes;
}

void AddBatchHashes(const TableObject& parent, const TableObject& table, bool whole, const arrow::RecordBatch& batch,
                    RowHashes& hashes) {
  std::vector<uint64_t> cut(static_cast<size_t>(batch.num_rows()), 0);
  std::vector<uint64_t> all = cut;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const int64_t id = table.columns[i].id;
    const arrow::Array& array = *batch.column(static_cast<int>(i));
    if (IsCut(table, id)) AddValueHashes(array, static_cast<uint64_t>(id), cut);
    if (whole && IsShared(parent, table.columns[i])) AddValueHashes(array, static_cast<uint64_t>(id), all);
  }
  Append(cut, all, whole, hashes);
}

}  // namespace roost::store
