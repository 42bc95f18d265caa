#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "store/leaf.h"
#include "store/row_edits.h"

namespace roost::store {

/// Values that became others wherever they stood: a category that was renamed, nulls that were filled, a code that
/// means missing. Row by row both leaves have a value, or null, that was and the one that it became; no value stands
/// in `from` twice. Both have one type, of form kFixed or kVariable.
struct ValueMap {
  Leaf from;
  Leaf to;
};

/// What more than half of the rows of `before` with a value became that `edits` keeps in `after`; nothing where no
/// value became another, where so many did (over 4,096, or over a sixteenth of the rows) that the rows themselves tell
/// more, or where the types differ. Rows that the map does not make are the caller's to find: ChangedRows of MapValues.
/// Cost: one look-up a kept row, until there are too many values.
std::optional<ValueMap> FindValueMap(const Leaf& before, const Leaf& after, const RowEdits& edits);

/// `leaf`, also in dictionary form, with each value of `map.from` replaced. DataLoss where the types differ, or the
/// result would be longer than any leaf is.
absl::StatusOr<Leaf> MapValues(Leaf leaf, const ValueMap& map);

/// A map as bytes (docs/formats/store.md §6a), and back; DataLoss for any that are not well-formed.
std::string WriteValueMap(const ValueMap& map);
absl::StatusOr<ValueMap> ReadValueMap(std::string_view bytes);

}  // namespace roost::store
