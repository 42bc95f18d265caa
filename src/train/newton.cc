#include "train/newton.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace roost::train {
namespace {

constexpr int kMaxInnerIterations = 500;

double Dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Not so for NaN.
bool IsDescent(std::span<const double> step, std::span<const double> gradient) {
  const double slope = Dot(step, gradient);
  return std::isfinite(slope) && slope < 0;
}

}  // namespace

absl::StatusOr<std::vector<double>> DenseNewtonStep(const LogisticObjective& objective,
                                                    std::span<const double> gradient) {
  TRY_ASSIGN(const std::vector<double> packed, objective.PackedHessian());
  const auto size = static_cast<Eigen::Index>(gradient.size());
  Eigen::MatrixXd hessian(size, size);
  for (Eigen::Index i = 0; i < size; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) hessian(i, j) = packed[LogisticObjective::PackedIndex(i, j)];
  }
  const double largest = hessian.diagonal().maxCoeff();
  if (!std::isfinite(largest)) return std::vector<double>();
  const Eigen::Map<const Eigen::VectorXd> slope(gradient.data(), size);
  std::vector<double> step(gradient.size());
  // Without a penalty the Hessian may be singular. A trace of damping, far below what slows convergence, keeps the
  // step short in the directions that do not matter; more of it where rounding still spoils the step.
  for (const double damping : {1e-13, 1e-9, 1e-5, 1e-1}) {
    Eigen::MatrixXd damped = hessian;
    damped.diagonal().array() += damping * largest;
    const Eigen::LDLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Lower> factors(damped);
    Eigen::Map<Eigen::VectorXd>(step.data(), size) = factors.solve(-slope);
    if (IsDescent(step, gradient)) return step;
  }
  // Where every row's probability is 0 or 1 to the last bit, only the gradient says where to go.
  for (size_t i = 0; i < step.size(); ++i) step[i] = -gradient[i];
  return step;
}

absl::StatusOr<std::vector<double>> TruncatedNewtonStep(const LogisticObjective& objective,
                                                        std::span<const double> gradient) {
  TRY_ASSIGN(const std::vector<double> diagonal, objective.HessianDiagonal());
  const size_t size = gradient.size();
  const auto precondition = [&](std::span<const double> vector) {
    std::vector<double> result(vector.begin(), vector.end());
    // A feature that no row has and no penalty holds has a zero diagonal, and a zero gradient.
    for (size_t i = 0; i < size; ++i) result[i] /= diagonal[i] > 0 ? diagonal[i] : 1;
    return result;
  };
  std::vector<double> step(size);
  std::vector<double> residual(size);
  for (size_t i = 0; i < size; ++i) residual[i] = -gradient[i];
  std::vector<double> scaled = precondition(residual);
  std::vector<double> direction = scaled;
  double norm = Dot(residual, scaled);
  // Superlinear convergence: the closer to the solution, the more exact the step.
  const double forcing = std::min(0.5, std::sqrt(std::sqrt(Dot(gradient, gradient))));
  const double enough = forcing * forcing * norm;
  for (int i = 0; i < kMaxInnerIterations && norm > enough; ++i) {
    TRY_ASSIGN(const std::vector<double> product, objective.HessianTimes(direction));
    const double curvature = Dot(direction, product);
    // Also for NaN. The first direction is still one of descent.
    if (!(curvature > 0)) break;
    const double length = norm / curvature;
    for (size_t k = 0; k < size; ++k) {
      step[k] += length * direction[k];
      residual[k] -= length * product[k];
    }
    scaled = precondition(residual);
    const double next_norm = Dot(residual, scaled);
    for (size_t k = 0; k < size; ++k) direction[k] = scaled[k] + next_norm / norm * direction[k];
    norm = next_norm;
  }
  if (!IsDescent(step, gradient)) step = precondition(residual);
  if (!IsDescent(step, gradient)) step.clear();
  return step;
}

}  // namespace roost::train
