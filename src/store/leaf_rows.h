#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "store/leaf.h"
#include "store/row_edits.h"

namespace roost::store {

/// Appends `length` rows of `from`, from `start` on, to `to`, which has the same type. Neither is in dictionary form.
void AppendRows(Leaf& to, const Leaf& from, int64_t start, int64_t length);

/// The rows of all `parts`, one after another. They have one type; there is at least one.
Leaf Concatenate(std::vector<Leaf> parts);

/// Which rows that `edits` keeps have another value in `after` than in `before`: positions in `after`, ascending.
/// Both have the same type and the edits' numbers of rows. Cost: memory speed where little changed.
std::vector<int64_t> ChangedRows(const Leaf& before, const Leaf& after, const RowEdits& edits);

/// The inserted rows and the rows at `changed`, in their order: the values that a patch carries. LeafPieces is the
/// inverse.
Leaf GivenRows(const Leaf& after, const RowEdits& edits, std::span<const int64_t> changed);

/// Both in dictionary form: `given` gets the codes of one dictionary that both share, which `before` keeps.
void ShareDictionary(Leaf& before, Leaf& given);

/// `leaf`, in dictionary form, without the values that no row has: what was replaced is not handed on.
void DropUnusedValues(Leaf& leaf);

/// Integers and floats of `leaf` as the wider type `to` (int32 as int64, float as double), losslessly. InvalidArgument
/// where `to` is no wider type of the same kind.
absl::StatusOr<Leaf> Widen(Leaf leaf, const LeafType& to);

/// Whether Widen can turn every value of `from` into one of `to`.
bool CanWiden(const LeafType& from, const LeafType& to);

/// `leaf`, or its values as a wider type, whichever has this id: a patch may give a column that became wider as its
/// base has it. DataLoss where none has.
absl::StatusOr<Leaf> WithId(Leaf leaf, const Digest& id);

}  // namespace roost::store
