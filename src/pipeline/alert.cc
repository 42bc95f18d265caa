#include "pipeline/alert.h"

#include <unistd.h>

#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "base/format.h"
#include "base/status.h"
#include "pipeline/child_process.h"

namespace roost::pipeline {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr absl::Duration kPause = absl::Seconds(1);  // between tries
constexpr size_t kTold = 400;                        // bytes of what it said

/// Takes all that lies in the pipe, so that its writer never waits; keeps the end of it in `said`.
void Drain(int pipe, std::string& said) {
  char buffer[4096];
  for (ssize_t got = 0; (got = read(pipe, buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<size_t>(got));
    if (said.size() > 2 * kTold) said.erase(0, said.size() - kTold);
  }
}

/// "" where it ended well, else how it did.
absl::StatusOr<std::string> TryOnce(const AlertProgram& program, const ProgramCall& call, const Context& context) {
  TRY_ASSIGN(ChildProcess child, ChildProcess::Start(call));
  std::string said;
  const absl::Time end = absl::Now() + program.limit;  // of the machine's clock, whatever ours says
  std::optional<ProcessEnd> ended;
  while (true) {
    Drain(child.out(), said);
    Drain(child.err(), said);
    if (ended.has_value()) break;
    TRY(context.CheckCancelled());
    ended = child.Poll();
    if (ended.has_value()) continue;
    if (absl::Now() > end) return fmt::format("it ran for longer than {}", FormatElapsed(program.limit));
    absl::SleepFor(kPoll);
  }
  if (ended->signal == 0 && ended->exit_code == 0) return "";
  const std::string_view tail = std::string_view(said).substr(said.size() > kTold ? said.size() - kTold : 0);
  const std::string how = ended->signal != 0 ? fmt::format("signal {} ended it", ended->signal)
                                             : fmt::format("it ended with {}", ended->exit_code);
  return tail.empty() ? how : fmt::format("{}: {}", how, WithoutControls(std::string(tail)));
}

}  // namespace

absl::Status SendAlert(const AlertProgram& program, const Json& message, const Context& context) {
  const ProgramCall call{.arguments = program.arguments,
                         .folder = program.folder,
                         .environment = program.environment,
                         .input = ToLine(message) + "\n"};
  std::string last;
  for (int i = 0; i < program.tries; ++i) {
    if (i > 0) absl::SleepFor(kPause);
    TRY_ASSIGN(last, TryOnce(program, call, context));
    if (last.empty()) return absl::OkStatus();
  }
  return absl::UnavailableError(
      fmt::format("the alert program '{}' took no alert: {}", program.arguments.front(), last));
}

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

}  // namespace roost::pipeline
