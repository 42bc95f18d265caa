#include "store/diff_values.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

using Cells = TileMatch::Cells;

/// Whether the tile has the same leaf of the column as the one tile that it was matched with, row for row.
bool HasSameLeaf(const DiffSide& before, const MatchedTile& tile, int64_t column) {
  const TileMatch& match = tile.match;
  if (match.end != match.first + 1) return false;
  const TilePlace& old_place = before.tiles[match.first];
  const TilePlace& new_place = tile.chain.place;
  const int64_t old_at = old_place.list->Find(column);
  const int64_t new_at = new_place.list->Find(column);
  if (old_at < 0 || new_at < 0 || old_place.node().rows != new_place.node().rows) return false;
  if (old_place.node().leaves[static_cast<size_t>(old_at)].id !=
      new_place.node().leaves[static_cast<size_t>(new_at)].id) {
    return false;
  }
  for (size_t i = 0; i < match.from.size(); ++i) {
    if (match.from[i] >= 0 && match.from[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

Leaf EmptyLeaf(const LeafType& type) {
  Leaf leaf{.type = type};
  if (type.form == LeafForm::kVariable) leaf.offsets.push_back(0);
  return leaf;
}

}  // namespace

RowEdits KeepAll(int64_t rows) {
  RowEdits edits{.base_rows = rows, .rows = rows};
  if (rows > 0) edits.steps.push_back({.keep = rows});
  return edits;
}

absl::Status MatchValues::Load(std::span<const size_t> columns) {
  std::vector<size_t> missing;
  std::vector<WantedColumn> wanted;
  for (const size_t column : columns) {
    if (loaded_.contains(column)) continue;
    loaded_[column] = {};
    missing.push_back(column);
    wanted.push_back({.id = columns_[column].id, .type = columns_[column].type});
  }
  if (missing.empty()) return absl::OkStatus();
  const size_t tiles = tile_.match.end - tile_.match.first;
  if (chains_.empty() && tiles > 0) {
    TRY_ASSIGN(chains_,
               loader_.Resolve(std::span(before_.tiles).subspan(tile_.match.first, tiles), before_.table, context_));
  }
  TRY_ASSIGN(std::vector<Leaf> leaves, loader_.Load(chains_, wanted, context_));
  std::vector<size_t> unpatched;  // among `missing`
  for (size_t i = 0; i < missing.size(); ++i) {
    Loaded& loaded = loaded_[missing[i]];
    std::vector<Leaf> parts;
    for (size_t tile = 0; tile < tiles; ++tile) parts.push_back(std::move(leaves[tile * missing.size() + i]));
    if (tile_.match.is_by_patch && columns_[missing[i]].is_same_type) {
      TRY_ASSIGN(loaded.after, matcher_.MakeLeaf(tile_.chain, tile_.match, wanted[i], parts, context_));
    } else {
      unpatched.push_back(i);
    }
    if (!parts.empty()) loaded.before = Concatenate(std::move(parts));
  }
  std::vector<WantedColumn> wanted_after;
  for (const size_t i : unpatched) wanted_after.push_back(wanted[i]);
  if (wanted_after.empty()) return absl::OkStatus();
  TRY_ASSIGN(std::vector<Leaf> after, loader_.Load({&tile_.chain, 1}, wanted_after, context_));
  for (size_t i = 0; i < after.size(); ++i) loaded_[missing[unpatched[i]]].after = std::move(after[i]);
  return absl::OkStatus();
}

absl::Status FindChangedCells(const DiffSide& before, std::span<const CommonColumn> columns, MatchedTile& tile,
                              MatchValues& values) {
  TileMatch& match = tile.match;
  std::vector<size_t> unknown;
  for (size_t i = 0; i < columns.size(); ++i) {
    TileMatch::Column& column = match.columns[i];
    if (match.first == match.end || (column.cells == Cells::kUnknown && HasSameLeaf(before, tile, columns[i].id))) {
      column = {};
    }
    if (column.cells == Cells::kUnknown) unknown.push_back(i);
    std::erase_if(column.changed, [&](int64_t row) { return match.from[static_cast<size_t>(row)] < 0; });
  }
  if (unknown.empty()) return absl::OkStatus();
  TRY(values.Load(unknown));
  const RowEdits edits = EditsOf(match.from, before.RowsOf(match.first, match.end));
  for (const size_t i : unknown) {
    match.columns[i].changed = ChangedRows(values.before(i), values.after(i), edits);
    match.columns[i].cells = Cells::kListed;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Leaf>> GatherRows(const DiffSide& side, std::span<const int64_t> positions,
                                             std::span<const WantedColumn> columns, TileLoader& loader,
                                             const Context& context) {
  std::vector<size_t> order(positions.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return positions[a] < positions[b]; });
  std::vector<Leaf> sorted;
  for (const WantedColumn& column : columns) {
    TRY_ASSIGN(const LeafType type, LeafTypeOfName(column.type));
    sorted.push_back(EmptyLeaf(type));
  }
  for (size_t i = 0; i < order.size();) {
    TRY(context.CheckCancelled());
    const size_t tile = side.TileOf(positions[order[i]]);
    const TilePlace& place = side.tiles[tile];
    const int64_t end = side.starts[tile] + place.node().rows;
    TRY_ASSIGN(const std::vector<TileChain> chain, loader.Resolve({&place, 1}, side.table, context));
    TRY_ASSIGN(const std::vector<Leaf> leaves, loader.Load(chain, columns, context));
    for (; i < order.size() && positions[order[i]] < end; ++i) {
      const int64_t row = positions[order[i]] - side.starts[tile];
      for (size_t column = 0; column < columns.size(); ++column) AppendRows(sorted[column], leaves[column], row, 1);
    }
  }
  if (std::is_sorted(positions.begin(), positions.end())) return sorted;
  std::vector<int64_t> place_of(order.size());
  for (size_t i = 0; i < order.size(); ++i) place_of[order[i]] = static_cast<int64_t>(i);
  std::vector<Leaf> rows;
  for (const Leaf& leaf : sorted) {
    rows.push_back(EmptyLeaf(leaf.type));
    for (const int64_t place : place_of) AppendRows(rows.back(), leaf, place, 1);
  }
  return rows;
}

}  // namespace roost::store
