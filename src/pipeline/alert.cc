#include "pipeline/alert.h"

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "base/status.h"
#include "pipeline/run_program.h"

namespace roost::pipeline {
namespace {

constexpr absl::Duration kPause = absl::Seconds(1);  // between tries

}  // namespace

absl::Status SendAlert(const AlertProgram& program, const Json& message, const Context& context) {
  const ProgramCall call{.arguments = program.arguments,
                         .folder = program.folder,
                         .environment = program.environment,
                         .input = ToLine(message) + "\n"};
  std::string last;
  for (int i = 0; i < program.tries; ++i) {
    if (i > 0) absl::SleepFor(kPause);
    const absl::Status ran = RunProgram(call, program.limit, context);
    if (!absl::IsFailedPrecondition(ran) && !absl::IsDeadlineExceeded(ran)) return ran;
    last = std::string(ran.message());
  }
  return absl::UnavailableError(
      fmt::format("the alert program '{}' took no alert: {}", program.arguments.front(), last));
}

}  // namespace roost::pipeline
