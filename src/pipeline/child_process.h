#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::pipeline {

/// A program to run.
struct ProgramCall {
  std::vector<std::string> arguments;    ///< the program first: a path, or a name that is looked for on PATH
  std::string folder;                    ///< where it runs; paths without a leading '/' begin here
  std::vector<std::string> environment;  ///< "NAME=value": all that it gets
  std::string input;                     ///< on its stdin; empty: /dev/null is there
};

/// How a process ended.
struct ProcessEnd {
  int exit_code = 0;  ///< where `signal` is 0
  int signal = 0;     ///< that ended it
};

/// A program that runs in a session of its own. It gets no descriptor but stdin and the two pipes, default
/// signals, no core dumps, and is the first to go when the machine runs out of memory; it gets SIGKILL when the thread
/// that started it ends, however that comes (what it has started itself does not: its pipes are closed then). Threads:
/// one at a time.
class ChildProcess {
 public:
  /// NotFound where there is no such program or folder, PermissionDenied where it may not be run, InvalidArgument where
  /// it is none (a script without "#!").
  static absl::StatusOr<ChildProcess> Start(const ProgramCall& call);

  /// Kills what still lives.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  pid_t session() const { return process_; }
  int out() const { return out_; }  ///< the end of a pipe to read its stdout from; does not block
  int err() const { return err_; }  ///< the same of stderr

  /// SIGTERM to the process itself, which tells its own children.
  void Terminate();

  /// SIGKILL to every process of the session.
  void Kill();

  /// How the process ended; empty as long as it runs. Once it has ended, the rest of its session is killed. Does not
  /// block but for those to go, a second at most.
  std::optional<ProcessEnd> Poll();

 private:
  ChildProcess(pid_t process, int out, int err) : process_(process), out_(out), err_(err) {}

  pid_t process_;
  int out_;
  int err_;
  std::optional<ProcessEnd> end_;
};

}  // namespace roost::pipeline
