#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "pipeline/workflow.h"

namespace roost::pipeline {

/// What every engine wants of values that stand in command lines: InvalidArgument, where `what` names the value, for an
/// empty text, one that is not UTF-8, has control characters or begins with '-'.
absl::Status CheckArgument(std::string_view what, std::string_view value);

/// The same, and that it is an absolute path.
absl::Status CheckFolder(std::string_view value);

/// What stands behind the program in the command of a task, but for the folder: "run", "--step" and so on.
std::vector<std::string> WordsOf(const WorkflowTask& task);

}  // namespace roost::pipeline
