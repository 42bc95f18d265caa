#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hash.h"
#include "store/leaf.h"
#include "store/leaf_pieces.h"
#include "store/row_edits.h"

namespace roost::store {

/// A tile by its place: the `index`-th of a stored list of tiles.
struct TileAddress {
  Digest list;
  int64_t index = 0;

  friend bool operator==(const TileAddress&, const TileAddress&) = default;
};

/// How one leaf of a patched tile comes about.
struct LeafPatch {
  enum class Form : uint8_t {
    kSame = 0,     ///< the base's leaf of the same column with the tile's edits; nothing but inserted rows is given
    kFull = 1,     ///< a record of its own, under the leaf's id
    kPatched = 2,  ///< the same as kSame, with changed rows
    kMapped = 3,   ///< the same as kPatched, of the base's leaf with values replaced
  };
  Form form = Form::kFull;
  std::vector<int64_t>
      changed;        ///< rows that have another value than in the base (kMapped: than what the map makes of it)
  std::string map;    ///< WriteValueMap; kMapped only
  std::string given;  ///< EncodeLeaf of the inserted and the changed rows; empty where there are none
};

/// A tile as differences to tiles that were stored before, one record under the tile's id.
struct TilePatch {
  int64_t depth = 1;               ///< patches to apply until full leaves are reached
  int64_t given_rows = 0;          ///< rows given by this and the patches below it, of the column that changed most
  std::vector<TileAddress> bases;  ///< their rows, one after another, are the base
  RowEdits edits;
  std::vector<LeafPatch> leaves;  ///< in the order of the tile's leaves
};

/// The record (docs/formats/store.md §6), and back. ReadTilePatch gives a well-formed patch or DataLoss.
std::string WriteTilePatch(const TilePatch& patch);
absl::StatusOr<TilePatch> ReadTilePatch(std::string_view record);

/// The patch that makes `after` of `before`, one leaf of a tile: nothing given where nothing changed, kFull where more
/// than a quarter of the rows would be given. Where values became others wherever they stood, it is a map of them.
LeafPatch MakeLeafPatch(const Leaf& before, const Leaf& after, const RowEdits& edits);

/// The inverse, in place. Where the given values have a wider type than `leaf` (the column was widened), it has it too.
/// DataLoss where the patch does not fit.
absl::Status ApplyLeafPatch(const LeafPatch& patch, const RowEdits& edits, LeafPieces& leaf);
absl::StatusOr<Leaf> ApplyLeafPatch(Leaf before, const LeafPatch& patch, const RowEdits& edits);

}  // namespace roost::store
