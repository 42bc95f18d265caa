#include "cli/model_trial.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "serving/servable.h"
#include "telemetry/process_figures.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kLimit = absl::Minutes(1);
constexpr absl::Duration kLook = absl::Milliseconds(5);
constexpr size_t kMaxAnswer = 4096;

// A file in memory, closed with its owner.
class MemoryFile {
 public:
  static absl::StatusOr<MemoryFile> Make() {
    MemoryFile file(memfd_create("roost-model", MFD_CLOEXEC));
    if (file.descriptor_ < 0) return ErrnoStatus(errno, "a file in memory");
    return file;
  }
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}
  MemoryFile(MemoryFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  absl::Status Write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoStatus(errno, "a file in memory");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

 private:
  int descriptor_;
};

// The files one after the other, each behind its length: 8 bytes in the byte order of this machine.
absl::StatusOr<MemoryFile> WriteFiles(const serving::ModelFiles& files) {
  TRY_ASSIGN(MemoryFile file, MemoryFile::Make());
  for (const std::string* bytes : {&files.model_json, &files.onnx, &files.warmup}) {
    const uint64_t length = bytes->size();
    TRY(file.Write({reinterpret_cast<const char*>(&length), sizeof length}));
    TRY(file.Write(*bytes));
  }
  if (lseek(file.descriptor(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "a file in memory");
  return file;
}

absl::StatusOr<std::string> ReadStdin(size_t bytes) {
  std::string text;
  char buffer[1 << 16];
  while (text.size() < bytes) {
    const ssize_t count = read(STDIN_FILENO, buffer, std::min(sizeof buffer, bytes - text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return absl::InvalidArgumentError("stdin does not hold a model");
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

absl::StatusOr<pid_t> StartChild(const std::string& name, int64_t version, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  const std::string number = fmt::to_string(version);
  const char* arguments[] = {"roost", "try-model", "--json", "--", name.c_str(), number.c_str(), nullptr};
  pid_t child = 0;
  const int error =
      posix_spawn(&child, "/proc/self/exe", &actions, nullptr, const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, "starting a process to try the model");
  return child;
}

// What waitpid tells of the child; empty where it did not end in time, and was killed.
std::optional<int> WaitFor(pid_t child) {
  const absl::Time end = absl::Now() + kLimit;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (absl::Now() >= end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return std::nullopt;
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kLook));
  }
  return status;
}

std::string BeginningOf(const MemoryFile& file) {
  std::string text(kMaxAnswer, '\0');
  const ssize_t count = pread(file.descriptor(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return text;
}

// What the child wrote to stderr: an error as Session::ShowError writes it, or whatever a library printed.
absl::Status ReasonIn(const MemoryFile& err) {
  const std::string text = BeginningOf(err);
  const absl::StatusOr<Json> json = ParseJson(text, "what the child said");
  if (!json.ok() || !json->is_object() || !json->contains("message") || !(*json)["message"].is_string()) {
    return absl::InvalidArgumentError(text.empty() ? "it cannot be loaded" : text);
  }
  absl::Status status = absl::InvalidArgumentError((*json)["message"].get<std::string>());
  const Json hint = json->value("hint", Json());
  return hint.is_string() ? WithHint(std::move(status), hint.get<std::string>()) : status;
}

constexpr const char* kLoad = "load_ns";
constexpr const char* kRow = "row_ns";
constexpr const char* kMemory = "memory_bytes";

// What the child wrote to stdout: its last line, as a library may have printed before it.
absl::StatusOr<judge::ServerFigures> FiguresIn(const MemoryFile& out) {
  const std::string text = BeginningOf(out);
  const size_t begin = text.rfind('{');
  TRY_ASSIGN(const Json json, ParseJson(begin == std::string::npos ? text : text.substr(begin), "what the child said"));
  for (const char* key : {kLoad, kRow, kMemory}) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_number_integer()) {
      return absl::InternalError(fmt::format("the process that tries it does not say its {}", key));
    }
  }
  return judge::ServerFigures{.load = absl::Nanoseconds(json[kLoad].get<int64_t>()),
                              .row = absl::Nanoseconds(json[kRow].get<int64_t>()),
                              .memory_bytes = json[kMemory].get<int64_t>()};
}

// Processor time of all threads of this process.
absl::Duration ProcessorTime() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace

absl::StatusOr<judge::ServerFigures> TryModelApart(const std::string& name, int64_t version,
                                                   const serving::ModelFiles& files) {
  TRY_ASSIGN(const MemoryFile in, WriteFiles(files));
  TRY_ASSIGN(const MemoryFile out, MemoryFile::Make());
  TRY_ASSIGN(const MemoryFile err, MemoryFile::Make());
  TRY_ASSIGN(const pid_t child, StartChild(name, version, in.descriptor(), out.descriptor(), err.descriptor()));
  const std::optional<int> status = WaitFor(child);
  if (!status.has_value()) {
    return absl::InternalError(fmt::format("loading it does not end within {}", absl::FormatDuration(kLimit)));
  }
  if (WIFSIGNALED(*status)) {
    const int signal = WTERMSIG(*status);
    return absl::InternalError(
        fmt::format("loading it crashes the process that tries it (signal {}, {})", signal, strsignal(signal)));
  }
  if (WEXITSTATUS(*status) != 0) return ReasonIn(err);
  return FiguresIn(out);
}

absl::StatusOr<std::string> TryModelFromStdin(const std::string& name, int64_t version) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  serving::ModelFiles files;
  for (std::string* bytes : {&files.model_json, &files.onnx, &files.warmup}) {
    TRY_ASSIGN(const std::string head, ReadStdin(sizeof(uint64_t)));
    uint64_t length = 0;
    std::memcpy(&length, head.data(), sizeof length);
    TRY_ASSIGN(*bytes, ReadStdin(length));
  }
  const absl::Duration begin = ProcessorTime();
  TRY_ASSIGN(const auto servable, serving::Servable::Parse(name, version, files.model_json, std::move(files.onnx)));
  TRY(servable->WarmUp(files.warmup));
  const absl::Duration load = ProcessorTime() - begin;
  return ToLine(Json{{kLoad, absl::ToInt64Nanoseconds(load)},
                     {kRow, servable->row_cost().warm_up().count()},
                     {kMemory, telemetry::ReadProcessFigures().resident_bytes}});
}

}  // namespace roost::cli
