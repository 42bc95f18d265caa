#include "train/search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace roost::train {

double LargestComponent(std::span<const double> vector) {
  double largest = 0;
  for (const double x : vector) {
    if (std::isnan(x)) return x;
    largest = std::max(largest, std::abs(x));
  }
  return largest;
}

bool IsFinite(const Evaluation& at) {
  return std::isfinite(at.objective) && std::isfinite(LargestComponent(at.gradient));
}

double Dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double RoundingOf(double objective) { return 8 * std::numeric_limits<double>::epsilon() * std::abs(objective); }

void EndSearch(const SearchLimits& limits, double gradient_norm, bool stuck, Search& search) {
  search.gradient_norm = gradient_norm;
  search.converged = gradient_norm <= limits.tolerance;
  if (search.converged) {
    search.reason = fmt::format("the gradient is within the tolerance of {}", limits.tolerance);
  } else if (stuck) {
    search.reason = fmt::format("no step lowers the objective, and the gradient is {:.3g}, above the tolerance of {}",
                                gradient_norm, limits.tolerance);
  } else {
    search.reason = fmt::format("stopped after {} iterations with a gradient of {:.3g}, above the tolerance of {}",
                                search.iterations, gradient_norm, limits.tolerance);
  }
}

absl::Status FinishStep(const Objective& objective, const SearchLimits& limits, const Search& search) {
  objective.context().Report(
      {.stage = "train", .unit = "iterations", .done = search.iterations, .total = 0, .loss = search.at.loss});
  return limits.after_step ? limits.after_step() : absl::OkStatus();
}

}  // namespace roost::train
