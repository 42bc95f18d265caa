#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "train/linear.h"

namespace roost::train {

/// What a valid set of rows says about its targets.
struct TargetSums {
  double weight = 0;             ///< W
  double mean = 0;               ///< the weighted mean of the targets
  std::vector<double> of_class;  ///< the weight of each class; empty where the loss is not one of classes
};

/// The checks that FitLinear promises.
absl::Status CheckLinearOptions(const LinearOptions& options);
absl::StatusOr<TargetSums> CheckTrainingRows(const TrainingRows& rows, Loss loss, const Context& context);

}  // namespace roost::train
