#include "pipeline/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "pipeline/process_session.h"

namespace roost::pipeline {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

/// Two ends of a pipe, or of nothing; closed with it. Both are above the standard descriptors, also in a program that
/// was started without them.
class Pipe {
 public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }

  absl::Status Open() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "making a pipe to the trainer");
    for (int& end : ends_) {
      const int higher = fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      if (higher < 0) return ErrnoStatus(errno, "making a pipe to the trainer");
      close(std::exchange(end, higher));
    }
    return absl::OkStatus();
  }

  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  int TakeReading() { return std::exchange(ends_[0], -1); }
  void CloseWriting() { close(std::exchange(ends_[1], -1)); }

 private:
  std::array<int, 2> ends_{-1, -1};
};

bool IsFile(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

std::string_view PathOf(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    if (variable.starts_with("PATH=")) return std::string_view(variable).substr(5);
  }
  return kDefaultPath;
}

absl::Status NotExecutable(std::string_view path) {
  return WithHint(absl::PermissionDeniedError(fmt::format("{} may not be run", Printable(path))),
                  fmt::format("chmod +x {} makes it a program.", Printable(path)));
}

/// The path of the program `call` names, as execvp(3) finds it, but that no shell is ever tried.
absl::StatusOr<std::string> FindProgram(const ProgramCall& call) {
  const std::string& name = call.arguments[0];
  const auto from_folder = [&call](const std::string& path) {
    return path.starts_with('/') ? path : call.folder + "/" + path;
  };
  if (name.find('/') != std::string::npos) {
    const std::string path = from_folder(name);
    if (!IsFile(path)) return absl::NotFoundError(fmt::format("there is no program {}", Printable(path)));
    if (access(path.c_str(), X_OK) != 0) return NotExecutable(path);
    return path;
  }
  std::string refused;
  std::string_view rest = PathOf(call.environment);
  while (!name.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    const std::string path = from_folder(fmt::format("{}/{}", folder.empty() ? "." : folder, name));
    if (IsFile(path) && access(path.c_str(), X_OK) == 0) return path;
    if (IsFile(path)) refused = path;
    if (folder.size() == rest.size()) break;
    rest.remove_prefix(folder.size() + 1);
  }
  if (!refused.empty()) return NotExecutable(refused);
  return WithHint(absl::NotFoundError(fmt::format("there is no program '{}' on PATH", Printable(name))),
                  "Name another program in `command`, or activate the environment that has it; a path with a '/' "
                  "begins in the project's folder.");
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child needs between fork and exec, made before: it may not allocate there.
struct Plan {
  const char* program;
  const char* folder;
  char** arguments;
  char** environment;
  int in, out, err, failure;  // descriptors
  pid_t parent;
};

void CloseOnExec() {
  if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  // Kernels before 5.11.
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (int fd = STDERR_FILENO + 1; static_cast<rlim_t>(fd) < limit.rlim_cur; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/// Where memory runs out, the trainer goes, not what watches it.
void OfferToTheKernel() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = write(file, "500", 3);
  close(file);
}

[[noreturn]] void Fail(const Plan& plan) {
  const int error_number = errno;
  [[maybe_unused]] const ssize_t written = write(plan.failure, &error_number, sizeof error_number);
  _exit(127);
}

/// In the child: only what is safe in a signal handler (signal-safety(7)), as other threads of the parent may have held
/// locks.
[[noreturn]] void Become(const Plan& plan) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);  // it has ended before we asked to be told
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  OfferToTheKernel();
  if (dup2(plan.in, STDIN_FILENO) < 0 || dup2(plan.out, STDOUT_FILENO) < 0 || dup2(plan.err, STDERR_FILENO) < 0 ||
      chdir(plan.folder) != 0) {
    Fail(plan);
  }
  CloseOnExec();
  execve(plan.program, plan.arguments, plan.environment);
  Fail(plan);
}

/// An open file, which is closed with it.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// A descriptor to read `input` from: /dev/null, or a file in memory, so that nobody must write while the child runs.
absl::StatusOr<std::unique_ptr<OpenFile>> OpenInput(const std::string& input) {
  const int low = input.empty() ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memfd_create("stdin", MFD_CLOEXEC);
  const OpenFile opened(low);
  const int descriptor = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (descriptor < 0) return ErrnoStatus(errno, "opening the stdin of a process");
  auto file = std::make_unique<OpenFile>(descriptor);
  for (std::string_view rest = input; !rest.empty();) {
    const ssize_t written = write(descriptor, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "writing the stdin of a process");
    rest.remove_prefix(static_cast<size_t>(written));
  }
  if (!input.empty()) lseek(descriptor, 0, SEEK_SET);
  return file;
}

