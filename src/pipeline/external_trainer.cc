#include "pipeline/external_trainer.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "pipeline/child_process.h"
#include "pipeline/process_session.h"
#include "pipeline/trainer_log.h"

namespace roost::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kExitCheckpointed = 75;  // EX_TEMPFAIL of sysexits.h
constexpr int kTurnMilliseconds = 20;
constexpr std::chrono::milliseconds kMemoryInterval(200);
constexpr size_t kReadBytes = 64 << 10;
constexpr int kReadsPerTurn = 16;  // so that limits hold against a trainer that writes without end
constexpr size_t kLogBytes = 64 << 10;
constexpr size_t kLogLines = 1000;
constexpr size_t kMessageBytes = 2000;  // of the log in an error
constexpr size_t kMessageLines = 8;

/// The variables of our own environment that a trainer sees; docs/trainers.md lists them. A name that ends with '*'
/// stands for all that begin so.
constexpr std::string_view kPassedVariables[] = {"PATH",
                                                 "HOME",
                                                 "USER",
                                                 "LOGNAME",
                                                 "LANG",
                                                 "LANGUAGE",
                                                 "LC_*",
                                                 "TZ",
                                                 "TMPDIR",
                                                 "VIRTUAL_ENV",
                                                 "CONDA_PREFIX",
                                                 "LD_LIBRARY_PATH",
                                                 "CUDA_*",
                                                 "NVIDIA_*",
                                                 "OMP_NUM_THREADS",
                                                 "MKL_NUM_THREADS",
                                                 "OPENBLAS_NUM_THREADS"};

bool IsPassed(std::string_view name) {
  for (const std::string_view passed : kPassedVariables) {
    const bool begins = passed.ends_with('*') && name.starts_with(passed.substr(0, passed.size() - 1));
    if (begins || name == passed) return true;
  }
  return false;
}

std::vector<std::string> EnvironmentOf(const ExternalTrainerRequest& request, const Context& context) {
  const std::string threads = fmt::format("{}", context.pool->num_threads());
  std::map<std::string, std::string> variables = {{"OMP_NUM_THREADS", threads}};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (name.size() < text.size() && IsPassed(name)) variables[std::string(name)] = text.substr(name.size() + 1);
  }
  for (const auto& [name, value] : request.variables) variables[name] = value;
  variables["ROOST_WORK"] = request.work_folder;
  variables["PYTHONUNBUFFERED"] = "1";  // progress comes when it is made
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

absl::Status CheckRequest(const ExternalTrainerRequest& request) {
  for (const auto& [name, value] : request.variables) {
    if (!name.empty() && name.find('=') == std::string::npos) continue;
    return absl::InvalidArgumentError(fmt::format("'{}' is no name of an environment variable", Printable(name)));
  }
  return absl::OkStatus();
}

std::string CommandText(const std::vector<std::string>& command) {
  return Printable(fmt::format("{}", fmt::join(command, " ")));
}

/// One run of a trainer, from its start to its end.
class Run {
 public:
  Run(const ExternalTrainerRequest& request, const Context& context, ChildProcess child, TrainerLog log)
      : request_(request),
        context_(context),
        child_(std::move(child)),
        log_(std::move(log)),
        buffer_(kReadBytes, '\0') {}

  absl::StatusOr<ExternalTrainerResult> ToItsEnd();

 private:
  enum class Stop { kNone, kCancelled, kTime, kMemory };
  struct Stream {
    int descriptor;
    bool events;
    bool open = true;
  };

