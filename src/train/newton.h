#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "train/objective.h"

namespace roost::train {

/// The step that leads to the minimum of the objective's quadratic model at the point of its last Evaluate, whose
/// gradient is `gradient` and not zero. A direction of descent; empty where none is found, because the second
/// derivatives are not finite. Cost: one pass over the rows, and parameters^3 / 3 multiplications.
absl::StatusOr<std::vector<double>> DenseNewtonStep(const LogisticObjective& objective,
                                                    std::span<const double> gradient);

/// The same step to the accuracy that pays so far from the solution, by conjugate gradients with the Hessian's diagonal
/// as the preconditioner. Cost: one pass over the rows, and one more for each inner iteration (at most 500).
absl::StatusOr<std::vector<double>> TruncatedNewtonStep(const LogisticObjective& objective,
                                                        std::span<const double> gradient);

}  // namespace roost::train