/// fork, with all signals blocked, so that no handler of ours runs in the child.
pid_t Fork(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t process = fork();
  if (process == 0) Become(plan);
  const int error_number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error_number;
  return process;
}

absl::Status NotStarted(int error_number, std::string_view program) {
  if (error_number == ENOEXEC) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("{} is no program", Printable(program))),
        "A script begins with a line such as #!/usr/bin/env python3, or is an argument of its interpreter.");
  }
  const absl::Status status = ErrnoStatus(error_number, fmt::format("starting {}", Printable(program)));
  if (error_number != ENOENT) return status;
  return WithHint(status, "The file is there: its first line (#!) names a program that is not.");
}

absl::Status CheckCall(const ProgramCall& call) {
  if (call.arguments.empty()) return absl::InvalidArgumentError("there is no command");
  for (const std::vector<std::string>& texts : {call.arguments, call.environment}) {
    for (const std::string& text : texts) {
      if (text.find('\0') == std::string::npos) continue;
      return absl::InvalidArgumentError(
          fmt::format("'{}' has a byte 0 in it, which no program can be given", Printable(text)));
    }
  }
  struct stat found {};
  if (stat(call.folder.c_str(), &found) != 0) return ErrnoStatus(errno, fmt::format("the folder {}", call.folder));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& program, const std::string& folder) {
  const char* path = std::getenv("PATH");
  std::vector<std::string> environment;
  if (path != nullptr) environment.push_back(fmt::format("PATH={}", path));
  return FindProgram(ProgramCall{.arguments = {program}, .folder = folder, .environment = environment});
}

absl::StatusOr<ChildProcess> ChildProcess::Start(const ProgramCall& call) {
  TRY(CheckCall(call));
  TRY_ASSIGN(const std::string program, FindProgram(call));
  std::vector<std::string> arguments = call.arguments;
  std::vector<std::string> environment = call.environment;
  std::vector<char*> pointers = Pointers(arguments);
  std::vector<char*> variables = Pointers(environment);
  Pipe out;
  Pipe err;
  Pipe failure;
  for (Pipe* pipe : {&out, &err, &failure}) TRY(pipe->Open());
  TRY_ASSIGN(const std::unique_ptr<OpenFile> in, OpenInput(call.input));
  const pid_t process = Fork({program.c_str(), call.folder.c_str(), pointers.data(), variables.data(), in->descriptor(),
                              out.writing(), err.writing(), failure.writing(), getpid()});
  if (process < 0) return ErrnoStatus(errno, "starting a process");
  for (Pipe* pipe : {&out, &err, &failure}) pipe->CloseWriting();
  fcntl(out.reading(), F_SETFL, O_NONBLOCK);
  fcntl(err.reading(), F_SETFL, O_NONBLOCK);
  ChildProcess child(process, out.TakeReading(), err.TakeReading());
  int error_number = 0;
  ssize_t got = 0;
  while ((got = read(failure.reading(), &error_number, sizeof error_number)) < 0 && errno == EINTR) {
  }
  if (got == sizeof error_number) return NotStarted(error_number, program);
  return child;
}

ChildProcess::~ChildProcess() {
  if (process_ > 0 && !end_.has_value()) {
    Kill();
    int state = 0;
    while (waitpid(process_, &state, 0) < 0 && errno == EINTR) {
    }
  }
  for (const int end : {out_, err_}) {
    if (end >= 0) close(end);
  }
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      out_(std::exchange(other.out_, -1)),
      err_(std::exchange(other.err_, -1)),
      end_(other.end_) {}

void ChildProcess::Terminate() {
  if (!end_.has_value()) kill(process_, SIGTERM);
}

void ChildProcess::Kill() {
  if (end_.has_value()) return;
  // The process is not waited for yet, so that neither its number nor its session's can belong to another. A process
  // may fork while the list is made: until there is none. One that hangs in the kernel cannot be waited for.
  kill(-process_, SIGKILL);
  for (int round = 0; round < 1000; ++round) {
    const std::vector<pid_t> living = ProcessesOf(process_);
    if (living.empty()) return;
    for (const pid_t process : living) kill(process, SIGKILL);
    usleep(1000);
  }
}

std::optional<ProcessEnd> ChildProcess::Poll() {
  if (end_.has_value()) return end_;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  Kill();
  int state = 0;
  while (waitpid(process_, &state, 0) < 0 && errno == EINTR) {
  }
  end_ = WIFSIGNALED(state) ? ProcessEnd{0, WTERMSIG(state)} : ProcessEnd{WEXITSTATUS(state), 0};
  return end_;
}

}  // namespace roost::pipeline
