#include "train/linear.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/status.h"
#include "train/cell_design.h"
#include "train/checks.h"
#include "train/ftrl.h"
#include "train/search.h"

namespace roost::train {
namespace {

constexpr int64_t kMaxEntriesForWholeHessian = 32;  // a row has on average, or a Hessian costs more than many passes

// The rows in the form that the solver reads.
struct Form {
  std::unique_ptr<Design> design;
  MergedRows merged;  // where equal rows became one
  Problem problem;
};

int32_t NumOutputs(const TrainingRows& rows, Loss loss) { return loss == Loss::kSoftmax ? rows.num_classes : 1; }

size_t NumParameters(const TrainingRows& rows, Loss loss) {
  return static_cast<size_t>(NumOutputs(rows, loss)) * (static_cast<size_t>(rows.features->num_features) + 1);
}

Solver ChooseSolver(const TrainingRows& rows, const LinearOptions& options) {
  if (options.solver != Solver::kAuto) return options.solver;
  if (options.l1 > 0) return Solver::kProximal;
  const bool narrow = NumParameters(rows, options.loss) <= static_cast<size_t>(std::max(0, options.max_dense_features));
  const auto entries = static_cast<int64_t>(rows.features->indices.size());
  const bool short_rows = entries <= kMaxEntriesForWholeHessian * rows.features->num_rows();
  return narrow && short_rows ? Solver::kNewton : Solver::kNewtonCg;
}

// `needs_entries`: the solver reads the rows as they are beside their design.
Form MakeForm(const TrainingRows& rows, const LinearOptions& options, double total_weight, bool needs_entries) {
  Form form;
  form.problem = {.targets = rows.targets,
                  .weights = rows.weights,
                  .outputs = NumOutputs(rows, options.loss),
                  .total_weight = total_weight,
                  .l2 = options.l2};
  std::optional<CellRows> cells;
  const bool dense = FeaturesAreDense(*rows.features);
  if (!needs_entries) cells = FindCells(*rows.features);
  if (cells.has_value()) {
    const bool means =
        options.loss == Loss::kSquared || options.loss == Loss::kLogistic || options.loss == Loss::kPoisson;
    form.merged = MergeRows(*std::move(cells), rows.targets, rows.weights,
                            means ? MergeTargets::kMean : MergeTargets::kKeep, std::max(2, form.problem.outputs));
    form.problem.targets = form.merged.targets;
    form.problem.weights = form.merged.weights;
    if (options.loss == Loss::kSquared) form.problem.offset = form.merged.spread / 2;
    form.design = std::move(form.merged.design);
  } else {
    form.design = dense ? MakeDenseDesign(*rows.features) : MakeSparseDesign(*rows.features);
  }
  form.problem.design = form.design.get();
  return form;
}

// No weights, and the best constant as the intercept.
std::vector<double> ColdPoint(const TrainingRows& rows, Loss loss, const TargetSums& sums) {
  std::vector<double> point(NumParameters(rows, loss));
  const size_t size = static_cast<size_t>(rows.features->num_features) + 1;
  switch (loss) {
    case Loss::kSquared: point.back() = sums.mean; break;
    case Loss::kLogistic: point.back() = std::log(sums.of_class[1] / sums.of_class[0]); break;
    case Loss::kHinge: point.back() = sums.of_class[1] >= sums.of_class[0] ? 1 : -1; break;
    case Loss::kSquaredHinge: point.back() = 2 * sums.mean - 1; break;
    case Loss::kPoisson: point.back() = std::log(sums.mean); break;
    case Loss::kSoftmax: {
      double mean = 0;  // of the logarithms: adding a number to all intercepts changes nothing, so theirs is 0
      for (const double weight : sums.of_class) mean += std::log(weight) / static_cast<double>(sums.of_class.size());
      for (size_t k = 0; k < sums.of_class.size(); ++k) {
        point[k * size + size - 1] = std::log(sums.of_class[k]) - mean;
      }
      break;
    }
  }
  return point;
}

// The mean loss at ColdPoint, where the sums tell it without a pass over the rows.
std::optional<double> ConstantLoss(Loss loss, const TargetSums& sums) {
  switch (loss) {
    case Loss::kLogistic:
    case Loss::kSoftmax: {
      double entropy = 0;
      for (const double weight : sums.of_class) entropy -= weight / sums.weight * std::log(weight / sums.weight);
      return entropy;
    }
    case Loss::kSquaredHinge: return 4 * sums.mean * (1 - sums.mean);
    case Loss::kPoisson: return sums.mean - sums.mean * std::log(sums.mean);
    case Loss::kSquared:
    case Loss::kHinge: break;
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<double>> WarmPoint(const TrainingRows& rows, Loss loss, const LinearFit& start) {
  const auto outputs = static_cast<size_t>(NumOutputs(rows, loss));
  const auto features = static_cast<size_t>(rows.features->num_features);
  if (start.intercepts.size() != outputs || start.weights.size() != outputs * features) {
    return WithHint(absl::InvalidArgumentError(fmt::format(
                        "the start has {} intercepts and {} weights; {} outputs of {} features have {} and {}",
                        start.intercepts.size(), start.weights.size(), outputs, features, outputs, outputs * features)),
                    "Map the start's weights to the features by name first.");
  }
  std::vector<double> point;
  for (size_t k = 0; k < outputs; ++k) {
    const auto first = start.weights.begin() + static_cast<std::ptrdiff_t>(k * features);
    point.insert(point.end(), first, first + static_cast<std::ptrdiff_t>(features));
    point.push_back(start.intercepts[k]);
  }
  if (!std::isfinite(LargestComponent(point))) {
    return absl::InvalidArgumentError("the start has weights that are not finite");
  }
  return point;
}

absl::Status TooLarge() {
  return WithHint(absl::InvalidArgumentError("sums over the features overflow"),
                  "Standardize or clip the features; their values are too large to train on.");
}

double L1Penalty(const Objective& objective, std::span<const double> point, double l1) {
  double sum = 0;
  for (size_t i = 0; i < point.size(); ++i) sum += objective.IsIntercept(i) ? 0 : std::abs(point[i]);
  return l1 * sum / objective.total_weight();
}

void SetPoint(std::span<const double> point, size_t outputs, LinearFit& fit) {
  const size_t size = point.size() / outputs;
  for (size_t k = 0; k < outputs; ++k) {
    const std::span<const double> of_output = point.subspan(k * size, size);
    fit.weights.insert(fit.weights.end(), of_output.begin(), of_output.end() - 1);
    fit.intercepts.push_back(of_output.back());
  }
}

// That the parameters of a state are those of the rows, and numbers.
absl::Status CheckState(const LinearState& state, size_t num_parameters) {
  const auto fits = [&](const std::vector<double>& numbers) {
    return numbers.size() == num_parameters && std::isfinite(LargestComponent(numbers));
  };
  const bool of_ftrl = !state.z.empty() || !state.n.empty();
  const std::vector<double>& made_at = state.newton_cg.outputs_point;
  if (fits(state.point) && (made_at.empty() || fits(made_at)) && (!of_ftrl || (fits(state.z) && fits(state.n))) &&
      state.steps >= state.steps_before) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("the state to go on from has {} parameters; there must be {}, all of them numbers",
                  state.point.size(), num_parameters));
}

// A fit by one of the solvers that converge.
class Fitter {
 public:
  /// `constant_loss`: that of the cold point, where it is known.
  Fitter(const TrainingRows& rows, const LinearOptions& options, Solver solver, const Form& form,
         std::optional<double> constant_loss, const Context& context)
      : rows_(rows),
        options_(options),
        solver_(solver),
        form_(form),
        constant_loss_(constant_loss),
        context_(context) {}

  absl::StatusOr<LinearFit> Run(std::vector<double> cold, const std::optional<std::vector<double>>& warm) {
    search_.point = std::move(cold);
    const bool is_hinge = options_.loss == Loss::kHinge;
    const LinearState* from = options_.resumption.from;
    TRY(is_hinge ? RunHinge(warm, from) : RunSmooth({.loss = options_.loss}, options_.tolerance, warm, from));
    LinearFit fit;
    SetPoint(search_.point, static_cast<size_t>(form_.problem.outputs), fit);
    fit.solver = SolverName(solver_);
    fit.iterations = search_.iterations;
    fit.passes = passes_;
    fit.gradient_norm = search_.gradient_norm;
    fit.loss = is_hinge ? hinge_loss_ : search_.at.loss;
    fit.objective = fit.loss + (search_.at.objective - search_.at.loss) + l1_penalty_;
    fit.converged = search_.converged;
    fit.reason = search_.reason;
    return fit;
  }

 private:
  // One search of a smooth loss. `warm`: a point to begin at if it is no worse; `from`: where this search was.
  absl::Status RunSmooth(const LossShape& shape, double tolerance, const std::optional<std::vector<double>>& warm,
                         const LinearState* from) {
    Objective objective(form_.problem, shape, context_);
    TRY(from == nullptr ? Begin(warm, objective) : GoOn(*from, objective));
    const int64_t steps_before = from == nullptr ? search_.iterations : from->steps_before;
    const SearchLimits limits{.max_iterations = options_.max_iterations - (search_.iterations - steps_before),
                              .tolerance = tolerance,
                              .l1 = options_.l1,
                              .max_dense_features = std::max(0, options_.max_dense_features),
                              .after_step = [&] { return KeepState(objective, shape.smoothing, steps_before); }};
    switch (solver_) {
      case Solver::kNewton: TRY(SearchByNewton(objective, limits, search_)); break;
      case Solver::kProximal: TRY(SearchByProximalNewton(objective, rows_.features, limits, search_)); break;
      default: TRY(SearchByNewtonCg(objective, limits, search_)); break;
    }
    l1_penalty_ = L1Penalty(objective, search_.point, options_.l1);
    if (shape.loss == Loss::kHinge) {
      TRY_ASSIGN(hinge_loss_, objective.HingeLoss(search_.point));
    }
    passes_ += objective.passes();
    return absl::OkStatus();
  }

  absl::Status Begin(const std::optional<std::vector<double>>& warm, Objective& objective) {
    search_.newton_cg = {};
    bool at_warm = false;
    if (warm.has_value() && constant_loss_.has_value()) {
      TRY_ASSIGN(at_warm, TakeWarmPoint(*warm, *constant_loss_, objective));
    }
    if (at_warm) return absl::OkStatus();
    TRY_ASSIGN(search_.at, objective.Evaluate(search_.point));
    if (!IsFinite(search_.at)) return TooLarge();
    return warm.has_value() && !constant_loss_.has_value() ? MoveToWarmPoint(*warm, objective) : absl::OkStatus();
  }

  absl::Status GoOn(const LinearState& from, Objective& objective) {
    search_.point = from.point;
    search_.iterations = from.steps;
    search_.newton_cg = from.newton_cg;
    passes_ = from.passes;
    TRY_ASSIGN(search_.at, objective.Evaluate(search_.point));
    if (!IsFinite(search_.at)) return TooLarge();
    objective.CountRows(from.rows_read - objective.rows_read());  // the evaluation was counted before
    context_.Report({.stage = "train", .unit = "iterations", .done = from.steps, .total = 0, .loss = search_.at.loss});
    return absl::OkStatus();
  }

  absl::Status KeepState(const Objective& objective, double smoothing, int64_t steps_before) const {
    const Resumption<LinearState>& resumption = options_.resumption;
    if (!resumption.due || !resumption.due()) return absl::OkStatus();
    return resumption.keep({.point = search_.point,
                            .steps = search_.iterations,
                            .passes = passes_,
                            .rows_read = objective.rows_read(),
                            .steps_before = steps_before,
                            .smoothing = smoothing,
                            .newton_cg = search_.newton_cg});
  }

  // True where `warm_point` is no worse than the cold one, whose objective is `cold_objective`: it has no weights.
  absl::StatusOr<bool> TakeWarmPoint(const std::vector<double>& warm_point, double cold_objective,
                                     Objective& objective) {
    TRY_ASSIGN(Evaluation warm, objective.Evaluate(warm_point));
    if (!IsFinite(warm)) return false;
    if (warm.objective + L1Penalty(objective, warm_point, options_.l1) > cold_objective) return false;
    search_.point = warm_point;
    search_.at = std::move(warm);
    return true;
  }

  absl::Status MoveToWarmPoint(const std::vector<double>& warm_point, Objective& objective) {
    TRY_ASSIGN(Evaluation warm, objective.Evaluate(warm_point));
    const double cold_objective = search_.at.objective + L1Penalty(objective, search_.point, options_.l1);
    if (IsFinite(warm) && warm.objective + L1Penalty(objective, warm_point, options_.l1) <= cold_objective) {
      search_.point = warm_point;
      search_.at = std::move(warm);
      return absl::OkStatus();
    }
    // The objective's second derivatives belong to its last point.
    return objective.Evaluate(search_.point).status();
  }

  // The hinge with ever sharper bends. The widest ones are left out where a start is given.
  absl::Status RunHinge(const std::optional<std::vector<double>>& warm, const LinearState* from) {
    double width = from != nullptr ? from->smoothing : warm.has_value() ? 1e-2 : 1;
    std::optional<std::vector<double>> start = warm;
    while (true) {
      const double sharpest = options_.tolerance;
      const bool is_last = width <= sharpest;
      TRY(RunSmooth({.loss = Loss::kHinge, .smoothing = std::max(width, sharpest)},
                    is_last ? options_.tolerance : std::max(options_.tolerance, 1e-4 * width), start, from));
      start.reset();
      from = nullptr;
      const double objective = hinge_loss_ + (search_.at.objective - search_.at.loss) + l1_penalty_;
      const double gap = hinge_loss_ - search_.at.loss;
      const bool proved = gap <= options_.tolerance * std::max(1.0, objective);
      if (is_last || (proved && search_.gradient_norm <= options_.tolerance)) {
        search_.converged = search_.gradient_norm <= options_.tolerance && proved;
        search_.reason += fmt::format("; the smoothed hinge is at most {:.3g} below the hinge", gap);
        return absl::OkStatus();
      }
      width /= 10;
    }
  }

  const TrainingRows& rows_;
  const LinearOptions& options_;
  Solver solver_;
  const Form& form_;
  const std::optional<double> constant_loss_;
  const Context& context_;
  Search search_;
  int64_t passes_ = 0;
  double l1_penalty_ = 0;
  double hinge_loss_ = 0;
};

absl::StatusOr<LinearFit> FitByFtrl(const TrainingRows& rows, const LinearOptions& options, std::vector<double> point,
                                    const LinearFit* start, const Form& form, const Context& context) {
  FtrlState state{.point = std::move(point)};
  if (const LinearState* from = options.resumption.from; from != nullptr) {
    state = {.z = from->z, .n = from->n, .rows = from->steps, .point = from->point};
  } else if (start != nullptr && !start->ftrl_state.empty()) {
    const auto half = static_cast<std::ptrdiff_t>(state.point.size());
    if (start->ftrl_state.size() != 2 * state.point.size()) {
      return absl::InvalidArgumentError(fmt::format("the start's ftrl_state has {} numbers; it must have {}",
                                                    start->ftrl_state.size(), 2 * state.point.size()));
    }
    state.z.assign(start->ftrl_state.begin(), start->ftrl_state.begin() + half);
    state.n.assign(start->ftrl_state.begin() + half, start->ftrl_state.end());
    const bool valid = std::isfinite(LargestComponent(start->ftrl_state)) &&
                       std::all_of(state.n.begin(), state.n.end(), [](double x) { return x >= 0; });
    if (!valid) return absl::InvalidArgumentError("the start's ftrl_state is not finite, or n is negative");
  }
  TRY(RunFtrl(rows, options, context, state));
  Objective objective(form.problem, {.loss = options.loss, .smoothing = 1e-12}, context);
  TRY_ASSIGN(const Evaluation at, objective.Evaluate(state.point));
  if (!IsFinite(at)) return TooLarge();
  LinearFit fit;
  SetPoint(state.point, static_cast<size_t>(form.problem.outputs), fit);
  fit.solver = SolverName(Solver::kFtrl);
  fit.iterations = state.rows;
  fit.passes = options.passes + objective.passes();
  fit.gradient_norm = LargestComponent(at.gradient);
  fit.loss = at.loss;
  fit.objective = at.objective + L1Penalty(objective, state.point, options.l1);
  fit.converged = fit.gradient_norm <= options.tolerance;
  fit.reason = fmt::format("read the rows {} times; FTRL claims no convergence", options.passes);
  fit.ftrl_state = std::move(state.z);
  fit.ftrl_state.insert(fit.ftrl_state.end(), state.n.begin(), state.n.end());
  return fit;
}

}  // namespace

std::string_view LossName(Loss loss) {
  switch (loss) {
    case Loss::kSquared: return "squared";
    case Loss::kLogistic: return "logistic";
    case Loss::kSoftmax: return "softmax";
    case Loss::kHinge: return "hinge";
    case Loss::kSquaredHinge: return "squared_hinge";
    case Loss::kPoisson: return "poisson";
  }
  return "logistic";
}

std::string_view SolverName(Solver solver) {
  switch (solver) {
    case Solver::kAuto: return "auto";
    case Solver::kNewton: return "newton";
    case Solver::kNewtonCg: return "newton_cg";
    case Solver::kProximal: return "proximal";
    case Solver::kFtrl: return "ftrl";
  }
  return "auto";
}

absl::StatusOr<LinearFit> FitLinear(const TrainingRows& rows, const LinearOptions& options, const LinearFit* start,
                                    const Context& context) {
  TRY(CheckLinearOptions(options));
  TRY_ASSIGN(const TargetSums sums, CheckTrainingRows(rows, options.loss, context));
  std::optional<std::vector<double>> warm;
  if (start != nullptr) {
    TRY_ASSIGN(warm, WarmPoint(rows, options.loss, *start));
  }
  std::vector<double> cold = ColdPoint(rows, options.loss, sums);
  const Solver solver = ChooseSolver(rows, options);
  if (options.resumption.from != nullptr) TRY(CheckState(*options.resumption.from, NumParameters(rows, options.loss)));
  const bool wide = NumParameters(rows, options.loss) > static_cast<size_t>(std::max(0, options.max_dense_features));
  const bool needs_entries = solver == Solver::kFtrl || (solver == Solver::kProximal && wide);
  const Form form = MakeForm(rows, options, sums.weight, needs_entries);
  if (solver == Solver::kFtrl) {
    return FitByFtrl(rows, options, warm.has_value() ? *std::move(warm) : std::move(cold), start, form, context);
  }
  return Fitter(rows, options, solver, form, ConstantLoss(options.loss, sums), context).Run(std::move(cold), warm);
}

}  // namespace roost::train
