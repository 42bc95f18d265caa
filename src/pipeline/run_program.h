#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "pipeline/child_process.h"

namespace roost::pipeline {

/// Runs a program to its end, without a shell (child_process.h), and drops what it says on stdout. OK where it ends
/// with 0. FailedPrecondition otherwise, with the last line that it wrote to stderr; DeadlineExceeded where it is
/// killed because `limit` is over; Cancelled; the errors of ChildProcess::Start.
absl::Status RunProgram(const ProgramCall& call, absl::Duration limit, const Context& context);

/// What of our own environment a program that is told of something may see: how to find programs and files, the
/// language, proxies. Tokens and passwords that happen to be in it are not handed on.
std::vector<std::string> PlainEnvironment();

}  // namespace roost::pipeline
