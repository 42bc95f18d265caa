#pragma once

#include <string>
#include <vector>

#include "config/model.h"

namespace roost::config {

/// A column of the dataset that a key of a model names.
struct NamedColumn {
  std::string key;  ///< "features[2].column", below the model
  std::string column;

  friend bool operator==(const NamedColumn&, const NamedColumn&) = default;
};

/// All that `model` names, also in its expressions, in the order of the declaration; those of `columns` and `scores`
/// are none of the dataset.
std::vector<NamedColumn> ColumnsNamed(const ModelConfig& model);

/// The entries of `columns` that nothing in `model` reads, by their position.
std::vector<size_t> UnreadColumns(const ModelConfig& model);

/// The columns of `scores` that nothing in `model` reads.
std::vector<std::string> UnreadScores(const ModelConfig& model);

}  // namespace roost::config
