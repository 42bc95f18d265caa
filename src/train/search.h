#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "train/objective.h"

namespace roost::train {

/// When a search ends.
struct SearchLimits {
  int64_t max_iterations = 100;
  double tolerance = 1e-6;                   ///< of the largest component of the (sub)gradient
  double l1 = 0;                             ///< kProximal only
  int32_t max_dense_features = 2000;         ///< parameters up to which a Hessian may be built whole
  std::function<absl::Status()> after_step;  ///< called with `search` up to date; its error ends the search
};

/// Where a search is, and at the end what it found. `iterations` counts on from what it was.
struct Search {
  std::vector<double> point;
  Evaluation at;  ///< the smooth part at `point`, as of the objective's last Evaluate
  int64_t iterations = 0;
  NewtonCgState newton_cg;   ///< SearchByNewtonCg's own
  double gradient_norm = 0;  ///< the largest component of the (sub)gradient
  bool converged = false;
  std::string reason;
};

/// The searches below begin at `search.point`, of which `search.at` is finite, and change `search`. Errors are those of
/// the objective (Cancelled).

/// Newton's method with the whole Hessian and Armijo's line search. Cost of a step: two passes and n^3 / 3
/// multiplications for n parameters.
absl::Status SearchByNewton(Objective& objective, const SearchLimits& limits, Search& search);

/// Trust-region Newton (Lin & More 1999): steps by preconditioned conjugate gradients, cut short at the border of the
/// region (Steihaug 1983). Cost of a step: one pass, one more an inner iteration, and a part of one for the
/// preconditioner.
absl::Status SearchByNewtonCg(Objective& objective, const SearchLimits& limits, Search& search);

/// Proximal Newton for l1 > 0 with the whole Hessian: coordinate descent on the quadratic model, then Armijo's line
/// search. With more than max_dense_features parameters the model is kept row by row: `entries` must then be the rows
/// of the objective's design.
absl::Status SearchByProximalNewton(Objective& objective, const transform::FeatureRows* entries,
                                    const SearchLimits& limits, Search& search);

/// The largest component of `vector` in magnitude; NaN where one is NaN.
double LargestComponent(std::span<const double> vector);
bool IsFinite(const Evaluation& at);
double Dot(std::span<const double> a, std::span<const double> b);
/// What the objective's rounding may be near the solution, where a gain is smaller than it.
double RoundingOf(double objective);
/// Fills in gradient_norm, converged and reason after the last step. `stuck`: no step lowered the objective.
void EndSearch(const SearchLimits& limits, double gradient_norm, bool stuck, Search& search);
/// After each step: reports it, and calls limits.after_step.
absl::Status FinishStep(const Objective& objective, const SearchLimits& limits, const Search& search);

}  // namespace roost::train
