#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace roost::store {

/// A column of a stored table.
struct StoredColumn {
  int64_t id = 0;  ///< stays with the column through later versions, whatever its name and place
  std::string name;
  std::string type;  ///< as TypeNameOf gives it
  bool nullable = true;

  friend bool operator==(const StoredColumn&, const StoredColumn&) = default;
};

/// What a tile holds of one column.
struct LeafRef {
  Digest id;
  int64_t nulls = 0;
  int64_t bytes = 0;  ///< in memory

  friend bool operator==(const LeafRef&, const LeafRef&) = default;
};

struct TileNode {
  int64_t rows = 0;
  std::vector<LeafRef> leaves;  ///< in the order of its list's columns

  friend bool operator==(const TileNode&, const TileNode&) = default;
};

/// Consecutive tiles as they are stored. The columns may be more than those of a table that uses the list, and in
/// another order: dropping or moving a column leaves the lists as they are.
struct TileList {
  std::vector<int64_t> columns;  ///< ids; empty as ReadTiles gives lists of format 1, whose columns are their table's
  /// Whether the stored list says its columns. One that does not is of use to a table with the same columns only, and
  /// no base of a patch: its readers would not know what it holds.
  bool names_columns = true;
  std::vector<TileNode> tiles;

  /// Where the leaf of `column` stands in each tile; -1 where the list does not have it.
  int64_t Find(int64_t column) const;

  friend bool operator==(const TileList&, const TileList&) = default;
};

/// A run of consecutive tiles, stored as one object and shared by all versions that have it.
struct TileRun {
  Digest id;
  int64_t tiles = 0;
  int64_t rows = 0;

  friend bool operator==(const TileRun&, const TileRun&) = default;
};

/// A version's table: its columns and its tiles. Its id, the hash of its bytes, is the same for the same table.
struct TableObject {
  std::vector<StoredColumn> columns;
  int64_t next_column_id = 0;        ///< ids of dropped columns are not given again
  std::vector<int64_t> key;          ///< ids of the columns that tell rows apart; empty where none was declared
  std::vector<int64_t> cut_columns;  ///< ids of the columns whose values make a row's hash; ascending
  int cut_bits = 13;                 ///< a tile ends after a row whose hash has so many zero bits at the low end
  std::vector<TileRun> runs;
  int64_t rows = 0;
  /// The id of the record that tells in which order the rows were handed in; none where it is the stored order.
  std::optional<Digest> order;

  friend bool operator==(const TableObject&, const TableObject&) = default;
};

inline constexpr std::string_view kTileTag = "tile";
inline constexpr std::string_view kTilesTag = "tiles";
inline constexpr std::string_view kTableTag = "table";
inline constexpr std::string_view kBlobTag = "blob";

/// Canonical bytes (docs/formats/store.md §7), and back; DataLoss for any that are not well-formed.
std::string WriteTiles(const TileList& list);
absl::StatusOr<TileList> ReadTiles(std::string_view bytes);
std::string WriteTable(const TableObject& table);
absl::StatusOr<TableObject> ReadTable(std::string_view bytes);

/// The id of a tile, under which its patch is stored where it has one.
Digest IdOfTile(std::span<const int64_t> columns, const TileNode& tile);

/// Whether a run of tiles ends with its last one, `tile`, when it has `tiles`: content decides, so that a change in
/// one place leaves the other runs as they are.
bool EndsRun(const TileNode& tile, int64_t tiles);

}  // namespace roost::store
