#pragma once

#include <string>
#include <vector>

namespace roost::transform {

/// How one declared feature of one row came to its entries: for explaining a score to people.
struct TracedFeature {
  /// A column that the feature reads: of the data or derived.
  struct Input {
    std::string column;
    std::string value;       ///< as text, cut after 200 bytes; "missing" for none
    std::string expression;  ///< of a derived column; else ""
  };
  /// What was done to the value: {"clipped to [0, 100]", "100"}.
  struct Step {
    std::string what;
    std::string value;
  };
  struct Entry {
    int index = 0;     ///< of the feature
    std::string name;  ///< Transform::FeatureName
    double value = 0;
  };

  std::string operation;  ///< OperationName
  std::vector<Input> inputs;
  std::vector<Step> steps;
  std::vector<Entry> entries;  ///< as ApplyRow gives them; none where the value is absent
};

}  // namespace roost::transform
