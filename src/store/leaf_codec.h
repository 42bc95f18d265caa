#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "store/leaf.h"

namespace roost::store {

/// What a record of a pack is; its first byte. docs/formats/store.md §5 lists those that come later.
enum class RecordKind : uint8_t {
  kLeaf = 1,
  kTilePatch = 2,
  kChunk = 4,
  kTiles = 5,
  kTable = 6,
  kBlob = 7,
  kOrder = 8,
  kTreePart = 9,
  kTree = 10,
  kChunkList = 11,
};

/// No tile has more rows than this; a decoder refuses more.
inline constexpr int64_t kMaxTileRows = int64_t{1} << 18;

/// A value of more bytes is refused at commit: one leaf holds at most one of them beside 4 MiB of others.
inline constexpr int64_t kMaxValueBytes = int64_t{256} << 20;

/// `leaf` as a whole record (docs/formats/store.md §6). The codec is chosen on a sample of 1,024 values, then the
/// whole is compressed by zstd; the same leaf gives the same bytes. Cost: 100 to 200 MB/s.
std::string EncodeLeaf(const Leaf& leaf);

/// What EncodeLeaf wrote. Any other bytes are DataLoss, or give some well-formed leaf: who needs to know that it is
/// the right one compares IdOf. Where `as_dictionary` is set, a leaf of form kVariable comes in dictionary form.
absl::StatusOr<Leaf> DecodeLeaf(std::string_view record, bool as_dictionary = false);

}  // namespace roost::store
