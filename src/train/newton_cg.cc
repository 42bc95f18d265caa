#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/status.h"
#include "train/search.h"

namespace roost::train {
namespace {

constexpr int kMaxInnerIterations = 500;

// What stands for the Hessian while conjugate gradients are taken: easily inverted, and like it enough.
class Preconditioner {
 public:
  /// For few parameters the Hessian of a part of the rows; for several outputs of few features each, one such matrix
  /// for all outputs; else the Hessian's diagonal.
  static absl::StatusOr<Preconditioner> Make(const Objective& objective, int32_t max_dense_features) {
    Preconditioner preconditioner;
    const size_t size = objective.num_features() + 1;
    const auto most = static_cast<size_t>(max_dense_features);
    if (objective.num_parameters() <= most) {
      TRY_ASSIGN(const std::vector<double> hessian, objective.Hessian(SampleStep(objective, size)));
      preconditioner.Factor(hessian, objective.num_parameters());
    } else if (size <= most) {
      TRY_ASSIGN(const std::vector<double> hessian, objective.MeanHessian(SampleStep(objective, size)));
      preconditioner.Factor(hessian, size);
    }
    if (preconditioner.factors_.has_value()) return preconditioner;
    TRY_ASSIGN(preconditioner.diagonal_, objective.HessianDiagonal());
    return preconditioner;
  }

  std::vector<double> Solve(std::span<const double> vector) const {
    std::vector<double> result(vector.begin(), vector.end());
    if (factors_.has_value()) {
      const Eigen::Index size = factors_->rows();
      Eigen::Map<Eigen::MatrixXd> columns(result.data(), size, static_cast<Eigen::Index>(result.size()) / size);
      factors_->solveInPlace(columns);
      return result;
    }
    // A feature that no row has and no penalty holds has a zero diagonal, and a zero gradient.
    for (size_t i = 0; i < result.size(); ++i) result[i] /= diagonal_[i] > 0 ? diagonal_[i] : 1;
    return result;
  }

 private:
  // Every how many blocks of rows one is looked at: enough rows that their Hessian is like that of all.
  static int64_t SampleStep(const Objective& objective, size_t size) {
    const auto wanted = std::max<int64_t>(8192, 8 * static_cast<int64_t>(size));
    return std::max<int64_t>(1, objective.problem().design->num_rows() / wanted);
  }

  void Factor(const std::vector<double>& lower, size_t size) {
    const auto n = static_cast<Eigen::Index>(size);
    Eigen::MatrixXd matrix = Eigen::Map<const Eigen::MatrixXd>(lower.data(), n, n);
    const double largest = matrix.diagonal().maxCoeff();
    if (!std::isfinite(largest) || !(largest > 0)) return;
    matrix.diagonal().array() += 1e-9 * largest;
    factors_.emplace(matrix);
    if (factors_->info() != Eigen::Success) factors_.reset();
  }

