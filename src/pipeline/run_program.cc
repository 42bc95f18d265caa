#include "pipeline/run_program.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

constexpr size_t kMostKept = 64 << 10;
constexpr int kPollMs = 5;

/// Reads what there is; false at the end of the pipe. Only the last kMostKept bytes stay.
bool Drain(int file, std::string& kept) {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got == 0) return false;
    if (got < 0) return true;  // nothing now
    kept.append(buffer.data(), static_cast<size_t>(got));
    if (kept.size() > 2 * kMostKept) kept.erase(0, kept.size() - kMostKept);
  }
}

void CutFront(std::string& text) {
  if (text.size() > kMostKept) text.erase(0, text.size() - kMostKept);
}

std::string LastLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

absl::Status StatusOf(const ProcessEnd& end, const std::string& program, const std::string& said) {
  if (end.signal == 0 && end.exit_code == 0) return absl::OkStatus();
  const std::string how =
      end.signal != 0 ? fmt::format("signal {}", end.signal) : fmt::format("exit code {}", end.exit_code);
  const std::string line = LastLine(said);
  return absl::FailedPreconditionError(
      fmt::format("{} ended with {}{}", Printable(program), how, line.empty() ? "" : ": " + Printable(line)));
}

}  // namespace

absl::StatusOr<ProgramRun> RunToItsEnd(const ProgramCall& call, absl::Duration limit, const Context& context) {
  TRY(context.CheckCancelled());
  TRY_ASSIGN(ChildProcess child, ChildProcess::Start(call));
  const absl::Time until = absl::Now() + limit;
  ProgramRun run;
  bool out_is_open = true;
  bool err_is_open = true;
  std::optional<ProcessEnd> end;
  while (!(end = child.Poll()).has_value()) {
    if (absl::Now() >= until) {
      child.Kill();
      run.in_time = false;
      break;
    }
    TRY(context.CheckCancelled());  // the child is killed with its owner
    // A closed pipe would always be ready: it is no longer asked for.
    std::array<pollfd, 2> files{pollfd{out_is_open ? child.out() : -1, POLLIN, 0},
                                pollfd{err_is_open ? child.err() : -1, POLLIN, 0}};
    poll(files.data(), files.size(), kPollMs);
    out_is_open = out_is_open && Drain(child.out(), run.out);
    err_is_open = err_is_open && Drain(child.err(), run.err);
  }
  if (out_is_open) Drain(child.out(), run.out);
  if (err_is_open) Drain(child.err(), run.err);
  CutFront(run.out);
  CutFront(run.err);
  if (end.has_value()) run.end = *end;
  return run;
}

absl::Status RunProgram(const ProgramCall& call, absl::Duration limit, const Context& context) {
  TRY_ASSIGN(const ProgramRun run, RunToItsEnd(call, limit, context));
  if (run.in_time) return StatusOf(run.end, call.arguments[0], run.err);
  return absl::DeadlineExceededError(
      fmt::format("{} did not end within {}", Printable(call.arguments[0]), FormatElapsed(limit)));
}

std::vector<std::string> PlainEnvironment() {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV",
                           "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    if (const char* value = std::getenv(name); value != nullptr)
      environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

}  // namespace roost::pipeline
