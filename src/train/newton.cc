#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

#include "base/status.h"
#include "train/search.h"

namespace roost::train {
namespace {

// Not so for NaN.
bool IsDescent(std::span<const double> step, std::span<const double> gradient) {
  const double slope = Dot(step, gradient);
  return std::isfinite(slope) && slope < 0;
}

// The step to the minimum of the quadratic model; down the gradient where the Hessian says nothing.
std::vector<double> NewtonStep(std::vector<double> lower_hessian, std::span<const double> gradient) {
  const auto size = static_cast<Eigen::Index>(gradient.size());
  // Row-major and lower is column-major and upper.
  const Eigen::Map<const Eigen::MatrixXd> hessian(lower_hessian.data(), size, size);
  const Eigen::Map<const Eigen::VectorXd> slope(gradient.data(), size);
  const double largest = hessian.diagonal().maxCoeff();
  std::vector<double> step(gradient.size());
  // Without a penalty the Hessian may be singular. A trace of damping, far below what slows convergence, keeps the
  // step short in the directions that do not matter; more of it where rounding still spoils the step.
  for (const double damping : {1e-13, 1e-9, 1e-5, 1e-1}) {
    if (!std::isfinite(largest)) break;
    Eigen::MatrixXd damped = hessian;
    damped.diagonal().array() += damping * largest;
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Upper> factors(damped);
    if (factors.info() != Eigen::Success) continue;
    Eigen::Map<Eigen::VectorXd>(step.data(), size) = factors.solve(-slope);
    if (IsDescent(step, gradient)) return step;
  }
  for (size_t i = 0; i < step.size(); ++i) step[i] = -gradient[i];
  return step;
}

// Moves along `step`, by as much of it as lowers the objective enough (Armijo's rule). False where no part does.
absl::StatusOr<bool> Advance(std::span<const double> step, Objective& objective, Search& search) {
  const double slope = Dot(step, search.at.gradient);
  std::vector<double> next(step.size());
  double fraction = 1;
  for (int halvings = 0; halvings < 40; ++halvings, fraction /= 2) {
    for (size_t i = 0; i < step.size(); ++i) next[i] = search.point[i] + fraction * step[i];
    TRY_ASSIGN(Evaluation trial, objective.Evaluate(next));
    const double most = search.at.objective + 1e-4 * fraction * slope + RoundingOf(search.at.objective);
    if (IsFinite(trial) && trial.objective <= most) {
      search.point = std::move(next);
      search.at = std::move(trial);
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status SearchByNewton(Objective& objective, const SearchLimits& limits, Search& search) {
  const int64_t last = search.iterations + limits.max_iterations;
  bool stuck = false;
  while (LargestComponent(search.at.gradient) > limits.tolerance && search.iterations < last) {
    TRY_ASSIGN(std::vector<double> hessian, objective.Hessian(1));
    TRY_ASSIGN(const bool advanced, Advance(NewtonStep(std::move(hessian), search.at.gradient), objective, search));
    if (!advanced) {
      stuck = true;
      break;
    }
    ++search.iterations;
    TRY(FinishStep(objective, limits, search));
  }
  EndSearch(limits, LargestComponent(search.at.gradient), stuck, search);
  return absl::OkStatus();
}

}  // namespace roost::train
