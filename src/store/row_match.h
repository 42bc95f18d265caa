#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"

namespace roost::store {

inline constexpr uint32_t kNoRow = UINT32_MAX;

/// What is known of a table's rows, to find them in another.
struct RowHashes {
  std::vector<uint64_t> cut;    ///< of the cut columns
  std::vector<uint32_t> whole;  ///< of all columns that both tables have; empty: rows with one `cut` are not told apart
};

struct RowMatch {
  std::vector<uint32_t> rows;  ///< for each new row the row of the parent, each at most once, or kNoRow
  int64_t matched = 0;
  bool is_ambiguous = false;  ///< several rows had one `cut` hash, so that another match is possible
};

/// Finds each new row in the parent: the first free row that is equal as a whole, else the first free one that is equal
/// in its cut columns. Memory: about 2 bytes a row beside the result. Parallel; the result does not depend on it.
absl::StatusOr<RowMatch> MatchRows(const RowHashes& parent, const RowHashes& rows, const Context& context);

/// How many of the matched rows ascend, at most: the longest increasing subsequence.
int64_t LongestAscent(std::span<const uint32_t> rows);

/// The first new row from which on the matched ones are the parent's last matched rows, in order.
int64_t StartOfTail(const RowMatch& match, int64_t parent_rows);

/// Where each new row is stored: matched rows in the parent's order. Those of no match stand in front of or behind the
/// neighbour that `joins(row)` says is theirs (it tells whether `row` belongs with the row before it), behind the one
/// before where there is a choice; the others at the end. Cost: one pass over both tables.
std::vector<uint32_t> PlaceRows(const RowMatch& match, int64_t parent_rows, const std::function<bool(size_t)>& joins);

/// How many rows of both are met in the same order, by their hashes, seen from the front: rows that came or went are
/// passed over where there are few of them at a place. Cost: a glance at each row.
int64_t MetInOrder(std::span<const uint64_t> before, std::span<const uint64_t> after);

}  // namespace roost::store
