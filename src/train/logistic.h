#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "transform/features.h"

namespace roost::train {

struct LogisticOptions {
  /// The penalty l2/2 * |w|^2 on the weights, never on the intercept, beside the sum of the rows' losses:
  /// scikit-learn's C is 1 / l2. At least 0; with 0, labels that a plane separates have no finite solution.
  double l2 = 1.0;
  /// Newton steps at most; at least 1.
  int64_t max_iterations = 100;
  /// Converged when no component of the gradient of (sum of losses + penalty) / rows is larger than this.
  double tolerance = 1e-6;
  /// Up to so many features the Hessian is built whole (20 bytes * features^2 of memory, and 128 MiB of sums); above,
  /// it is only multiplied with vectors. Both find the same solution.
  int32_t max_dense_features = 2000;
};

/// A fitted model: the probability of label 1 is 1 / (1 + exp(-(intercept + weights . features))).
struct LogisticFit {
  double intercept = 0;
  std::vector<double> weights;  ///< one a feature
  int64_t iterations = 0;       ///< Newton steps taken
  double gradient_norm = 0;  ///< the largest component of the gradient at the solution, see LogisticOptions::tolerance
  double loss = 0;           ///< mean log loss of the rows, without the penalty
  double objective = 0;      ///< loss + l2/2 * |w|^2 / rows: what was minimised
  bool converged = false;    ///< gradient_norm <= tolerance; false after max_iterations or where no step helps
};

/// Fits a logistic model to `rows`, whose labels are 0 or 1, by Newton's method with a backtracking line search
/// (Boyd & Vandenberghe, Convex Optimization, 9.5); above max_dense_features the step is found by preconditioned
/// conjugate gradients, cut short as in Dembo & Steihaug (1983).
///
/// The search begins at `start`, a fit with as many weights, where that is no worse than zero weights and the base
/// rate, which is where it begins otherwise. The problem is convex: both ends agree to within the tolerance. The result
/// has the same bits for any number of threads; across machines its last bits depend on the C library's exp and log1p.
///
/// InvalidArgument for no rows, labels that are not one a row, not 0 or 1 or all the same, features that are not
/// finite, not below num_features or not strictly ascending within their row (the message names the first such row,
/// counted from 0), a `start` that does not fit, options out of range, and features so large that sums overflow.
/// Cancelled as the context says. Reports a stage "train" in iterations.
/// Cost: two passes over the entries an iteration, 4 to 8 iterations as a rule; 8 bytes a row of memory.
absl::StatusOr<LogisticFit> FitLogistic(const transform::FeatureRows& rows, std::span<const int8_t> labels,
                                        const LogisticOptions& options, const std::optional<LogisticFit>& start,
                                        const Context& context);

}  // namespace roost::train
