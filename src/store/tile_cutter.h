#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace roost::store {

/// Where a table without a key is cut into tiles: after a row whose hash has 13 zero bits at the low end, from 2,048
/// rows on; after 32,768 rows in any case; and before a row that would take a leaf of variable values over 4 MiB
/// (bytes of the values + 4 a row). It depends on the rows since the last cut alone, so an append moves no cut but the
/// one at the end, and an edit few (docs/formats/store.md §4).
class TileCutter {
 public:
  static constexpr int64_t kMinRows = 2'048;
  static constexpr int64_t kMaxRows = 32'768;
  static constexpr uint64_t kHashMask = (1 << 13) - 1;
  static constexpr int64_t kMaxLeafBytes = int64_t{4} << 20;

  explicit TileCutter(size_t num_variable_columns) : leaf_bytes_(num_variable_columns, 0) {}

  /// Takes the next rows: their hashes, and for each variable column the bytes of each value. Returns the positions
  /// among these rows before which a tile ends, ascending, from 0 (the open tile ends before these rows) to
  /// row_hashes.size() (a tile ends with them). Any split of the rows into calls gives the same tiles.
  std::vector<int64_t> Cut(std::span<const uint64_t> row_hashes, std::span<const std::vector<int32_t>> value_bytes);

 private:
  bool Overflows(std::span<const std::vector<int32_t>> value_bytes, size_t row) const;
  void StartTile();

  int64_t rows_ = 0;
  std::vector<int64_t> leaf_bytes_;
};

}  // namespace roost::store
