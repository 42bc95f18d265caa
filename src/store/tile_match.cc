#include "store/tile_match.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/status.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

using Cells = TileMatch::Cells;

uint64_t HashOf(const Digest& digest, uint64_t seed) {
  return Hash64({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()}, seed);
}

/// Whether both tiles have the same leaves of these columns.
bool AreEqual(const TilePlace& a, const TilePlace& b, std::span<const CommonColumn> columns) {
  if (columns.empty() || a.node().rows != b.node().rows) return false;
  return std::all_of(columns.begin(), columns.end(), [&](const CommonColumn& column) {
    const int64_t in_a = a.list->Find(column.id);
    const int64_t in_b = b.list->Find(column.id);
    return in_a >= 0 && in_b >= 0 &&
           a.node().leaves[static_cast<size_t>(in_a)].id == b.node().leaves[static_cast<size_t>(in_b)].id;
  });
}

std::vector<uint64_t> RunKeys(const TableObject& table) {
  std::vector<uint64_t> keys;
  for (const TileRun& run : table.runs) keys.push_back(HashOf(run.id, 0));
  return keys;
}

/// Calls pair(base, row) for each row that stays.
template <typename Pair>
void ForEachKept(const RowEdits& edits, const Pair& pair) {
  int64_t base = 0;
  int64_t row = 0;
  for (const EditStep& step : edits.steps) {
    for (int64_t i = 0; i < step.keep; ++i) pair(static_cast<size_t>(base + i), static_cast<size_t>(row + i));
    base += step.keep + step.remove;
    row += step.keep + step.insert;
  }
}

/// Adds the tiles of the runs [first, end), the first of which starts at `row`; returns where the last one ends.
absl::StatusOr<int64_t> AddTiles(size_t first, size_t end, int64_t row, TileLoader& loader, DiffSide& side) {
  for (size_t run = first; run < end; ++run) {
    const Digest& id = side.table.runs[run].id;
    TRY_ASSIGN(const auto list, loader.List(id, side.table));
    for (size_t i = 0; i < list->tiles.size(); ++i) {
      side.starts.push_back(row);
      side.tiles.push_back({.list_id = id, .list = list, .index = i});
      row += list->tiles[i].rows;
    }
  }
  return row;
}

/// Finds the regions among the tiles from the given ones on.
class RegionFinder {
 public:
  RegionFinder(std::span<const CommonColumn> columns, const DiffSide& before, const DiffSide& after,
               std::vector<DiffRegion>& regions)
      : columns_(columns), before_(before), after_(after), regions_(regions) {}

  void Find(const DiffRegion& whole) {
    const auto keys = [&](const DiffSide& side, size_t first, size_t end) {
      std::vector<uint64_t> found;
      for (size_t i = first; i < end; ++i) found.push_back(KeyOfTile(side.tiles[i], columns_).value_or(i));
      return found;
    };
    const RowEdits edits =
        Align(keys(before_, whole.before_first, whole.before_end), keys(after_, whole.after_first, whole.after_end))
            .edits;
    DiffRegion open = whole;
    ForEachKept(edits, [&](size_t base, size_t row) {
      base += whole.before_first;
      row += whole.after_first;
      if (!AreEqual(before_.tiles[base], after_.tiles[row], columns_)) return;
      open.before_end = base;
      open.after_end = row;
      Add(open);
      open.before_first = base + 1;
      open.after_first = row + 1;
      open.before_row = before_.starts[base] + before_.tiles[base].node().rows;
      open.after_row = after_.starts[row] + after_.tiles[row].node().rows;
    });
    open.before_end = whole.before_end;
    open.after_end = whole.after_end;
    Add(open);
  }

 private:
  void Add(const DiffRegion& region) {
    if (region.before_first < region.before_end || region.after_first < region.after_end) regions_.push_back(region);
  }

  std::span<const CommonColumn> columns_;
  const DiffSide& before_;
  const DiffSide& after_;
  std::vector<DiffRegion>& regions_;
};

/// Puts the match of a further base behind `all`, which has those of the bases before it.
void Join(TileMatch next, int64_t rows_before, TileMatch& all) {
  const auto rows = static_cast<int64_t>(all.from.size());
  for (const int64_t row : next.from) all.from.push_back(row < 0 ? row : row + rows_before);
  for (size_t i = 0; i < all.columns.size(); ++i) {
    TileMatch::Column& column = all.columns[i];
    column.cells = std::max(column.cells, next.columns[i].cells);
    for (const int64_t row : next.columns[i].changed) column.changed.push_back(row + rows);
  }
  all.end = next.end;
}

