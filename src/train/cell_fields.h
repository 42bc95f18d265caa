#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "transform/features.h"

namespace roost::train {

/// A group of features of which the rows have but a few combinations (cells): the words of a category, or of several
/// categories that depend on each other. Each row has one cell, which says all about these features.
struct CellField {
  std::vector<int64_t> starts{0};  ///< cell c has the entries [starts[c], starts[c + 1])
  std::vector<int32_t> features;   ///< of each entry, in any order
  std::vector<double> values;

  int64_t num_cells() const { return static_cast<int64_t>(starts.size()) - 1; }
};

/// Rows as cells: the whole of them is said by one code a field.
struct CellRows {
  int32_t num_features = 0;
  std::vector<CellField> fields;
  std::vector<std::vector<int32_t>> codes;  ///< by field, the cell of each row
};

/// Brings rows into cells, where that makes them much shorter: runs of features of which a row has at most one become
/// fields (found by the greedy piercing of intervals: a new run begins where a row has two features in it), and fields
/// that depend on each other (the two airports of a route and its distance) become one, as long as all its
/// combinations in the rows are few. None where the rows are too few, have too many runs, or numbers of too many
/// values. Depends on the rows alone. `rows` must be valid. Cost: two passes over the entries, and 10 ns a row and
/// field.
std::optional<CellRows> FindCells(const transform::FeatureRows& rows);

}  // namespace roost::train
