#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "base/json.h"

namespace roost::pipeline {

struct AlertProgram {
  std::vector<std::string> arguments;    ///< the program first
  std::string folder;                    ///< where it runs
  std::vector<std::string> environment;  ///< "NAME=value"
  absl::Duration limit = absl::Seconds(60);
  int tries = 3;
};

/// Starts the program with `message` as a line of JSON on its stdin, without a shell, and waits for its end. One that
/// does not end well, or runs for longer than the limit, is started again, a second later. Errors: those of
/// ChildProcess::Start; Unavailable where no try ended well, with what the last one said; Cancelled.
absl::Status SendAlert(const AlertProgram& program, const Json& message, const Context& context);

}  // namespace roost::pipeline
