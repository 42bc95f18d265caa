#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "column/value.h"
#include "expr/expression.h"
#include "transform/tokenizer.h"

namespace roost::transform {

/// The features of some rows in compressed sparse rows: row r has the entries [starts[r], starts[r + 1]) of
/// `indices` (ascending within a row, each < num_features) and `values`. An entry that is absent is 0 for linear models
/// and missing for trees; an explicit 0 is 0 for both.
struct FeatureRows {
  int32_t num_features = 0;
  std::vector<int64_t> starts{0};
  std::vector<int32_t> indices;
  std::vector<double> values;

  int64_t num_rows() const { return static_cast<int64_t>(starts.size()) - 1; }
};

/// The same features as a matrix, row after row.
struct DenseRows {
  int32_t num_features = 0;
  std::vector<double> values;  ///< of row r: [r * num_features, (r + 1) * num_features)

  int64_t num_rows() const { return num_features == 0 ? 0 : static_cast<int64_t>(values.size()) / num_features; }
};

/// What a row's features are made in; of no meaning from row to row but for the memory that it keeps.
struct EntryScratch {
  Words words;                 ///< of a text
  std::vector<int32_t> slots;  ///< of the words of a text or list
  std::string key;             ///< of a cross
};
struct RowScratch {
  EntryScratch entries;
  std::vector<column::Value> values;  ///< of the columns, then of the derived ones
  expr::RowScratch derived;           ///< what texts among `values` lie in
};

/// One row's features while it is scored; reused from row to row, so that scoring allocates nothing after warm-up.
struct FeatureVector {
  std::vector<int32_t> indices;
  std::vector<double> values;
  RowScratch scratch;  ///< of Transform::ApplyRow

  void Clear() {
    indices.clear();
    values.clear();
  }
  void Add(int32_t index, double value) {
    indices.push_back(index);
    values.push_back(value);
  }
};

}  // namespace roost::transform
