#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::store {

/// How the rows of a tile come from those of its base: step after step, `keep` rows of the base stay (perhaps with
/// other values), the next `remove` rows go, and `insert` rows that the base does not have follow.
struct EditStep {
  int64_t keep = 0;
  int64_t remove = 0;
  int64_t insert = 0;

  friend bool operator==(const EditStep&, const EditStep&) = default;
};

struct RowEdits {
  int64_t base_rows = 0;
  int64_t rows = 0;  ///< of the result
  std::vector<EditStep> steps;

  friend bool operator==(const RowEdits&, const RowEdits&) = default;
};

/// An alignment, and how much it can be trusted.
struct Alignment {
  RowEdits edits;
  int64_t matched = 0;  ///< kept rows whose hashes are equal; the other kept rows only stand in the same place
  int64_t tail = 0;     ///< rows of the result after the last of those
};

/// Aligns the rows of a tile with those of its base by their hashes, both in order. Between two stretches of equal
/// hashes, rows in the same place are taken for changed rows. Which rows are paired decides how small a patch is, never
/// whether it is right: who uses the edits compares the values.
/// Cost: O(rows) where changes are scattered or few; for long changed stretches one hash table of the base.
Alignment Align(std::span<const uint64_t> base, std::span<const uint64_t> rows);

/// The edits as bytes, and back (docs/formats/store.md §6). DataLoss unless the steps add up to `base_rows` and `rows`.
std::string WriteEdits(const RowEdits& edits);
absl::StatusOr<RowEdits> ReadEdits(std::string_view bytes, int64_t base_rows, int64_t rows);

/// Ascending positions as bytes, and back. DataLoss unless they are ascending and below `limit`.
std::string WritePositions(std::span<const int64_t> positions);
absl::StatusOr<std::vector<int64_t>> ReadPositions(std::string_view bytes, int64_t limit);

}  // namespace roost::store
