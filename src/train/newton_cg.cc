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
    const int64_t step = SampleStep(objective, std::max<size_t>(8192, 8 * size));
    if (objective.num_parameters() <= most) {
      TRY_ASSIGN(const std::vector<double> hessian, objective.Hessian(step));
      preconditioner.Factor(hessian, objective.num_parameters());
    } else if (size <= most) {
      TRY_ASSIGN(const std::vector<double> hessian, objective.MeanHessian(step));
      preconditioner.Factor(hessian, size);
    }
    if (!preconditioner.factors_.empty()) return preconditioner;
    TRY_ASSIGN(preconditioner.diagonal_, objective.HessianDiagonal());
    return preconditioner;
  }

  /// One matrix an output, of its own curvatures: far from the start, where outputs have rows of their own, conjugate
  /// gradients need a tenth of the passes with it. `none` where an output's matrix is not positive definite.
  static absl::StatusOr<std::optional<Preconditioner>> MakeOfOutputs(const Objective& objective) {
    const size_t size = objective.num_features() + 1;
    TRY_ASSIGN(const std::vector<double> hessians, objective.OutputHessians(StepOfOutputs(objective)));
    Preconditioner preconditioner;
    for (size_t k = 0; k < objective.outputs(); ++k) {
      preconditioner.Factor(std::span(hessians).subspan(k * size * size, size * size), size);
    }
    if (preconditioner.factors_.size() != objective.outputs()) return std::nullopt;
    return preconditioner;
  }

  /// What MakeOfOutputs costs, in passes over the rows: a matrix takes size / 4 times the multiplications of a pass, in
  /// a third of their time, as it reads less. Infinite where the matrices would not fit (kMaxOutputSums) or there is
  /// but one output.
  static double CostOfOutputs(const Objective& objective, int32_t max_dense_features) {
    const size_t size = objective.num_features() + 1;
    const bool whole = objective.num_parameters() <= static_cast<size_t>(max_dense_features);
    if (whole || size > static_cast<size_t>(max_dense_features) || objective.outputs() * size * size > kMaxOutputSums) {
      return HUGE_VAL;
    }
    return static_cast<double>(size) / 12 / static_cast<double>(StepOfOutputs(objective));
  }

  std::vector<double> Solve(std::span<const double> vector) const {
    std::vector<double> result(vector.begin(), vector.end());
    if (!factors_.empty()) {
      const Eigen::Index size = factors_[0].rows();
      Eigen::Map<Eigen::MatrixXd> columns(result.data(), size, static_cast<Eigen::Index>(result.size()) / size);
      if (factors_.size() == 1) factors_[0].solveInPlace(columns);
      for (size_t k = 0; k < factors_.size() && factors_.size() > 1; ++k) {
        auto column = columns.col(static_cast<Eigen::Index>(k));
        factors_[k].solveInPlace(column);
      }
      return result;
    }
    // A feature that no row has and no penalty holds has a zero diagonal, and a zero gradient.
    for (size_t i = 0; i < result.size(); ++i) result[i] /= diagonal_[i] > 0 ? diagonal_[i] : 1;
    return result;
  }

 private:
  static constexpr size_t kMaxOutputSums = (size_t{128} << 20) / sizeof(double);

  // Every how many blocks of rows one is looked at, for so many rows in all.
  static int64_t SampleStep(const Objective& objective, size_t wanted) {
    return std::max<int64_t>(1, objective.problem().design->num_rows() / static_cast<int64_t>(wanted));
  }

  // Each output has but a part of the rows to itself.
  static int64_t StepOfOutputs(const Objective& objective) {
    return SampleStep(objective, std::max<size_t>(8192, 64 * (objective.num_features() + 1)));
  }

  void Factor(std::span<const double> lower, size_t size) {
    const auto n = static_cast<Eigen::Index>(size);
    Eigen::MatrixXd matrix = Eigen::Map<const Eigen::MatrixXd>(lower.data(), n, n);
    const double largest = matrix.diagonal().maxCoeff();
    if (!std::isfinite(largest) || !(largest > 0)) return;
    matrix.diagonal().array() += 1e-9 * largest;
    factors_.emplace_back(matrix);
    if (factors_.back().info() != Eigen::Success) factors_.pop_back();
  }

  std::vector<Eigen::LLT<Eigen::MatrixXd, Eigen::Upper>> factors_;  // one for all outputs, or one each
  std::vector<double> diagonal_;
};

