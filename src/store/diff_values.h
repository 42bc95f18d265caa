#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/leaf.h"
#include "store/row_edits.h"
#include "store/tile_loader.h"
#include "store/tile_match.h"
#include "store/tile_walk.h"

namespace roost::store {

/// The values of common columns in a tile of the later table and in the tiles that it was matched with. What both
/// have is read once: the later leaves are made of the earlier ones by their patches where there are any.
class MatchValues {
 public:
  /// All outlive this object.
  MatchValues(const DiffSide& before, std::span<const CommonColumn> columns, const MatchedTile& tile,
              const TileMatcher& matcher, TileLoader& loader, const Context& context)
      : before_(before), columns_(columns), tile_(tile), matcher_(matcher), loader_(loader), context_(context) {}

  /// Reads the columns that were not read yet; places among the common columns.
  absl::Status Load(std::span<const size_t> columns);

  /// One leaf for all tiles of the earlier table, one after another. Loaded columns only.
  const Leaf& before(size_t column) const { return loaded_.at(column).before; }
  const Leaf& after(size_t column) const { return loaded_.at(column).after; }

 private:
  struct Loaded {
    Leaf before;
    Leaf after;
  };

  const DiffSide& before_;
  std::span<const CommonColumn> columns_;
  const MatchedTile& tile_;
  const TileMatcher& matcher_;
  TileLoader& loader_;
  const Context& context_;
  std::vector<TileChain> chains_;  // of the earlier tiles
  std::map<size_t, Loaded> loaded_;
};

/// Fills in which cells of the kept rows of `tile` differ: afterwards every column is kListed or kSame. Reads those
/// that are kUnknown.
absl::Status FindChangedCells(const DiffSide& before, std::span<const CommonColumn> columns, MatchedTile& tile,
                              MatchValues& values);

/// The values of the given columns in the rows at `positions`, in that order; each is in one of the side's tiles.
/// Cost: reads those columns of each tile that has one of the rows.
absl::StatusOr<std::vector<Leaf>> GatherRows(const DiffSide& side, std::span<const int64_t> positions,
                                             std::span<const WantedColumn> columns, TileLoader& loader,
                                             const Context& context);

/// Edits that keep all of `rows` rows.
RowEdits KeepAll(int64_t rows);

}  // namespace roost::store