  double Seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }
  void WaitForOutput();
  void Read(Stream& stream);
  void Take(std::string_view bytes, bool events);
  void OnEvent(const TrainerEvent& event);
  void CheckLimits();
  void CheckMemory();
  void Ask(Stop why);
  void ForceWhereLate();
  absl::StatusOr<ExternalTrainerResult> ResultOf(const ProcessEnd& end);
  absl::Status Failure(absl::StatusCode code, std::string_view what, std::string_view hint) const;
  absl::Status EndedBadly(const ProcessEnd& end) const;
  absl::Status Stopped(const ProcessEnd& end) const;

  const ExternalTrainerRequest& request_;
  const Context& context_;
  ChildProcess child_;
  TrainerLog log_;
  TrainerEvents events_;
  std::string buffer_;
  std::array<Stream, 2> streams_{Stream{child_.out(), true}, Stream{child_.err(), false}};
  const Clock::time_point started_ = Clock::now();
  Clock::time_point next_memory_ = started_;
  int64_t peak_memory_ = 0;
  Stop stop_ = Stop::kNone;
  Clock::time_point asked_;  // when SIGTERM was sent
  bool forced_ = false;      // SIGKILL was sent
};

absl::StatusOr<ExternalTrainerResult> Run::ToItsEnd() {
  std::optional<ProcessEnd> end;
  while (!end.has_value()) {
    WaitForOutput();
    CheckLimits();
    ForceWhereLate();
    end = child_.Poll();
    // After the end too: what it wrote last lies in the pipes. Their other ends may be open still, in a process that
    // left the session, so nobody waits for their end.
    for (Stream& stream : streams_) Read(stream);
  }
  events_.Finish([this](std::string_view bytes) { log_.Append(bytes); },
                 [this](const TrainerEvent& event) { OnEvent(event); });
  log_.Finish();
  return ResultOf(*end);
}

void Run::WaitForOutput() {
  std::array<pollfd, 2> waiting{};
  nfds_t count = 0;
  for (const Stream& stream : streams_) {
    if (stream.open) waiting[count++] = {stream.descriptor, POLLIN, 0};
  }
  poll(waiting.data(), count, kTurnMilliseconds);
}

void Run::Read(Stream& stream) {
  for (int i = 0; stream.open && i < kReadsPerTurn; ++i) {
    const ssize_t got = read(stream.descriptor, buffer_.data(), buffer_.size());
    if (got > 0) {
      Take(std::string_view(buffer_).substr(0, static_cast<size_t>(got)), stream.events);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      stream.open = false;
    } else {
      return;
    }
  }
}

void Run::Take(std::string_view bytes, bool events) {
  const auto log = [this](std::string_view text) { log_.Append(text); };
  if (!events) return log(bytes);
  events_.Append(bytes, log, [this](const TrainerEvent& event) { OnEvent(event); });
}

void Run::OnEvent(const TrainerEvent& event) {
  if (const auto* progress = std::get_if<TrainerProgress>(&event)) {
    context_.Report({"training", "steps", progress->step, progress->steps, progress->loss.value_or(std::nan(""))});
  }
  if (request_.on_event) request_.on_event(event);
}

void Run::CheckLimits() {
  if (!context_.CheckCancelled().ok()) Ask(Stop::kCancelled);
  if (request_.limits.seconds > 0 && Seconds() > request_.limits.seconds) Ask(Stop::kTime);
  if (Clock::now() >= next_memory_) CheckMemory();
}

void Run::CheckMemory() {
  const int64_t limit = request_.limits.memory_bytes;
  const int64_t memory = ResidentMemoryOf(child_.session(), limit > 0 ? limit : std::numeric_limits<int64_t>::max());
  peak_memory_ = std::max(peak_memory_, memory);
  // From its end: where the machine has many processes, looking at them is not what it does all the time.
  next_memory_ = Clock::now() + kMemoryInterval;
  if (limit <= 0 || memory <= limit || forced_) return;
  stop_ = Stop::kMemory;
  forced_ = true;
  child_.Kill();
}

void Run::Ask(Stop why) {
  if (stop_ != Stop::kNone) return;
  stop_ = why;
  asked_ = Clock::now();
  child_.Terminate();
}

void Run::ForceWhereLate() {
  if (stop_ == Stop::kNone || forced_) return;
  if (std::chrono::duration<double>(Clock::now() - asked_).count() < request_.limits.grace_seconds) return;
  forced_ = true;
  child_.Kill();
}

