#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace roost::pipeline {

/// What every engine wants of values that stand in command lines: InvalidArgument, where `what` names the value, for an
/// empty text, one that is not UTF-8, has control characters or begins with '-'.
absl::Status CheckArgument(std::string_view what, std::string_view value);

/// The same, and that it is an absolute path.
absl::Status CheckFolder(std::string_view value);

}  // namespace roost::pipeline
