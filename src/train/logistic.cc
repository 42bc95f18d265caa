#include "train/logistic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "base/thread_pool.h"
#include "train/newton.h"
#include "train/objective.h"

namespace roost::train {
namespace {

using transform::FeatureRows;

constexpr int64_t kRowsToCheckAtOnce = 65536;

absl::Status CheckOptions(const LogisticOptions& options) {
  if (!(options.l2 >= 0 && std::isfinite(options.l2))) {
    return absl::InvalidArgumentError(fmt::format("l2 is {}; it must be 0 or a positive number", options.l2));
  }
  if (options.max_iterations < 1) {
    return absl::InvalidArgumentError(
        fmt::format("max_iterations is {}; it must be at least 1", options.max_iterations));
  }
  if (!(options.tolerance > 0 && std::isfinite(options.tolerance))) {
    return absl::InvalidArgumentError(fmt::format("tolerance is {}; it must be a positive number", options.tolerance));
  }
  return absl::OkStatus();
}

// That the rows' entries tile `indices` and `values`, so that the rows can be read at all.
absl::Status CheckShape(const FeatureRows& rows, std::span<const int8_t> labels) {
  if (rows.num_features < 0 || rows.starts.empty() || rows.starts.front() != 0 ||
      !std::is_sorted(rows.starts.begin(), rows.starts.end()) ||
      rows.starts.back() != static_cast<int64_t>(rows.indices.size()) || rows.indices.size() != rows.values.size()) {
    return absl::InvalidArgumentError("the feature rows do not describe their entries");
  }
  if (labels.size() != static_cast<size_t>(rows.num_rows())) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows of features have {} labels; every row needs one", rows.num_rows(), labels.size()));
  }
  if (labels.empty()) {
    return WithHint(absl::InvalidArgumentError("there are no rows to train on"),
                    "Check the row filter and the dataset version.");
  }
  return absl::OkStatus();
}

absl::Status CheckRow(const FeatureRows& rows, std::span<const int8_t> labels, int64_t row) {
  if (labels[row] != 0 && labels[row] != 1) {
    return absl::InvalidArgumentError(fmt::format("row {}: the label is {}; it must be 0 or 1", row, labels[row]));
  }
  int32_t before = -1;
  for (int64_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
    if (rows.indices[e] <= before || rows.indices[e] >= rows.num_features) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: feature {} follows feature {}; features must ascend and be below {}", row,
                      rows.indices[e], before, rows.num_features));
    }
    before = rows.indices[e];
    if (!std::isfinite(rows.values[e])) {
      return WithHint(absl::InvalidArgumentError(fmt::format("row {}: feature {} is {}; training needs finite numbers",
                                                             row, before, rows.values[e])),
                      "Impute missing values and clip infinite ones in the transform.");
    }
  }
  return absl::OkStatus();
}

// The number of rows with label 1; an error where the data cannot be trained on.
absl::StatusOr<int64_t> CheckData(const FeatureRows& rows, std::span<const int8_t> labels, const Context& context) {
  TRY(CheckShape(rows, labels));
  const int64_t num_rows = rows.num_rows();
  const int64_t pieces = (num_rows + kRowsToCheckAtOnce - 1) / kRowsToCheckAtOnce;
  const absl::Status checked =
      context.pool->ParallelFor(static_cast<size_t>(pieces), [&](size_t piece) -> absl::Status {
        TRY(context.CheckCancelled());
        const int64_t begin = static_cast<int64_t>(piece) * kRowsToCheckAtOnce;
        for (int64_t row = begin; row < std::min(num_rows, begin + kRowsToCheckAtOnce); ++row) {
          TRY(CheckRow(rows, labels, row));
        }
        return absl::OkStatus();
      });
  TRY(checked);
  const int64_t positives = std::count(labels.begin(), labels.end(), 1);
  if (positives == 0 || positives == num_rows) {
    return WithHint(absl::InvalidArgumentError(fmt::format("all {} rows have the label {}; a model needs both classes",
                                                           num_rows, labels.front())),
                    "Check the label's expression and the row filter.");
  }
  return positives;
}

// No weights, and the intercept of the base rate.
std::vector<double> ColdPoint(const FeatureRows& rows, int64_t positives) {
  std::vector<double> point(static_cast<size_t>(rows.num_features) + 1);
  point.back() = std::log(static_cast<double>(positives) / static_cast<double>(rows.num_rows() - positives));
  return point;
}