// The preconditioner of each Newton step.
class Preconditioning {
 public:
  Preconditioning(Objective& objective, int32_t max_dense_features, NewtonCgState& state)
      : objective_(objective),
        max_dense_features_(max_dense_features),
        cost_of_outputs_(Preconditioner::CostOfOutputs(objective, max_dense_features)),
        state_(state) {}

  /// Where the search goes on: the dear one again, as it was; the evaluations are not counted again.
  absl::Status GoOn(const std::vector<double>& point) {
    if (state_.outputs_point.empty()) return absl::OkStatus();
    const int64_t rows_read = objective_.rows_read();
    TRY(objective_.Evaluate(state_.outputs_point).status());
    TRY_ASSIGN(of_outputs_, Preconditioner::MakeOfOutputs(objective_));
    TRY(objective_.Evaluate(point).status());
    objective_.CountRows(rows_read - objective_.rows_read());
    return absl::OkStatus();
  }

  /// At `point`, that of the objective's last Evaluate. The dear one of all outputs is made, and made anew, when as
  /// many passes were spent without it as it costs (so that at most twice the least is spent); the others at each step.
  absl::StatusOr<const Preconditioner*> Next(const std::vector<double>& point) {
    if (static_cast<double>(objective_.passes() - state_.outputs_made) > cost_of_outputs_) {
      TRY_ASSIGN(of_outputs_, Preconditioner::MakeOfOutputs(objective_));
      state_.outputs_made = objective_.passes();
      state_.outputs_point = point;
    }
    if (of_outputs_.has_value()) return &*of_outputs_;
    TRY_ASSIGN(of_step_, Preconditioner::Make(objective_, max_dense_features_));
    return &of_step_;
  }

 private:
  Objective& objective_;
  int32_t max_dense_features_;
  double cost_of_outputs_;
  NewtonCgState& state_;
  std::optional<Preconditioner> of_outputs_;
  Preconditioner of_step_;
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

// How exactly a step is computed: as a share of the gradient that may be left of the model's. By how much the last step
// lowered the gradient tells how good the model is (Eisenstat & Walker, SIAM J. Sci. Comput. 17, 1996, choice 2); and
// no step need be more exact than the tolerance asks for.
double Forcing(double norm, double last_norm, double tolerance) {
  constexpr double kLeast = 0.01, kMost = 0.3;
  const double shrinkage = norm / last_norm;
  const double by_last_step = std::clamp(0.9 * shrinkage * shrinkage, kLeast, kMost);
  return std::max(by_last_step, 0.3 * std::min(1.0, tolerance / norm));
}

}  // namespace

absl::Status SearchByNewtonCg(Objective& objective, const SearchLimits& limits, Search& search) {
  const int64_t last = search.iterations + limits.max_iterations;
  bool stuck = false;
  double norm = LargestComponent(search.at.gradient);
  std::vector<double> next(search.point.size());
  NewtonCgState& state = search.newton_cg;
  Preconditioning preconditioning(objective, limits.max_dense_features, state);
  TRY(preconditioning.GoOn(search.point));
  while (norm > limits.tolerance && search.iterations < last && !stuck) {
    TRY_ASSIGN(const Preconditioner* preconditioner, preconditioning.Next(search.point));
    if (state.radius == 0) {
      state.radius = 2 * std::sqrt(std::max(0.0, Dot(search.at.gradient, preconditioner->Solve(search.at.gradient))));
    }
    const double forcing = Forcing(norm, state.last_norm > 0 ? state.last_norm : norm, limits.tolerance);
    state.last_norm = norm;
    bool advanced = false;
    for (int tries = 0; tries < 40 && !advanced; ++tries) {
      TRY_ASSIGN(const Step step, TakeStep(objective, *preconditioner, search.at.gradient, state.radius, forcing));
      for (size_t i = 0; i < next.size(); ++i) next[i] = search.point[i] + step.step[i];
      TRY_ASSIGN(Evaluation trial, objective.Evaluate(next));
      const double rounding = RoundingOf(search.at.objective);
      const double gain = search.at.objective - trial.objective;
      // Where the promise is within the rounding, the gradient decides.
      const bool in_the_noise = step.promised <= rounding && std::abs(gain) <= 4 * rounding;
      const double ratio = in_the_noise ? 1 : gain / step.promised;
      state.radius = NextRadius(state.radius, step, IsFinite(trial) ? ratio : 0);
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
