#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/leaf.h"
#include "store/table_object.h"
#include "store/tile_loader.h"
#include "store/tile_patch.h"

namespace roost::store {

/// Finds what a new table has of the one before it: tiles that are equal, and for others the tiles on which a patch is
/// made. It goes through both tables once, side by side; where rows came or went in large blocks it finds the place
/// again by an index of every 32nd row.
/// Threads: one calls; the work runs on the context's pool. Memory: the tiles at the current place, decoded.
class PatchPlanner {
 public:
  /// `parent` and `table` (its columns and cut) and the others outlive the planner.
  PatchPlanner(const TableObject& parent, const TableObject& table, TileLoader& loader, const Context& context);
  ~PatchPlanner();

  /// Reads the parent's lists of tiles. The first call.
  absl::Status Load();

  /// For rows that are appended: only the parent's last tile is looked at.
  void StartAtLastTile();

  /// For rows that are changed where they stand: what is not found near the current place is new.
  void StayInPlace() { has_index_ = true; }

  /// The table goes on with the parent's tile `place`: what follows is looked for behind it.
  void Pass(const TilePlace& place);

  /// The parent's tile with the same leaves in all columns of the table, if there is one.
  std::optional<TilePlace> Equal(const TileNode& tile);

  /// The patch that makes a tile with these leaves and row hashes; none where it would give nothing.
  absl::StatusOr<std::optional<TilePatch>> Plan(std::span<const Leaf> leaves, std::span<const uint64_t> hashes);

 private:
  struct ParentTile;
  struct Base;

  absl::StatusOr<const ParentTile*> Decode(const TilePlace& place);
  absl::StatusOr<Base> Cover(size_t first, int64_t skipped, std::span<const uint64_t> hashes);
  absl::StatusOr<std::optional<size_t>> FindElsewhere(std::span<const uint64_t> hashes);
  absl::Status BuildIndex();
  absl::StatusOr<std::optional<TilePatch>> PatchOn(const Base& base, std::span<const Leaf> leaves);
  absl::StatusOr<std::optional<TilePatch>> PatchOnRoot(const Base& base, std::span<const Leaf> leaves,
                                                       std::span<const uint64_t> hashes);
  void MoveTo(const Base& base);

  const TableObject& parent_;
  const TableObject& table_;
  TileLoader& loader_;
  const Context& context_;
  std::vector<TilePlace> tiles_;       // of the parent, in order
  std::vector<WantedColumn> columns_;  // of the table that the parent has too
  std::vector<int64_t> places_;        // for each column of the table, its place in columns_ or -1
  absl::flat_hash_map<Digest, std::vector<size_t>> by_leaf_;  // the parent's tiles by the id of their first leaf
  absl::flat_hash_map<uint64_t, size_t> index_;               // hash of a row -> the parent's tile
  bool has_index_ = false;
  size_t equal_from_ = 0;  // where an equal tile is looked for first
  size_t tile_ = 0;        // the place up to which the parent's rows have been met
  int64_t row_ = 0;        // rows of that tile which were met
  std::map<std::pair<Digest, size_t>, std::unique_ptr<ParentTile>> decoded_;
};

}  // namespace roost::store
