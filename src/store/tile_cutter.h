#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace roost::store {

/// Where a table is cut into tiles: after a row whose hash has `bits` zero bits at the low end, from a quarter of
/// 2^bits rows on; after four times 2^bits rows in any case; and before a row that would take a leaf of variable values
/// over 32 MiB (bytes of the values + 4 a row). It depends on the rows since the last cut alone, so an append moves no
/// cut but the one at the end, and an edit few (docs/formats/store.md §4).
class TileCutter {
 public:
  static constexpr int kMinBits = 8;
  static constexpr int kMaxBits = 16;
  static constexpr int64_t kMaxLeafBytes = int64_t{32} << 20;

  TileCutter(int bits, size_t num_variable_columns)
      : mask_((uint64_t{1} << bits) - 1),
        min_rows_(int64_t{1} << (bits - 2)),
        max_rows_(int64_t{1} << (bits + 2)),
        leaf_bytes_(num_variable_columns, 0) {}

  /// The bits that make tiles of about 8 MiB from rows of `row_bytes` bytes.
  static int BitsFor(double row_bytes);

  /// Takes the next rows: their hashes, and for each variable column the bytes of each value. Returns the positions
  /// among these rows before which a tile ends, ascending, from 0 (the open tile ends before these rows) to
  /// row_hashes.size() (a tile ends with them). Any split of the rows into calls gives the same tiles.
  std::vector<int64_t> Cut(std::span<const uint64_t> row_hashes, std::span<const std::vector<int32_t>> value_bytes);

 private:
  bool Overflows(std::span<const std::vector<int32_t>> value_bytes, size_t row) const;
  void StartTile();

  uint64_t mask_;
  int64_t min_rows_;
  int64_t max_rows_;
  int64_t rows_ = 0;
  std::vector<int64_t> leaf_bytes_;
};

}  // namespace roost::store
