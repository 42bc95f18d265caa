#include "store/tile_walk.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "store/row_edits.h"
#include "store/row_hash.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 32;
constexpr size_t kHashedTiles = 8;                // decoded together for their hashes
constexpr int64_t kWholeRows = int64_t{4} << 20;  // so many earlier rows are aligned at once in any case
constexpr int64_t kSpareRows = int64_t{1} << 18;  // and so many more than twice the later ones
constexpr int64_t kMinKeptShare = 4;              // a match with fewer than a quarter of the rows is none

}  // namespace

absl::StatusOr<std::vector<uint64_t>> RowHashes(const DiffSide& side, size_t first, size_t end,
                                                std::span<const WantedColumn> columns, TileLoader& loader,
                                                const Context& context) {
  std::vector<uint64_t> hashes;
  for (size_t at = first; at < end; at += kHashedTiles) {
    TRY(context.CheckCancelled());
    const auto group = std::span(side.tiles).subspan(at, std::min(kHashedTiles, end - at));
    TRY_ASSIGN(const std::vector<TileChain> chains, loader.Resolve(group, side.table, context));
    TRY_ASSIGN(const std::vector<Leaf> leaves, loader.Load(chains, columns, context));
    for (size_t i = 0; i < group.size(); ++i) {
      std::vector<uint64_t> sums(static_cast<size_t>(group[i].node().rows), 0);
      for (size_t column = 0; column < columns.size(); ++column) {
        AddLeafHashes(leaves[i * columns.size() + column], static_cast<uint64_t>(columns[column].id), sums);
      }
      hashes.insert(hashes.end(), sums.begin(), sums.end());
    }
  }
  return hashes;
}

TileWalk::TileWalk(const DiffSide& before, const DiffSide& after, std::span<const DiffRegion> regions, size_t columns,
                   std::vector<WantedColumn> hashed, const TileMatcher& matcher, TileLoader& loader,
                   const Context& context)
    : before_(before),
      after_(after),
      regions_(regions),
      columns_(columns),
      hashed_(std::move(hashed)),
      matcher_(matcher),
      loader_(loader),
      context_(context) {
  StartRegion();
}

void TileWalk::StartRegion() {
  if (AtEnd()) return;
  tile_ = regions_[region_].after_first;
  before_row_ = regions_[region_].before_row;
}

int64_t TileWalk::FirstKept(const TileMatch& match) const {
  const auto found = std::find_if(match.from.begin(), match.from.end(), [](int64_t row) { return row >= 0; });
  return found == match.from.end() ? -1 : before_.starts[match.first] + *found;
}

int64_t TileWalk::EndOfKept(const TileMatch& match) const {
  const auto found = std::find_if(match.from.rbegin(), match.from.rend(), [](int64_t row) { return row >= 0; });
  return found == match.from.rend() ? -1 : before_.starts[match.first] + *found + 1;
}

bool TileWalk::KeepAscending(const DiffRegion& region, int64_t from_row, TileMatch& match) const {
  if (match.first < region.before_first || match.end > region.before_end) return false;
  const int64_t start = before_.starts[match.first];
  int64_t kept = 0;
  for (int64_t& row : match.from) {
    if (row >= 0 && start + row < from_row) row = -1;
    if (row >= 0) ++kept;
  }
  return kept > 0 && kept * kMinKeptShare >= static_cast<int64_t>(match.from.size());
}

absl::Status TileWalk::AlignRows(std::span<MatchedTile> tiles, int64_t limit) {
  if (tiles.empty()) return absl::OkStatus();
  for (MatchedTile& tile : tiles) {
    tile.match = {};
    tile.match.from.assign(static_cast<size_t>(after_.tiles[tile.tile].node().rows), -1);
    tile.match.columns.assign(columns_, {.cells = TileMatch::Cells::kUnknown});
  }
  if (before_row_ >= limit || hashed_.empty()) return absl::OkStatus();
  const size_t first = before_.TileOf(before_row_);
  const size_t end = before_.TileOf(limit - 1) + 1;
  TRY_ASSIGN(const std::vector<uint64_t> base, RowHashes(before_, first, end, hashed_, loader_, context_));
  TRY_ASSIGN(const std::vector<uint64_t> rows,
             RowHashes(after_, tiles.front().tile, tiles.back().tile + 1, hashed_, loader_, context_));
  const int64_t skipped = before_row_ - before_.starts[first];
  const auto wanted = std::span(base).subspan(static_cast<size_t>(skipped), static_cast<size_t>(limit - before_row_));
  // For each row, where it is in the earlier table.
  std::vector<int64_t> from(rows.size(), -1);
  int64_t base_at = before_row_;
  size_t row_at = 0;
  for (const EditStep& step : Align(wanted, rows).edits.steps) {
    for (int64_t i = 0; i < step.keep; ++i) from[row_at++] = base_at++;
    base_at += step.remove;
    row_at += static_cast<size_t>(step.insert);
  }
  row_at = 0;
  for (MatchedTile& tile : tiles) {
    TileMatch& match = tile.match;
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(row_at), match.from.size(), match.from.begin());
    row_at += match.from.size();
    const auto kept = std::find_if(match.from.begin(), match.from.end(), [](int64_t row) { return row >= 0; });
    if (kept == match.from.end()) continue;
    match.first = before_.TileOf(*kept);
    match.end = before_.TileOf(*std::max_element(match.from.begin(), match.from.end())) + 1;
    for (int64_t& row : match.from) row = row < 0 ? row : row - before_.starts[match.first];
    before_row_ = EndOfKept(match);
  }
  return absl::OkStatus();
}

absl::StatusOr<MatchedGroup> TileWalk::Next() {
  TRY(context_.CheckCancelled());
  const DiffRegion& region = regions_[region_];
  MatchedGroup group{.region = region_};
  const size_t end = std::min(tile_ + kGroupTiles, region.after_end);
  TRY_ASSIGN(std::vector<TileChain> chains,
             loader_.Resolve(std::span(after_.tiles).subspan(tile_, end - tile_), after_.table, context_));
  std::vector<bool> is_placed(end - tile_, false);
  int64_t next_row = before_row_;
  for (size_t i = 0; i < chains.size(); ++i) {
    std::optional<TileMatch> match = matcher_.Match(chains[i]);
    is_placed[i] = match.has_value() && KeepAscending(region, next_row, *match);
    if (is_placed[i]) next_row = EndOfKept(*match);
    group.tiles.push_back({.tile = tile_ + i, .chain = std::move(chains[i])});
    if (is_placed[i]) group.tiles.back().match = *std::move(match);
  }
  const auto align = [&](size_t from, size_t to, int64_t limit) {
    return AlignRows(std::span(group.tiles).subspan(from, to - from), limit);
  };
  size_t open = 0;
  for (size_t i = 0; i < group.tiles.size(); ++i) {
    if (!is_placed[i]) continue;
    TRY(align(open, i, FirstKept(group.tiles[i].match)));
    before_row_ = EndOfKept(group.tiles[i].match);
    open = i + 1;
  }
  const int64_t left = region.before_row + before_.RowsOf(region.before_first, region.before_end) - before_row_;
  const int64_t rows = after_.RowsOf(tile_ + open, end);
  const int64_t most = end == region.after_end && left <= kWholeRows ? left : std::min(left, 2 * rows + kSpareRows);
  TRY(align(open, group.tiles.size(), before_row_ + most));
  tile_ = end;
  group.ends_region = tile_ == region.after_end;
  if (group.ends_region) {
    ++region_;
    StartRegion();
  }
  return group;
}

}  // namespace roost::store