absl::StatusOr<ExternalTrainerResult> Run::ResultOf(const ProcessEnd& end) {
  const bool well = end.signal == 0 && end.exit_code == 0;
  if (stop_ != Stop::kNone && !(stop_ == Stop::kTime && well)) return Stopped(end);
  ExternalTrainerResult result;
  result.metrics = events_.metrics();
  result.log = log_.Tail(kLogBytes, kLogLines);
  result.seconds = Seconds();
  result.peak_memory_bytes = peak_memory_;
  if (end.signal == 0 && end.exit_code == kExitCheckpointed) return result;
  if (!well) return EndedBadly(end);
  result.done = true;
  absl::StatusOr<TrainerOutput> output = ReadTrainerOutput(request_.work_folder + "/output", request_.limits);
  if (!output.ok()) {
    const absl::string_view what = output.status().message();
    return Failure(output.status().code(), {what.data(), what.size()}, HintOf(output.status()));
  }
  result.output = *std::move(output);
  return result;
}

absl::Status Run::Failure(absl::StatusCode code, std::string_view what, std::string_view hint) const {
  std::string message = fmt::format("the trainer '{}': {}", CommandText(request_.command), what);
  const std::string tail = log_.Tail(kMessageBytes, kMessageLines);
  if (!tail.empty()) message += "\nIt wrote last:\n" + tail;
  return WithHint(absl::Status(code, message), hint);
}

absl::Status Run::EndedBadly(const ProcessEnd& end) const {
  const std::string hint = fmt::format("All that it wrote: {}/log.txt", request_.work_folder);
  if (end.signal == 0) {
    return Failure(absl::StatusCode::kInvalidArgument, fmt::format("it ended with exit code {}", end.exit_code), hint);
  }
  const char* name = sigabbrev_np(end.signal);
  const std::string what = fmt::format(
      "it was ended by SIG{} ({})", name == nullptr ? "?" : name,
      end.signal == SIGKILL ? "killed, perhaps because the machine had no memory left" : sigdescr_np(end.signal));
  return Failure(absl::StatusCode::kInvalidArgument, what, hint);
}

absl::Status Run::Stopped(const ProcessEnd& end) const {
  const bool checkpointed = end.signal == 0 && end.exit_code == kExitCheckpointed;
  const std::string_view left = checkpointed ? " and left a checkpoint" : forced_ ? " by force" : "";
  const std::string_view again = "Run the same command again: it goes on from the checkpoint.";
  switch (stop_) {
    case Stop::kCancelled:
      return WithHint(absl::CancelledError(fmt::format("interrupted; the trainer stopped{}", left)),
                      checkpointed ? again : "");
    case Stop::kMemory:
      return Failure(absl::StatusCode::kResourceExhausted,
                     fmt::format("it had {} of memory, more than its limit of {}, and was stopped",
                                 FormatBytes(peak_memory_), FormatBytes(request_.limits.memory_bytes)),
                     "Give it more with `max_memory_mb`, or make it take less.");
    default:
      return Failure(absl::StatusCode::kDeadlineExceeded,
                     fmt::format("it ran longer than its limit of {} and was stopped{}",
                                 FormatElapsed(absl::Seconds(request_.limits.seconds)), left),
                     checkpointed ? again : "Give it more with `max_minutes`, or make it write checkpoints.");
  }
}

}  // namespace

absl::StatusOr<ExternalTrainerResult> RunExternalTrainer(const ExternalTrainerRequest& request,
                                                         const Context& context) {
  TRY(CheckRequest(request));
  TRY(context.CheckCancelled());
  TRY_ASSIGN(TrainerLog log, TrainerLog::Create(request.work_folder + "/log.txt"));
  absl::StatusOr<ChildProcess> child =
      ChildProcess::Start({request.command, request.folder, EnvironmentOf(request, context)});
  if (!child.ok()) return Annotate(child.status(), "the trainer cannot be started");
  return Run(request, context, *std::move(child), std::move(log)).ToItsEnd();
}

}  // namespace roost::pipeline
