#include "evaluate/evaluation.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/status.h"
#include "evaluate/render.h"

namespace roost::evaluate {
namespace {

using predict::Task;

absl::StatusOr<Evaluation> EvaluateBinaryRows(const ScoredRows& rows, const ScoringOptions& options) {
  TRY(CheckRows(rows));
  if (rows.num_outputs != 1) {
    return absl::InvalidArgumentError(fmt::format("a row has {} scores; it must have one", rows.num_outputs));
  }
  std::vector<int8_t> labels;
  labels.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    const double target = rows.targets[row];
    if (target != 0 && target != 1) {
      return absl::InvalidArgumentError(fmt::format("row {}: the target is {}; it must be 0 or 1", row, target));
    }
    labels.push_back(target == 1 ? 1 : 0);
  }
  return EvaluateBinary(rows.scores, labels,
                        {.threshold = options.threshold,
                         .calibration_bins = options.calibration_bins,
                         .base_rate = options.baseline.outputs.front()},
                        rows.weights);
}

// The primary metric of the model and of the dummy.
using Pair = std::pair<double, double>;
Pair FiguresOf(const BinaryEvaluation& evaluation) { return {evaluation.model.log_loss, evaluation.dummy.log_loss}; }
Pair FiguresOf(const ClassesEvaluation& evaluation) { return {evaluation.model.log_loss, evaluation.dummy.log_loss}; }
Pair FiguresOf(const NumbersEvaluation& evaluation) { return {evaluation.model.rmse, evaluation.dummy.rmse}; }
Pair FiguresOf(const CountsEvaluation& evaluation) {
  return {evaluation.model.poisson_deviance, evaluation.dummy.poisson_deviance};
}
Pair FiguresOf(const RankingEvaluation& evaluation) { return {evaluation.model.ndcg_10, evaluation.dummy.ndcg_10}; }

}  // namespace

Task TaskOf(const Evaluation& evaluation) {
  constexpr std::array kTasks{Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking};
  static_assert(kTasks.size() == std::variant_size_v<Evaluation>);
  return kTasks[evaluation.index()];
}

absl::StatusOr<Evaluation> EvaluateScores(Task task, const ScoredRows& rows, const ScoringOptions& options) {
  const TrainingBaseline& baseline = options.baseline;
  if (baseline.task != task || baseline.outputs.empty()) {
    return absl::InvalidArgumentError(fmt::format("the baseline is one of {} with {} outputs; it must be one of {}",
                                                  predict::TaskName(baseline.task), baseline.outputs.size(),
                                                  predict::TaskName(task)));
  }
  switch (task) {
    case Task::kBinary: return EvaluateBinaryRows(rows, options);
    case Task::kClasses: return EvaluateClasses(rows, {.shares = baseline.outputs, .names = options.class_names});
    case Task::kNumber: return EvaluateNumbers(rows, baseline.outputs.front());
    case Task::kCounts: return EvaluateCounts(rows, baseline.outputs.front());
    case Task::kRanking: return EvaluateRanking(rows);
  }
  return absl::InvalidArgumentError("the task is not known");
}

Metric PrimaryMetricOf(Task task) {
  switch (task) {
    case Task::kBinary:
    case Task::kClasses: return {"log loss", false};
    case Task::kNumber: return {"RMSE", false};
    case Task::kCounts: return {"Poisson deviance", false};
    case Task::kRanking: return {"NDCG@10", true};
  }
  return {};
}

Figure PrimaryMetric(const Evaluation& evaluation) {
  const Metric metric = PrimaryMetricOf(TaskOf(evaluation));
  const auto [model, dummy] = std::visit([](const auto& of_task) { return FiguresOf(of_task); }, evaluation);
  return {metric.name, model, dummy, metric.higher_is_better};
}

std::string ToText(const Evaluation& evaluation) {
  return std::visit([](const auto& of_task) { return ToText(of_task); }, evaluation);
}

}  // namespace roost::evaluate
