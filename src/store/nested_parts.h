#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "store/leaf.h"

namespace roost::store {

/// A leaf of a nested type, one level taken apart (docs/formats/store.md §6, codec 6): of lists and maps how many items
/// each row has, a uint32 a row; then the items, the keys and the items, or the fields, each a leaf of its own, which
/// has a row for each of them. Values of one kind stand together there, so that they compress like columns.
///
/// FailedPrecondition where the leaf has too many items for that, or bytes that PutTogether would not give back.
absl::StatusOr<std::vector<Leaf>> TakeApart(const Leaf& leaf);

/// The types of the parts of a leaf of type `type`, which is nested. DataLoss for a type that is not known.
absl::StatusOr<std::vector<LeafType>> PartTypes(const LeafType& type);

/// The inverse of TakeApart: `leaf` has type, rows, nulls and validity, and gets its values. `parts` have the types of
/// PartTypes. DataLoss where they do not fit together.
absl::StatusOr<Leaf> PutTogether(Leaf leaf, const std::vector<Leaf>& parts);

/// A part has at most so many rows.
inline constexpr int64_t kMaxPartRows = int64_t{1} << 24;

}  // namespace roost::store
