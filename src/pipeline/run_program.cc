#include "pipeline/run_program.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

constexpr size_t kMostKept = 4096;
constexpr int kPollMs = 10;

/// Reads what there is; false at the end of the pipe. Of `kept`, where there is one, only the end stays.
bool Drain(int file, std::string* kept) {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got == 0) return false;
    if (got < 0) return true;  // nothing now
    if (kept == nullptr) continue;
    kept->append(buffer.data(), static_cast<size_t>(got));
    if (kept->size() > kMostKept) kept->erase(0, kept->size() - kMostKept);
  }
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

absl::Status RunProgram(const ProgramCall& call, absl::Duration limit, const Context& context) {
  TRY(context.CheckCancelled());
  TRY_ASSIGN(ChildProcess child, ChildProcess::Start(call));
  const absl::Time until = absl::Now() + limit;
  std::string said;
  std::optional<ProcessEnd> end;
  while (!(end = child.Poll()).has_value()) {
    if (absl::Now() >= until) {
      child.Kill();
      return absl::DeadlineExceededError(
          fmt::format("{} did not end within {}", Printable(call.arguments[0]), FormatElapsed(limit)));
    }
    TRY(context.CheckCancelled());  // the child is killed with its owner
    std::array<pollfd, 2> files{pollfd{child.out(), POLLIN, 0}, pollfd{child.err(), POLLIN, 0}};
    const bool is_ready = poll(files.data(), files.size(), kPollMs) > 0;
    const bool out = Drain(child.out(), nullptr);
    const bool err = Drain(child.err(), &said);
    // Closed pipes are always ready: it goes on without them.
    if (is_ready && !out && !err) usleep(kPollMs * 1000);
  }
  Drain(child.err(), &said);
  return StatusOf(*end, call.arguments[0], said);
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

}  // namespace roost::pipeline
