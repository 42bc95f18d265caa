#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/tile_loader.h"
#include "store/tile_match.h"

namespace roost::store {

/// A tile of the later table and the earlier rows that it has.
struct MatchedTile {
  size_t tile = 0;  ///< of the later table
  TileChain chain;
  TileMatch match;
};

/// Consecutive tiles of one region.
struct MatchedGroup {
  size_t region = 0;
  bool ends_region = false;
  std::vector<MatchedTile> tiles;
};

/// The hashes of the rows of the tiles [first, end) of `side`, each of these columns.
absl::StatusOr<std::vector<uint64_t>> RowHashes(const DiffSide& side, size_t first, size_t end,
                                                std::span<const WantedColumn> columns, TileLoader& loader,
                                                const Context& context);

/// Goes through regions and pairs the rows of both tables, in the order of both: by the patches that the later tiles
/// are stored as, and between those by the hashes of rows.
class TileWalk {
 public:
  /// There are `columns` columns that both tables have. The values of `hashed` make a row's hash; without any, rows
  /// are new where no patch tells otherwise. All outlive the walk.
  TileWalk(const DiffSide& before, const DiffSide& after, std::span<const DiffRegion> regions, size_t columns,
           std::vector<WantedColumn> hashed, const TileMatcher& matcher, TileLoader& loader, const Context& context);

  bool AtEnd() const { return region_ == regions_.size(); }

  /// The next tiles, 32 at most. Not at the end.
  absl::StatusOr<MatchedGroup> Next();

 private:
  void StartRegion();
  bool KeepAscending(const DiffRegion& region, int64_t from_row, TileMatch& match) const;
  int64_t FirstKept(const TileMatch& match) const;
  int64_t EndOfKept(const TileMatch& match) const;
  absl::Status AlignRows(std::span<MatchedTile> tiles, int64_t limit);

  const DiffSide& before_;
  const DiffSide& after_;
  std::span<const DiffRegion> regions_;
  size_t columns_;
  std::vector<WantedColumn> hashed_;
  const TileMatcher& matcher_;
  TileLoader& loader_;
  const Context& context_;
  size_t region_ = 0;
  size_t tile_ = 0;         // the next one of the later table
  int64_t before_row_ = 0;  // where the earlier rows begin that no tile has had
};

}  // namespace roost::store