  std::optional<Eigen::LLT<Eigen::MatrixXd, Eigen::Upper>> factors_;
  std::vector<double> diagonal_;
};

// A step and what the quadratic model promises of it. Lengths are measured by the preconditioner's norm.
struct Step {
  std::vector<double> step;
  double promised = 0;  ///< by how much the model falls
  double length = 0;
};

// How far one may go from s along d until |s + t d| = radius, from the products in the preconditioner's norm.
double ToTheBorder(double ss, double sd, double dd, double radius) {
  const double room = std::max(0.0, radius * radius - ss);
  const double root = std::sqrt(std::max(0.0, sd * sd + dd * room));
  return sd >= 0 ? room / (sd + root) : (root - sd) / dd;
}

absl::StatusOr<Step> TakeStep(const Objective& objective, const Preconditioner& preconditioner,
                              std::span<const double> gradient, double radius, double forcing) {
  const size_t size = gradient.size();
  Step result{.step = std::vector<double>(size)};
  std::vector<double> residual(size);
  for (size_t i = 0; i < size; ++i) residual[i] = -gradient[i];
  std::vector<double> direction = preconditioner.Solve(residual);
  double norm = Dot(residual, direction);
  const double enough = forcing * forcing * norm;
  double ss = 0, sd = 0, dd = norm;  // products of step and direction in the preconditioner's norm
  for (int i = 0; i < kMaxInnerIterations && norm > enough && norm > 0; ++i) {
    TRY_ASSIGN(const std::vector<double> product, objective.HessianTimes(direction));
    const double curvature = Dot(direction, product);
    double length = curvature > 0 ? norm / curvature : HUGE_VAL;
    const double next_ss = ss + 2 * length * sd + length * length * dd;
    const bool leaves = !(next_ss < radius * radius);  // also where there is no curvature
    if (leaves) length = ToTheBorder(ss, sd, dd, radius);
    for (size_t k = 0; k < size; ++k) {
      result.step[k] += length * direction[k];
      residual[k] -= length * product[k];
    }
    ss += 2 * length * sd + length * length * dd;
    if (leaves) break;
    const std::vector<double> scaled = preconditioner.Solve(residual);
    const double next_norm = Dot(residual, scaled);
    const double beta = next_norm / norm;
    for (size_t k = 0; k < size; ++k) direction[k] = scaled[k] + beta * direction[k];
    sd = beta * (sd + length * dd);
    dd = next_norm + beta * beta * dd;
    norm = next_norm;
  }
  result.promised = -0.5 * (Dot(gradient, result.step) - Dot(result.step, residual));
  result.length = std::sqrt(ss);
  return result;
}

// The next radius, from what a step was promised and what it brought.
double NextRadius(double radius, const Step& step, double ratio) {
  if (!(ratio > 0.25)) return 0.25 * std::min(radius, step.length);
  if (ratio > 0.75 && step.length > 0.9 * radius) return 4 * radius;
  return radius;
}

}  // namespace

absl::Status SearchByNewtonCg(Objective& objective, const SearchLimits& limits, Search& search) {
  const int64_t last = search.iterations + limits.max_iterations;
  bool stuck = false;
  double norm = LargestComponent(search.at.gradient);
  std::vector<double> next(search.point.size());
  while (norm > limits.tolerance && search.iterations < last && !stuck) {
    TRY_ASSIGN(const Preconditioner preconditioner, Preconditioner::Make(objective, limits.max_dense_features));
    if (search.radius == 0) {
      search.radius = 2 * std::sqrt(std::max(0.0, Dot(search.at.gradient, preconditioner.Solve(search.at.gradient))));
    }
    // The closer to the solution, the more exact the step; but never more than the tolerance asks for.
    const double forcing = std::max(std::min(0.1, std::sqrt(norm)), 0.3 * std::min(1.0, limits.tolerance / norm));
    bool advanced = false;
    for (int tries = 0; tries < 40 && !advanced; ++tries) {
      TRY_ASSIGN(const Step step, TakeStep(objective, preconditioner, search.at.gradient, search.radius, forcing));
      for (size_t i = 0; i < next.size(); ++i) next[i] = search.point[i] + step.step[i];
      TRY_ASSIGN(Evaluation trial, objective.Evaluate(next));
      const double rounding = RoundingOf(search.at.objective);
      const double gain = search.at.objective - trial.objective;
      // Where the promise is within the rounding, the gradient decides.
      const bool in_the_noise = step.promised <= rounding && std::abs(gain) <= 4 * rounding;
      const double ratio = in_the_noise ? 1 : gain / step.promised;
      search.radius = NextRadius(search.radius, step, IsFinite(trial) ? ratio : 0);
      if (!IsFinite(trial) || !(ratio > 1e-4)) {
        // The second derivatives must be those of the point that the search stays at.
        TRY(objective.Evaluate(search.point).status());
        continue;
      }
      advanced = true;
      search.point = next;
      search.at = std::move(trial);
    }
    stuck = !advanced;
    if (advanced) ++search.iterations;
    norm = LargestComponent(search.at.gradient);
    TRY(FinishStep(objective, limits, search));
  }
  EndSearch(limits, norm, stuck, search);
  return absl::OkStatus();
}

}  // namespace roost::train
