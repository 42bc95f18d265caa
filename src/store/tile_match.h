#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/row_edits.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// A column that two tables have.
struct CommonColumn {
  int64_t id = 0;
  std::string type;           ///< the wider one of both
  bool is_same_type = false;  ///< the leaves of both have one type
};

/// Tiles of one of two tables that are compared: those that the other one does not have in the same place.
struct DiffSide {
  TableObject table;
  std::vector<TilePlace> tiles;
  std::vector<int64_t> starts;  ///< the position of each tile's first row in the table

  int64_t RowsOf(size_t first, size_t end) const;

  /// The tile that has the table's row `row`, which is in one of them.
  size_t TileOf(int64_t row) const;
};

/// Tiles between two places where the tables are equal.
struct DiffRegion {
  size_t before_first = 0;
  size_t before_end = 0;
  size_t after_first = 0;
  size_t after_end = 0;
  int64_t before_row = 0;  ///< where the region starts in each table
  int64_t after_row = 0;
};

/// Finds the tiles that differ: runs and then tiles with equal ids are left out. Reads the lists of the other runs.
absl::StatusOr<std::vector<DiffRegion>> FindRegions(std::span<const CommonColumn> columns, TileLoader& loader,
                                                    DiffSide& before, DiffSide& after);

/// Which rows of some tiles the rows of a tile are.
struct TileMatch {
  enum class Cells {
    kSame,     ///< no value differs
    kListed,   ///< those at `changed` differ, and no other
    kUnknown,  ///< to be compared
  };
  struct Column {
    Cells cells = Cells::kSame;
    std::vector<int64_t> changed;  ///< rows of the later tile, ascending; kListed only
  };

  size_t first = 0;  ///< tiles [first, end) of the earlier table; none for rows that are all new
  size_t end = 0;
  std::vector<int64_t> from;    ///< for each row its row among those of the tiles, or -1; ascending
  std::vector<Column> columns;  ///< in the order of the common columns
  bool is_by_patch = false;     ///< found by the patches that the tile is stored as
};

/// The edits that keep those rows.
RowEdits EditsOf(std::span<const int64_t> from, int64_t base_rows);

/// Tells from how tiles are stored which rows of the earlier table they have.
class TileMatcher {
 public:
  /// All outlive the matcher.
  TileMatcher(const DiffSide& before, std::span<const CommonColumn> columns, TileLoader& loader);

  /// The match of a tile that is, or is a patch upon patches on, tiles of the earlier table that follow each other.
  std::optional<TileMatch> Match(const TileChain& tile) const;

  /// The earlier table's tile that is `place`.
  std::optional<size_t> Find(const TilePlace& place) const;

  /// The leaf of one column of a tile for which Match gave `match`, of the column's leaves in the tiles [first, end).
  absl::StatusOr<Leaf> MakeLeaf(const TileChain& tile, const TileMatch& match, const WantedColumn& column,
                                std::span<const Leaf> before, const Context& context) const;

 private:
  std::optional<TileMatch> MatchThrough(const TileChain& tile) const;

  const DiffSide& before_;
  std::span<const CommonColumn> columns_;
  TileLoader& loader_;
  absl::flat_hash_map<uint64_t, size_t> by_key_;
};

/// A hash of the tile's leaves of these columns; nothing where it lacks one.
std::optional<uint64_t> KeyOfTile(const TilePlace& place, std::span<const CommonColumn> columns);

}  // namespace roost::store
