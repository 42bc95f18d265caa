#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "column/value.h"
#include "predict/model.h"

namespace roost::predict {

/// What one feature added to a row's margin.
struct Contribution {
  std::string feature;      ///< as Transform::FeatureName
  double value = 0;         ///< of the feature in this row
  double weight = 0;        ///< of the feature in the model
  double contribution = 0;  ///< weight * value, in log-odds
};

/// Why `model` scores `row` as it does: the features of the row that are not 0, by falling magnitude of their
/// contribution, equal ones in the order of the features. They and the intercept sum to the margin, up to rounding.
/// `row` as for Transform::ApplyRow. Unimplemented where the predictor is not a logistic one.
absl::StatusOr<std::vector<Contribution>> Explain(const ScoringModel& model, std::span<const column::Value> row);

}  // namespace roost::predict
