#include "cli/session.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "table/arrow_status.h"

namespace roost::cli {
namespace {

constexpr int kBrokenPipe = 141;  // what a shell shows for SIGPIPE

Cancellation interrupt_cancellation;

void OnInterrupt(int signal) {
  if (interrupt_cancellation.cancelled()) std::_Exit(128 + signal);
  interrupt_cancellation.Cancel();
}

std::atomic<bool> reload_signal{false};

void OnReload(int /*signal*/) { reload_signal = true; }

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool MayColor(int descriptor, const GlobalOptions& options) {
  if (options.no_color || IsSet("NO_COLOR")) return false;
  if (IsSet("FORCE_COLOR")) return true;
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

std::string Painted(std::string_view text, std::string_view color) {
  std::string_view code = "1";
  if (color == "red") code = "31";
  if (color == "green") code = "32";
  if (color == "yellow") code = "33";
  if (color == "dim") code = "2";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace

void InstallSignalHandlers() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // writes report EPIPE instead, see Print
}

const Cancellation& InterruptCancellation() { return interrupt_cancellation; }

void CatchReloadSignal() {
  struct sigaction action {};
  action.sa_handler = OnReload;
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
}

bool TakeReloadSignal() { return reload_signal.exchange(false); }

Session::Session() = default;

Context Session::MakeContext(JsonProgress json_progress) {
  if (pool_ == nullptr) pool_ = std::make_unique<ThreadPool>();
  if (progress_ == nullptr) {
    const bool silent = options_.quiet || (options_.json && json_progress == JsonProgress::kNo);
    const auto style = silent                       ? Progress::Style::kSilent
                       : options_.json              ? Progress::Style::kJson
                       : isatty(STDERR_FILENO) == 1 ? Progress::Style::kTerminal
                                                    : Progress::Style::kLog;
    progress_ = std::make_unique<Progress>(style, Width(), std::cerr);
  }
  Context context;
  context.pool = pool_.get();
  context.cancellation = &interrupt_cancellation;
  context.progress = [progress = progress_.get()](const ProgressUpdate& update) { progress->Update(update); };
  return context;
}

void Session::Print(std::string_view text) {
  if (progress_ != nullptr) progress_->Clear();
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) std::_Exit(errno == EPIPE ? kBrokenPipe : ExitCodeOf(ErrnoStatus(errno, "stdout")));
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void Session::Note(std::string_view line) {
  if (options_.quiet) return;
  if (progress_ != nullptr) progress_->Clear();
  std::cerr << PrintableLines(line) << std::endl;
}

void Session::NoteJson(const Json& json) {
  if (options_.quiet) return;
  if (progress_ != nullptr) progress_->Clear();
  std::cerr << ToLine(json) << std::endl;
}

std::string Session::Colored(std::string_view text, std::string_view color) const {
  return MayColor(STDOUT_FILENO, options_) ? Painted(text, color) : std::string(text);
}

int Session::Width() const {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS")) {
    const int width = std::atoi(columns);
    if (width >= 20) return width;
  }
  return 100;
}

void Session::Finish(const absl::StatusOr<int>& result) {
  if (progress_ != nullptr) progress_->Clear();
  if (result.ok()) {
    exit_code_ = *result;
    return;
  }
  if (table::IsBrokenPipe(result.status())) {
    exit_code_ = kBrokenPipe;
    return;
  }
  exit_code_ = ExitCodeOf(result.status());
  ShowError(result.status());
}

void Session::ShowError(const absl::Status& status) {
  const std::string message(status.message());
  const std::string hint = HintOf(status);
  if (options_.json) {
    Json error;
    error["message_type"] = "exit_error";
    error["code"] = exit_code_;
    error["message"] = message;
    if (!hint.empty()) error["hint"] = hint;
    std::cerr << ToLine(error) << std::endl;
    return;
  }
  const std::string_view word = status.code() == absl::StatusCode::kCancelled ? "stopped" : "error";
  std::cerr << (MayColor(STDERR_FILENO, options_) ? Painted(word, "red") : std::string(word)) << ": "
            << PrintableLines(message) << std::endl;
  if (!hint.empty()) std::cerr << "hint: " << PrintableLines(hint) << std::endl;
}

}  // namespace roost::cli