/// Where each row of the base is in the patched tile, -1 where it is not; and `from` the other way.
void Trace(const RowEdits& edits, std::span<const int64_t> base_from, std::vector<int64_t>& from,
           std::vector<int64_t>& to) {
  from.assign(static_cast<size_t>(edits.rows), -1);
  to.assign(static_cast<size_t>(edits.base_rows), -1);
  ForEachKept(edits, [&](size_t base, size_t row) {
    from[row] = base_from[base];
    to[base] = static_cast<int64_t>(row);
  });
}

/// The column of a patched tile, from that of its base.
TileMatch::Column Patched(const TileMatch::Column& base, const LeafPatch& patch, std::span<const int64_t> to) {
  const bool tells_rows = patch.form == LeafPatch::Form::kSame || patch.form == LeafPatch::Form::kPatched;
  if (!tells_rows || base.cells == Cells::kUnknown) return {.cells = Cells::kUnknown};
  std::vector<int64_t> older;
  for (const int64_t row : base.changed) {
    const int64_t now = to[static_cast<size_t>(row)];
    if (now >= 0) older.push_back(now);
  }
  TileMatch::Column column;
  std::set_union(older.begin(), older.end(), patch.changed.begin(), patch.changed.end(),
                 std::back_inserter(column.changed));
  // A value that changed twice may be the old one again.
  if (column.changed.size() != older.size() + patch.changed.size()) return {.cells = Cells::kUnknown};
  column.cells = column.changed.empty() ? Cells::kSame : Cells::kListed;
  return column;
}

}  // namespace

int64_t DiffSide::RowsOf(size_t first, size_t end) const {
  int64_t rows = 0;
  for (size_t i = first; i < end; ++i) rows += tiles[i].node().rows;
  return rows;
}

size_t DiffSide::TileOf(int64_t row) const {
  return static_cast<size_t>(std::upper_bound(starts.begin(), starts.end(), row) - starts.begin()) - 1;
}

std::optional<uint64_t> KeyOfTile(const TilePlace& place, std::span<const CommonColumn> columns) {
  if (columns.empty()) return std::nullopt;
  auto key = static_cast<uint64_t>(place.node().rows);
  for (const CommonColumn& column : columns) {
    const int64_t at = place.list->Find(column.id);
    if (at < 0) return std::nullopt;
    key = HashOf(place.node().leaves[static_cast<size_t>(at)].id, key);
  }
  return key;
}

absl::StatusOr<std::vector<DiffRegion>> FindRegions(std::span<const CommonColumn> columns, TileLoader& loader,
                                                    DiffSide& before, DiffSide& after) {
  std::vector<DiffRegion> regions;
  RegionFinder finder(columns, before, after, regions);
  DiffRegion open;
  size_t before_run = 0;
  size_t after_run = 0;
  // The runs up to the given ones, which are equal, hold a region.
  const auto close = [&](size_t before_end, size_t after_end) -> absl::Status {
    open.before_first = before.tiles.size();
    open.after_first = after.tiles.size();
    TRY_ASSIGN(const int64_t before_row, AddTiles(before_run, before_end, open.before_row, loader, before));
    TRY_ASSIGN(const int64_t after_row, AddTiles(after_run, after_end, open.after_row, loader, after));
    open.before_end = before.tiles.size();
    open.after_end = after.tiles.size();
    finder.Find(open);
    open.before_row = before_row;
    open.after_row = after_row;
    return absl::OkStatus();
  };
  absl::Status status;
  ForEachKept(Align(RunKeys(before.table), RunKeys(after.table)).edits, [&](size_t base, size_t row) {
    if (!status.ok() || before.table.runs[base].id != after.table.runs[row].id) return;
    status = close(base, row);
    open.before_row += before.table.runs[base].rows;
    open.after_row += after.table.runs[row].rows;
    before_run = base + 1;
    after_run = row + 1;
  });
  TRY(status);
  TRY(close(before.table.runs.size(), after.table.runs.size()));
  return regions;
}

