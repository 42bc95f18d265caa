#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace roost::predict {

/// What a model predicts of a row.
enum class Task {
  kBinary,   ///< the probability that a statement is true; one output
  kClasses,  ///< the probabilities of several classes; one output a class
  kNumber,   ///< a number; one output
  kCounts,   ///< an expected count, at least 0; one output
  kRanking,  ///< a score that orders the rows of a group, the best first; one output
};

/// "binary", "classes", "number", "counts", "ranking".
std::string_view TaskName(Task task);

/// InvalidArgument for any other name; the message lists them.
absl::StatusOr<Task> ParseTask(std::string_view name);

}  // namespace roost::predict
