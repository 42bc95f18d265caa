#include "store/tile_cutter.h"

#include <algorithm>

namespace roost::store {
namespace {

constexpr int64_t kOffsetBytes = 4;

}  // namespace

bool TileCutter::Overflows(std::span<const std::vector<int32_t>> value_bytes, size_t row) const {
  for (size_t column = 0; column < leaf_bytes_.size(); ++column) {
    if (leaf_bytes_[column] + value_bytes[column][row] + kOffsetBytes > kMaxLeafBytes) return true;
  }
  return false;
}

void TileCutter::StartTile() {
  rows_ = 0;
  std::fill(leaf_bytes_.begin(), leaf_bytes_.end(), 0);
}

std::vector<int64_t> TileCutter::Cut(std::span<const uint64_t> row_hashes,
                                     std::span<const std::vector<int32_t>> value_bytes) {
  std::vector<int64_t> cuts;
  const auto cut_before = [&](size_t row) {
    cuts.push_back(static_cast<int64_t>(row));
    StartTile();
  };
  for (size_t row = 0; row < row_hashes.size(); ++row) {
    // A value over 4 MiB has a tile of its own.
    if (rows_ > 0 && Overflows(value_bytes, row)) cut_before(row);
    ++rows_;
    for (size_t column = 0; column < leaf_bytes_.size(); ++column) {
      leaf_bytes_[column] += value_bytes[column][row] + kOffsetBytes;
    }
    const bool at_border = rows_ >= kMinRows && (row_hashes[row] & kHashMask) == 0;
    if (at_border || rows_ == kMaxRows) cut_before(row + 1);
  }
  return cuts;
}

}  // namespace roost::store