absl::StatusOr<std::vector<double>> WarmPoint(const FeatureRows& rows, const LogisticFit& start) {
  if (start.weights.size() != static_cast<size_t>(rows.num_features)) {
    return absl::InvalidArgumentError(fmt::format("the start has {} weights for {} features; map them by name first",
                                                  start.weights.size(), rows.num_features));
  }
  std::vector<double> point = start.weights;
  point.push_back(start.intercept);
  if (!std::all_of(point.begin(), point.end(), [](double x) { return std::isfinite(x); })) {
    return absl::InvalidArgumentError("the start has weights that are not finite");
  }
  return point;
}

// NaN where a component is NaN.
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

// Moves from the cold point to `start`, unless that is the worse place to begin.
absl::Status MoveToWarmPoint(const FeatureRows& rows, const LogisticFit& start, LogisticObjective& objective,
                             std::vector<double>& point, Evaluation& at) {
  TRY_ASSIGN(std::vector<double> warm_point, WarmPoint(rows, start));
  TRY_ASSIGN(Evaluation warm, objective.Evaluate(warm_point));
  if (IsFinite(warm) && warm.objective <= at.objective) {
    point = std::move(warm_point);
    at = std::move(warm);
    return absl::OkStatus();
  }
  // The objective's second derivatives belong to its last point.
  return objective.Evaluate(point).status();
}

absl::Status TooLarge() {
  return WithHint(absl::InvalidArgumentError("sums over the features overflow"),
                  "Standardize or clip the features; their values are too large to train on.");
}

// Moves `point` and `at` along `step`, by as much of it as lowers the objective enough (Armijo's rule). False where no
// part of the step does.
absl::StatusOr<bool> Advance(std::span<const double> step, LogisticObjective& objective, std::vector<double>& point,
                             Evaluation& at) {
  double slope = 0;
  for (size_t i = 0; i < step.size(); ++i) slope += step[i] * at.gradient[i];
  // Near the solution the gain is smaller than the rounding of the objective.
  const double rounding = 8 * std::numeric_limits<double>::epsilon() * std::abs(at.objective);
  std::vector<double> next(point.size());
  double fraction = 1;
  for (int halvings = 0; halvings < 40; ++halvings, fraction /= 2) {
    for (size_t i = 0; i < point.size(); ++i) next[i] = point[i] + fraction * step[i];
    TRY_ASSIGN(Evaluation trial, objective.Evaluate(next));
    if (IsFinite(trial) && trial.objective <= at.objective + 1e-4 * fraction * slope + rounding) {
      point = std::move(next);
      at = std::move(trial);
      return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<LogisticFit> FitLogistic(const FeatureRows& rows, std::span<const int8_t> labels,
                                        const LogisticOptions& options, const std::optional<LogisticFit>& start,
                                        const Context& context) {
  TRY(CheckOptions(options));
  TRY_ASSIGN(const int64_t positives, CheckData(rows, labels, context));
  LogisticObjective objective(rows, labels, options.l2, context);
  std::vector<double> point = ColdPoint(rows, positives);
  TRY_ASSIGN(Evaluation at, objective.Evaluate(point));
  if (!IsFinite(at)) return TooLarge();
  if (start.has_value()) TRY(MoveToWarmPoint(rows, *start, objective, point, at));

  const bool dense = rows.num_features <= options.max_dense_features;
  LogisticFit fit;
  while (LargestComponent(at.gradient) > options.tolerance && fit.iterations < options.max_iterations) {
    TRY_ASSIGN(const std::vector<double> step,
               dense ? DenseNewtonStep(objective, at.gradient) : TruncatedNewtonStep(objective, at.gradient));
    if (step.empty()) return TooLarge();
    TRY_ASSIGN(const bool advanced, Advance(step, objective, point, at));
    if (!advanced) break;
    ++fit.iterations;
    context.Report({.stage = "train", .unit = "iterations", .done = fit.iterations, .total = 0});
  }
  fit.intercept = point.back();
  point.pop_back();
  fit.weights = std::move(point);
  fit.gradient_norm = LargestComponent(at.gradient);
  fit.loss = at.loss;
  fit.objective = at.objective;
  fit.converged = fit.gradient_norm <= options.tolerance;
  return fit;
}

}  // namespace roost::train
