#include "predict/task.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace roost::predict {
namespace {

constexpr std::array kTasks{Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking};

}  // namespace

std::string_view TaskName(Task task) {
  switch (task) {
    case Task::kBinary: return "binary";
    case Task::kClasses: return "classes";
    case Task::kNumber: return "number";
    case Task::kCounts: return "counts";
    case Task::kRanking: return "ranking";
  }
  return "binary";
}

absl::StatusOr<Task> ParseTask(std::string_view name) {
  std::string names;
  for (const Task task : kTasks) {
    if (TaskName(task) == name) return task;
    names.append(names.empty() ? "" : ", ").append(TaskName(task));
  }
  return absl::InvalidArgumentError(fmt::format("no task '{}'; there are {}", name, names));
}

}  // namespace roost::predict