RowEdits EditsOf(std::span<const int64_t> from, int64_t base_rows) {
  RowEdits edits{.base_rows = base_rows, .rows = static_cast<int64_t>(from.size())};
  int64_t base = 0;
  for (const int64_t row : from) {
    if (row < 0) {
      if (edits.steps.empty()) edits.steps.push_back({});
      ++edits.steps.back().insert;
      continue;
    }
    if (row > base) {
      if (edits.steps.empty()) edits.steps.push_back({});
      edits.steps.back().remove += row - base;
    }
    if (edits.steps.empty() || edits.steps.back().remove > 0 || edits.steps.back().insert > 0) {
      edits.steps.push_back({});
    }
    ++edits.steps.back().keep;
    base = row + 1;
  }
  if (base < base_rows) {
    if (edits.steps.empty()) edits.steps.push_back({});
    edits.steps.back().remove += base_rows - base;
  }
  return edits;
}

TileMatcher::TileMatcher(const DiffSide& before, std::span<const CommonColumn> columns, TileLoader& loader)
    : before_(before), columns_(columns), loader_(loader) {
  for (size_t i = 0; i < before.tiles.size(); ++i) {
    if (const auto key = KeyOfTile(before.tiles[i], columns)) by_key_.try_emplace(*key, i);
  }
}

std::optional<size_t> TileMatcher::Find(const TilePlace& place) const {
  const std::optional<uint64_t> key = KeyOfTile(place, columns_);
  if (!key.has_value()) return std::nullopt;
  const auto found = by_key_.find(*key);
  if (found == by_key_.end() || !AreEqual(before_.tiles[found->second], place, columns_)) return std::nullopt;
  return found->second;
}

std::optional<TileMatch> TileMatcher::Match(const TileChain& tile) const {
  std::optional<TileMatch> match = MatchThrough(tile);
  if (match.has_value()) match->is_by_patch = true;
  return match;
}

std::optional<TileMatch> TileMatcher::MatchThrough(const TileChain& tile) const {
  if (const std::optional<size_t> at = Find(tile.place)) {
    TileMatch match{.first = *at, .end = *at + 1};
    match.from.resize(static_cast<size_t>(tile.place.node().rows));
    std::iota(match.from.begin(), match.from.end(), 0);
    match.columns.resize(columns_.size());
    return match;
  }
  if (!tile.patch.has_value() || tile.bases.empty()) return std::nullopt;
  TileMatch below;
  for (const TileChain& base : tile.bases) {
    std::optional<TileMatch> next = MatchThrough(base);
    if (!next.has_value()) return std::nullopt;
    if (&base == &tile.bases.front()) {
      below = *std::move(next);
      continue;
    }
    if (next->first != below.end) return std::nullopt;
    Join(*std::move(next), before_.RowsOf(below.first, below.end), below);
  }
  if (static_cast<int64_t>(below.from.size()) != tile.patch->edits.base_rows) return std::nullopt;
  TileMatch match{.first = below.first, .end = below.end};
  std::vector<int64_t> to;
  Trace(tile.patch->edits, below.from, match.from, to);
  for (size_t i = 0; i < columns_.size(); ++i) {
    const int64_t at = tile.place.list->Find(columns_[i].id);
    match.columns.push_back(at < 0 ? TileMatch::Column{.cells = Cells::kUnknown}
                                   : Patched(below.columns[i], tile.patch->leaves[static_cast<size_t>(at)], to));
  }
  return match;
}

absl::StatusOr<Leaf> TileMatcher::MakeLeaf(const TileChain& tile, const TileMatch& match, const WantedColumn& column,
                                           std::span<const Leaf> before, const Context& context) const {
  const std::optional<size_t> at = Find(tile.place);
  if (at.has_value() && *at >= match.first && *at < match.end) return before[*at - match.first];
  const int64_t index = tile.place.list->Find(column.id);
  const bool is_full = index < 0 || !tile.patch.has_value() ||
                       tile.patch->leaves[static_cast<size_t>(index)].form == LeafPatch::Form::kFull;
  if (is_full) {
    TRY_ASSIGN(std::vector<Leaf> loaded, loader_.Load({&tile, 1}, {&column, 1}, context));
    return std::move(loaded.front());
  }
  std::vector<Leaf> parts;
  for (const TileChain& base : tile.bases) {
    TRY_ASSIGN(parts.emplace_back(), MakeLeaf(base, match, column, before, context));
  }
  return ApplyLeafPatch(Concatenate(std::move(parts)), tile.patch->leaves[static_cast<size_t>(index)],
                        tile.patch->edits);
}

}  // namespace roost::store
