#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/training.h"
#include "base/context.h"
#include "transform/transform.h"

namespace roost::api {

/// What one declared feature takes.
struct FeatureCost {
  std::vector<std::string> columns;  ///< of the data, that it reads, also through derived columns
  int32_t places = 0;                ///< numbers of the feature vector
  std::optional<double> row_ns;      ///< to compute it for one row; none where there are no rows to measure with
};

/// Fits each feature by itself on the training rows of `prepared` and computes it for rows that were kept back, one at
/// a time, as a server does: how long that takes on this machine, now. The quickest of five runs counts, each of a
/// millisecond or more. By feature of `prepared.spec`. Cancelled. Cost: a fit and some milliseconds a feature.
absl::StatusOr<std::vector<FeatureCost>> MeasureFeatureCosts(const PreparedTraining& prepared, const Context& context);

}  // namespace roost::api
