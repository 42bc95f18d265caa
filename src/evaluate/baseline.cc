#include "evaluate/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "evaluate/rows.h"

namespace roost::evaluate {
namespace {

using predict::Task;

// Empty where the task can have this target, else what it must be.
std::string WantedInstead(Task task, double target, int32_t num_classes) {
  const bool is_number = std::abs(target) <= kLargestValue;
  switch (task) {
    case Task::kBinary: return target == 0 || target == 1 ? "" : "0 or 1";
    case Task::kClasses:
      return target >= 0 && target < num_classes && target == std::floor(target)
                 ? ""
                 : fmt::format("a class from 0 to {}", num_classes - 1);
    case Task::kNumber: return is_number ? "" : "a finite number";
    case Task::kCounts:
    case Task::kRanking: return is_number && target >= 0 ? "" : "a finite number, at least 0";
  }
  return "";
}

// Targets with their weights in an order that depends on their values alone.
using Targets = std::vector<std::pair<double, double>>;

double Mean(const Targets& targets) {
  Sum sum, total;
  for (const auto& [target, weight] : targets) {
    sum.Add(weight * target);
    total.Add(weight);
  }
  return sum.value() / total.value();
}

std::vector<double> Shares(const Targets& targets, int32_t num_classes) {
  std::vector<Sum> sums(static_cast<size_t>(num_classes));
  Sum total;
  for (const auto& [target, weight] : targets) {
    sums[static_cast<size_t>(target)].Add(weight);
    total.Add(weight);
  }
  std::vector<double> shares;
  for (const Sum& sum : sums) shares.push_back(sum.value() / total.value());
  return shares;
}

}  // namespace

absl::StatusOr<TrainingBaseline> MakeBaseline(predict::Task task, std::span<const double> targets,
                                              std::span<const double> weights, int32_t num_classes) {
  if (targets.empty()) return absl::InvalidArgumentError("there are no training rows");
  TRY(CheckWeights(weights, targets.size()));
  if (task == Task::kClasses && num_classes < 2) {
    return absl::InvalidArgumentError(fmt::format("there are {} classes; a model needs two or more", num_classes));
  }
  Targets sorted;
  sorted.reserve(targets.size());
  for (size_t row = 0; row < targets.size(); ++row) {
    if (const std::string wanted = WantedInstead(task, targets[row], num_classes); !wanted.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("training row {}: the target is {}; it must be {}", row, targets[row], wanted));
    }
    const double weight = weights.empty() ? 1 : weights[row];
    if (weight > 0) sorted.emplace_back(targets[row], weight);
  }
  std::sort(sorted.begin(), sorted.end());
  TrainingBaseline baseline{.task = task, .rows = static_cast<int64_t>(sorted.size())};
  switch (task) {
    case Task::kClasses: baseline.outputs = Shares(sorted, num_classes); break;
    case Task::kRanking: baseline.outputs = {0}; break;
    case Task::kBinary:
    case Task::kNumber:
    case Task::kCounts: baseline.outputs = {Mean(sorted)}; break;
  }
  return baseline;
}

Json TrainingBaseline::ToJson() const {
  return {{"task", predict::TaskName(task)}, {"rows", rows}, {"outputs", outputs}};
}

absl::StatusOr<TrainingBaseline> TrainingBaseline::FromJson(const Json& json) {
  TrainingBaseline baseline;
  try {
    TRY_ASSIGN(baseline.task, predict::ParseTask(json.at("task").get<std::string>()));
    baseline.rows = json.at("rows").get<int64_t>();
    baseline.outputs = json.at("outputs").get<std::vector<double>>();
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("no baseline: {}", error.what()));
  }
  const bool is_classes = baseline.task == Task::kClasses;
  if (baseline.rows < 1 || (is_classes ? baseline.outputs.size() < 2 : baseline.outputs.size() != 1)) {
    return absl::InvalidArgumentError(fmt::format("no baseline of {}: it has {} rows and {} outputs",
                                                  predict::TaskName(baseline.task), baseline.rows,
                                                  baseline.outputs.size()));
  }
  return baseline;
}

}  // namespace roost::evaluate
