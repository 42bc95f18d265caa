#include "evaluate/flips.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/quantiles.h"
#include "evaluate/rows.h"
#include "evaluate/terms.h"

namespace roost::evaluate {
namespace {

using predict::Task;

constexpr std::array kShares{0.5, 0.9, 0.99, 1.0};

enum class Flip : uint8_t { kNone, kGained, kLost, kSideways };

// What both models say of one row.
struct RowChange {
  double difference = 0;
  Flip flip = Flip::kNone;
};

bool Decides(Task task) { return task == Task::kBinary || task == Task::kClasses; }

std::span<const double> ScoresOfRow(const ModelScores& model, size_t row) {
  const auto outputs = static_cast<size_t>(model.num_outputs);
  return model.scores.subspan(row * outputs, outputs);
}

// The number of what is decided: 0 or 1, or a class; of equal probabilities the first.
double DecisionOf(Task task, const ModelScores& model, size_t row) {
  const std::span<const double> scores = ScoresOfRow(model, row);
  if (task == Task::kBinary) return scores[0] >= model.threshold ? 1 : 0;
  return static_cast<double>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

Flip FlipOf(double now, double other, double truth) {
  if (now == other) return Flip::kNone;
  if (now == truth) return Flip::kGained;
  return other == truth ? Flip::kLost : Flip::kSideways;
}

double DifferenceOf(std::span<const double> now, std::span<const double> other) {
  if (now.size() == 1) return std::abs(now[0] - other[0]);
  double sum = 0;
  for (size_t i = 0; i < now.size(); ++i) sum += std::abs(now[i] - other[i]);
  return sum / 2;
}

absl::Status Check(const MeasuredRows& rows, const ModelScores& now, const ModelScores& other, const SliceSet& slices) {
  for (const ModelScores* model : {&now, &other}) {
    TRY(CheckTaskRows(rows.task, {.scores = model->scores,
                                  .num_outputs = model->num_outputs,
                                  .targets = rows.targets,
                                  .weights = rows.weights,
                                  .groups = rows.groups}));
  }
  if (now.num_outputs != other.num_outputs) {
    return absl::InvalidArgumentError(
        fmt::format("one model has {} outputs, the other {}", now.num_outputs, other.num_outputs));
  }
  if (slices.num_rows == rows.targets.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the slices are of {} rows, and there are {}", slices.num_rows, rows.targets.size()));
}

std::vector<RowChange> ChangesOf(const MeasuredRows& rows, const ModelScores& now, const ModelScores& other) {
  std::vector<RowChange> changes(rows.targets.size());
  for (size_t row = 0; row < changes.size(); ++row) {
    changes[row].difference = DifferenceOf(ScoresOfRow(now, row), ScoresOfRow(other, row));
    if (!Decides(rows.task)) continue;
    changes[row].flip = FlipOf(DecisionOf(rows.task, now, row), DecisionOf(rows.task, other, row), rows.targets[row]);
  }
  return changes;
}

SliceChanges Summarize(const MeasuredRows& rows, std::span<const RowChange> changes,
                       std::span<const size_t> rows_of_slice) {
  Flips flips;
  WeightedValues differences;
  differences.reserve(rows_of_slice.size());
  for (const size_t row : rows_of_slice) {
    const double weight = rows.weights.empty() ? 1 : rows.weights[row];
    if (weight == 0) continue;
    differences.emplace_back(changes[row].difference, weight);
    flips.gained += changes[row].flip == Flip::kGained ? 1 : 0;
    flips.lost += changes[row].flip == Flip::kLost ? 1 : 0;
    flips.sideways += changes[row].flip == Flip::kSideways ? 1 : 0;
  }
  SliceChanges summary{.rows = static_cast<int64_t>(differences.size())};
  if (Decides(rows.task)) summary.flips = flips;
  if (differences.empty()) return summary;
  std::sort(differences.begin(), differences.end());
  const std::vector<double> quantiles = WeightedQuantiles(differences, kShares);
  for (size_t i = 0; i < kShares.size(); ++i) summary.differences.push_back({kShares[i], quantiles[i]});
  return summary;
}

}  // namespace

absl::StatusOr<std::vector<SliceChanges>> CompareScores(const MeasuredRows& rows, const ModelScores& now,
                                                        const ModelScores& other, const SliceSet& slices,
                                                        const Context& context) {
  TRY(Check(rows, now, other, slices));
  const std::vector<RowChange> changes = ChangesOf(rows, now, other);
  std::vector<SliceChanges> of_slices(slices.slices.size());
  const absl::Status summarized = context.pool->ParallelFor(of_slices.size(), [&](size_t slice) -> absl::Status {
    TRY(context.CheckCancelled());
    of_slices[slice] = Summarize(rows, changes, slices.RowsOf(slice));
    return absl::OkStatus();
  });
  TRY(summarized);
  return of_slices;
}

}  // namespace roost::evaluate
