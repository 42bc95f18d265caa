#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "pipeline/child_process.h"

namespace roost::pipeline {

/// What came of a program.
struct ProgramRun {
  bool in_time = true;  ///< false: it was killed, and has no `end`
  ProcessEnd end;
  std::string out, err;  ///< the last 64 KiB of each
};

/// Runs a program until it ends or `limit` is over, without a shell (child_process.h). Cancelled, when it is killed
/// too; the errors of ChildProcess::Start.
absl::StatusOr<ProgramRun> RunToItsEnd(const ProgramCall& call, absl::Duration limit, const Context& context);

/// The same for a program that is only to succeed. FailedPrecondition where it ends with something else than 0, with
/// the last line that it wrote to stderr; DeadlineExceeded where it was killed.
absl::Status RunProgram(const ProgramCall& call, absl::Duration limit, const Context& context);

/// What of our own environment a program that is told of something may see: how to find programs and files, the
/// language, proxies. Tokens and passwords that happen to be in it are not handed on.
std::vector<std::string> PlainEnvironment();

/// All of it.
std::vector<std::string> OwnEnvironment();

}  // namespace roost::pipeline
