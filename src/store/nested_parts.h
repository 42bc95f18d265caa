#pragma once

#include <cstdint>
#include <functional>
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

/// Reads the part with the number `part`, which has this type and this many rows.
using ReadPart = std::function<absl::StatusOr<Leaf>(const LeafType& type, int64_t rows)>;

/// The inverse of TakeApart: `leaf` has type, rows, nulls and validity, and gets its values; `read` is called for each
/// part in turn. DataLoss where they do not fit together, or are more than any leaf is taken apart into.
absl::StatusOr<Leaf> PutTogether(Leaf leaf, const ReadPart& read);

}  // namespace roost::store
