#include "store/patch_planner.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"
#include "store/row_edits.h"
#include "store/row_hash.h"

namespace roost::store {
namespace {

constexpr int64_t kMaxDepth = 10;        // patches upon patches before one is made on the full leaves again
constexpr size_t kMaxBases = 8;          // tiles that one patch is made on
constexpr int64_t kMinTail = 64;         // rows at a tile's end for which the base's next tile is looked at
constexpr size_t kKeptTiles = 4;         // decoded tiles of the parent that are kept
constexpr uint64_t kIndexMask = 31;      // rows of the index: those whose hash has five zero bits
constexpr size_t kIndexGroup = 8;        // tiles decoded together for the index
constexpr int64_t kMinMatchedShare = 4;  // fewer equal rows than a quarter: the place is likely wrong

/// The step in which the base's rows before `skipped` go.
RowEdits WithSkipped(RowEdits edits, int64_t skipped) {
  if (skipped == 0) return edits;
  edits.base_rows += skipped;
  if (!edits.steps.empty() && edits.steps.front().keep == 0) {
    edits.steps.front().remove += skipped;
  } else {
    edits.steps.insert(edits.steps.begin(), EditStep{.remove = skipped});
  }
  return edits;
}

/// Rows of the base before the first and after the last that is kept.
std::pair<int64_t, int64_t> UnusedEnds(const RowEdits& edits) {
  int64_t first = edits.base_rows;
  int64_t end = 0;
  int64_t at = 0;
  for (const EditStep& step : edits.steps) {
    if (step.keep > 0) {
      first = std::min(first, at);
      end = at + step.keep;
    }
    at += step.keep + step.remove;
  }
  return {first, edits.base_rows - end};
}

/// The edits on a base that lacks `front` rows at its start and `back` at its end, all of which go.
void CutEnds(RowEdits& edits, int64_t front, int64_t back) {
  edits.base_rows -= front + back;
  for (EditStep& step : edits.steps) {
    if (front == 0) break;
    const int64_t cut = std::min(front, step.remove);
    step.remove -= cut;
    front -= cut;
    if (step.keep > 0) break;
  }
  for (auto step = edits.steps.rbegin(); step != edits.steps.rend() && back > 0; ++step) {
    const int64_t cut = std::min(back, step->remove);
    step->remove -= cut;
    back -= cut;
  }
}

}  // namespace

/// A decoded tile of the parent, or one that a tile of it is a patch of.
struct PatchPlanner::ParentTile {
  TileChain chain;
  std::vector<Leaf> leaves;  // in the order of columns_, of the table's types
  std::vector<uint64_t> hashes;
};

/// Rows of the parent next to a new tile.
struct PatchPlanner::Base {
  size_t first = 0;  // the first of `tiles` among the parent's
  std::vector<const ParentTile*> tiles;
  std::vector<TilePlace> places;
  Alignment alignment;
};

PatchPlanner::PatchPlanner(const TableObject& parent, const TableObject& table, TileLoader& loader,
                           const Context& context)
    : parent_(parent), table_(table), loader_(loader), context_(context) {
  for (const StoredColumn& column : table.columns) {
    const auto found = std::find_if(parent.columns.begin(), parent.columns.end(),
                                    [&](const StoredColumn& before) { return before.id == column.id; });
    const auto type = LeafTypeOfName(column.type);
    bool usable = found != parent.columns.end() && type.ok();
    if (usable) {
      const auto before = LeafTypeOfName(found->type);
      usable = before.ok() && (*before == *type || CanWiden(*before, *type));
    }
    places_.push_back(usable ? static_cast<int64_t>(columns_.size()) : -1);
    // Asked for in the table's type: what the parent has narrower is widened.
    if (usable) columns_.push_back({.id = column.id, .type = column.type});
  }
}

PatchPlanner::~PatchPlanner() = default;

absl::Status PatchPlanner::Load() {
  for (const TileRun& run : parent_.runs) {
    TRY_ASSIGN(const auto list, loader_.List(run.id, parent_));
    for (size_t i = 0; i < list->tiles.size(); ++i) tiles_.push_back({.list_id = run.id, .list = list, .index = i});
  }
  for (size_t i = 0; i < tiles_.size(); ++i) {
    const int64_t at = tiles_[i].list->Find(table_.columns.front().id);
    if (at >= 0) by_leaf_[tiles_[i].node().leaves[static_cast<size_t>(at)].id].push_back(i);
  }
  return absl::OkStatus();
}

void PatchPlanner::StartAtLastTile() {
  tile_ = tiles_.empty() ? 0 : tiles_.size() - 1;
  equal_from_ = tile_;
  StayInPlace();
}

void PatchPlanner::Pass(const TilePlace& place) {
  const int64_t at = place.list->Find(table_.columns.front().id);
  if (at < 0) return;
  const auto found = by_leaf_.find(place.node().leaves[static_cast<size_t>(at)].id);
  if (found == by_leaf_.end()) return;
  for (const size_t index : found->second) {
    if (tiles_[index].list_id != place.list_id || tiles_[index].index != place.index) continue;
    tile_ = index + 1;
    row_ = 0;
    return;
  }
}

std::optional<TilePlace> PatchPlanner::Equal(const TileNode& tile) {
  const auto found = by_leaf_.find(tile.leaves.front().id);
  if (found == by_leaf_.end()) return std::nullopt;
  const auto is_equal = [&](size_t index) {
    const TilePlace& place = tiles_[index];
    for (size_t i = 0; i < tile.leaves.size(); ++i) {
      const int64_t at = place.list->Find(table_.columns[i].id);
      if (at < 0 || place.node().leaves[static_cast<size_t>(at)] != tile.leaves[i]) return false;
    }
    return place.node().rows == tile.rows;
  };
  // Of several equal tiles the next one in order.
  const auto& candidates = found->second;
  auto start = std::lower_bound(candidates.begin(), candidates.end(), equal_from_);
  for (size_t i = 0; i < candidates.size(); ++i, ++start) {
    if (start == candidates.end()) start = candidates.begin();
    if (!is_equal(*start)) continue;
    equal_from_ = *start + 1;
    return tiles_[*start];
  }
  return std::nullopt;
}

absl::StatusOr<const PatchPlanner::ParentTile*> PatchPlanner::Decode(const TilePlace& place) {
  const std::pair key(place.list_id, place.index);
  if (const auto found = decoded_.find(key); found != decoded_.end()) return found->second.get();
  TRY_ASSIGN(std::vector<TileChain> chains, loader_.Resolve({&place, 1}, parent_, context_));
  auto tile = std::make_unique<ParentTile>();
  // A tile below the parent's may lack a column that came later.
  std::vector<WantedColumn> there;
  for (const WantedColumn& column : columns_) {
    if (place.list->Find(column.id) >= 0) there.push_back(column);
  }
  TRY_ASSIGN(std::vector<Leaf> leaves, loader_.Load(chains, there, context_));
  tile->chain = std::move(chains.front());
  tile->leaves.resize(columns_.size());
  tile->hashes.assign(static_cast<size_t>(place.node().rows), 0);
  for (size_t i = 0; i < there.size(); ++i) {
    if (std::binary_search(table_.cut_columns.begin(), table_.cut_columns.end(), there[i].id)) {
      AddLeafHashes(leaves[i], static_cast<uint64_t>(there[i].id), tile->hashes);
    }
    for (size_t at = 0; at < columns_.size(); ++at) {
      if (columns_[at].id == there[i].id) tile->leaves[at] = std::move(leaves[i]);
    }
  }
  return (decoded_[key] = std::move(tile)).get();
}

absl::StatusOr<PatchPlanner::Base> PatchPlanner::Cover(size_t first, int64_t skipped,
                                                       std::span<const uint64_t> hashes) {
  Base base{.first = first};
  std::vector<uint64_t> rows;
  const auto add_tile = [&]() -> absl::Status {
    const size_t next = first + base.tiles.size();
    TRY_ASSIGN(const ParentTile* tile, Decode(tiles_[next]));
    base.tiles.push_back(tile);
    base.places.push_back(tiles_[next]);
    const auto from = base.tiles.size() == 1 ? static_cast<size_t>(skipped) : 0;
    rows.insert(rows.end(), tile->hashes.begin() + static_cast<std::ptrdiff_t>(from), tile->hashes.end());
    return absl::OkStatus();
  };
  const auto can_grow = [&] { return first + base.tiles.size() < tiles_.size() && base.tiles.size() < kMaxBases; };
  TRY(add_tile());
  while (can_grow() && rows.size() * 10 < hashes.size() * 9) TRY(add_tile());
  while (true) {
    base.alignment = Align(rows, hashes);
    // Rows at the end that this base does not have: the next tile of the parent may.
    const bool has_tail = base.alignment.tail >= kMinTail;
    if (!can_grow() || !has_tail || base.alignment.matched == 0) break;
    TRY(add_tile());
  }
  base.alignment.edits = WithSkipped(std::move(base.alignment.edits), skipped);
  return base;
}

absl::Status PatchPlanner::BuildIndex() {
  has_index_ = true;
  std::vector<WantedColumn> cut;
  for (const WantedColumn& column : columns_) {
    if (std::binary_search(table_.cut_columns.begin(), table_.cut_columns.end(), column.id)) cut.push_back(column);
  }
  if (cut.empty()) return absl::OkStatus();
  for (size_t first = 0; first < tiles_.size(); first += kIndexGroup) {
    const auto group = std::span(tiles_).subspan(first, std::min(kIndexGroup, tiles_.size() - first));
    TRY_ASSIGN(const std::vector<TileChain> chains, loader_.Resolve(group, parent_, context_));
    TRY_ASSIGN(const std::vector<Leaf> leaves, loader_.Load(chains, cut, context_));
    for (size_t i = 0; i < group.size(); ++i) {
      std::vector<uint64_t> hashes(static_cast<size_t>(group[i].node().rows), 0);
      for (size_t column = 0; column < cut.size(); ++column) {
        AddLeafHashes(leaves[i * cut.size() + column], static_cast<uint64_t>(cut[column].id), hashes);
      }
      for (const uint64_t hash : hashes) {
        if ((hash & kIndexMask) == 0) index_.try_emplace(hash, first + i);
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<size_t>> PatchPlanner::FindElsewhere(std::span<const uint64_t> hashes) {
  if (!has_index_) TRY(BuildIndex());
  std::map<size_t, int64_t> votes;
  for (const uint64_t hash : hashes) {
    if ((hash & kIndexMask) != 0) continue;
    if (const auto found = index_.find(hash); found != index_.end()) ++votes[found->second];
  }
  // The first of the tiles that have many of the rows, so that those which follow it are covered too.
  int64_t most = 0;
  for (const auto& [tile, count] : votes) most = std::max(most, count);
  for (const auto& [tile, count] : votes) {
    if (count * 2 >= most && count > 1) return tile;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<TilePatch>> PatchPlanner::Plan(std::span<const Leaf> leaves,
                                                            std::span<const uint64_t> hashes) {
  while (decoded_.size() > kKeptTiles) decoded_.erase(decoded_.begin());
  if (tiles_.empty() || columns_.empty()) return std::nullopt;
  const auto is_placed = [&](const Base& base) {
    return base.alignment.matched * kMinMatchedShare >= static_cast<int64_t>(hashes.size());
  };
  std::optional<Base> base;
  if (tile_ < tiles_.size()) {
    TRY_ASSIGN(base, Cover(tile_, row_, hashes));
  }
  if (!base.has_value() || !is_placed(*base)) {
    TRY_ASSIGN(const std::optional<size_t> elsewhere, FindElsewhere(hashes));
    if (elsewhere.has_value() && *elsewhere != tile_) {
      TRY_ASSIGN(Base other, Cover(*elsewhere, 0, hashes));
      if (!base.has_value() || other.alignment.matched > base->alignment.matched) base = std::move(other);
    }
  }
  if (!base.has_value()) return std::nullopt;
  TRY_ASSIGN(std::optional<TilePatch> patch, PatchOn(*base, leaves));
  if (is_placed(*base) || patch.has_value()) MoveTo(*base);
  if (!patch.has_value()) return std::nullopt;
  if (patch->depth <= kMaxDepth && patch->given_rows * 2 <= patch->edits.rows) return patch;
  return PatchOnRoot(*base, leaves, hashes);
}

void PatchPlanner::MoveTo(const Base& base) {
  const auto [front, back] = UnusedEnds(base.alignment.edits);
  int64_t end = base.alignment.edits.base_rows - back;
  tile_ = base.first;
  row_ = 0;
  for (const TilePlace& place : base.places) {
    if (end < place.node().rows) break;
    end -= place.node().rows;
    ++tile_;
  }
  row_ = end;
}

absl::StatusOr<std::optional<TilePatch>> PatchPlanner::PatchOn(const Base& base, std::span<const Leaf> leaves) {
  RowEdits edits = base.alignment.edits;
  auto [front, back] = UnusedEnds(edits);
  // Tiles of which no row is kept are no bases.
  size_t first = 0;
  size_t end = base.tiles.size();
  int64_t cut_front = 0;
  int64_t cut_back = 0;
  while (first + 1 < end && cut_front + base.places[first].node().rows <= front) {
    cut_front += base.places[first++].node().rows;
  }
  while (first + 1 < end && cut_back + base.places[end - 1].node().rows <= back) {
    cut_back += base.places[--end].node().rows;
  }
  CutEnds(edits, cut_front, cut_back);
  TilePatch patch;
  for (size_t i = first; i < end; ++i) {
    if (!base.places[i].list->names_columns) return std::nullopt;
    patch.bases.push_back({.list = base.places[i].list_id, .index = static_cast<int64_t>(base.places[i].index)});
    const auto& below = base.tiles[i]->chain.patch;
    patch.depth = std::max(patch.depth, below.has_value() ? below->depth + 1 : 1);
    patch.given_rows = std::max(patch.given_rows, below.has_value() ? below->given_rows : 0);
  }
  patch.leaves.resize(leaves.size());
  const absl::Status made = context_.pool->ParallelFor(leaves.size(), [&](size_t i) -> absl::Status {
    TRY(context_.CheckCancelled());
    if (places_[i] < 0) return absl::OkStatus();
    const auto at = static_cast<size_t>(places_[i]);
    std::vector<Leaf> parts;
    for (size_t tile = first; tile < end; ++tile) {
      if (base.tiles[tile]->leaves[at].rows != base.places[tile].node().rows) return absl::OkStatus();
      if (end - first > 1) parts.push_back(base.tiles[tile]->leaves[at]);
    }
    const Leaf joined = parts.empty() ? Leaf() : Concatenate(std::move(parts));
    patch.leaves[i] = MakeLeafPatch(end - first > 1 ? joined : base.tiles[first]->leaves[at], leaves[i], edits);
    return absl::OkStatus();
  });
  TRY(made);
  int64_t inserted = 0;
  int64_t most = 0;
  for (const EditStep& step : edits.steps) inserted += step.insert;
  bool gives = false;
  for (const LeafPatch& leaf : patch.leaves) {
    if (leaf.form == LeafPatch::Form::kFull) continue;
    gives = true;
    most = std::max(most, static_cast<int64_t>(leaf.changed.size()));
  }
  if (!gives) return std::nullopt;
  patch.given_rows += inserted + most;
  patch.edits = std::move(edits);
  return patch;
}

absl::StatusOr<std::optional<TilePatch>> PatchPlanner::PatchOnRoot(const Base& base, std::span<const Leaf> leaves,
                                                                   std::span<const uint64_t> hashes) {
  const TileChain* chain = &base.tiles.front()->chain;
  while (chain->patch.has_value() && chain->bases.size() == 1) chain = &chain->bases.front();
  if (chain->patch.has_value() || base.tiles.size() > 1) return std::nullopt;
  const TilePlace root = chain->place;
  TRY_ASSIGN(const ParentTile* tile, Decode(root));
  Base on_root{.tiles = {tile}, .places = {root}, .alignment = Align(tile->hashes, hashes)};
  return PatchOn(on_root, leaves);
}

}  // namespace roost::store
