#include "store/tile_cutter.h"

#include <algorithm>
#include <cmath>

namespace roost::store {
namespace {

constexpr int64_t kOffsetBytes = 4;
constexpr double kTileBytes = 8 << 20;

}  // namespace

int TileCutter::BitsFor(double row_bytes) {
  return std::clamp(static_cast<int>(std::lround(std::log2(kTileBytes / std::max(row_bytes, 1.0)))), kMinBits,
                    kMaxBits);
}

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
    // A value over the limit has a tile of its own.
    if (rows_ > 0 && Overflows(value_bytes, row)) cut_before(row);
    ++rows_;
    for (size_t column = 0; column < leaf_bytes_.size(); ++column) {
      leaf_bytes_[column] += value_bytes[column][row] + kOffsetBytes;
    }
    const bool at_border = rows_ >= min_rows_ && (row_hashes[row] & mask_) == 0;
    if (at_border || rows_ == max_rows_) cut_before(row + 1);
  }
  return cuts;
}

}  // namespace roost::store
