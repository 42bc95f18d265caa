#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "train/linear.h"

namespace roost::train {

/// What a stream of rows leaves behind.
struct FtrlState {
  std::vector<double> z;      ///< one a parameter, in the order of the parameters (see Objective)
  std::vector<double> n;      ///< the sums of squared gradients
  int64_t rows = 0;           ///< read; where it is not 0, these are the first ones
  std::vector<double> point;  ///< the parameters that z and n stand for
};

/// FTRL-proximal with per-coordinate rates (McMahan et al., KDD 2013, algorithm 1), `passes` times over the rows in
/// their order, in mini-batches of 16 rows whose gradients are taken at one point and added. The penalties l1 and l2
/// are those of the sum of the losses, as in LinearOptions. On one thread. `state` has z and n, or both empty with
/// `point` as the place to begin. Asks options.resumption every 4,096 rows. Rows and options must be valid (see
/// FitLinear).
absl::Status RunFtrl(const TrainingRows& rows, const LinearOptions& options, const Context& context, FtrlState& state);

}  // namespace roost::train
