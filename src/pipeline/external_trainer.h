#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "pipeline/trainer_events.h"
#include "pipeline/trainer_output.h"
#include "pipeline/work_folder.h"

namespace roost::pipeline {

/// An external trainer is any program that keeps the contract of docs/trainers.md.
struct ExternalTrainerRequest {
  std::vector<std::string> command;  ///< the program and its arguments; no shell sees them
  std::string folder;                ///< where it runs: the project's folder
  std::string work_folder;           ///< WorkFolder::path(), with its config.json; the caller holds the WorkFolder
  std::map<std::string, std::string>
      variables;  ///< declared environment variables, beside those that docs/trainers.md lists
  TrainerLimits limits;
  /// Called for what the trainer reports, on the calling thread; may be empty. Progress comes at most once for each
  /// 64 KiB of output, the newest. Context::progress gets the steps too.
  std::function<void(const TrainerEvent&)> on_event;
};

struct ExternalTrainerResult {
  /// False: the trainer ended with exit code 75, of its own. It left what it knows in checkpoint/ and goes on when it
  /// is run again; `output` is empty.
  bool done = false;
  TrainerOutput output;
  std::map<std::string, double> metrics;  ///< the last value of each
  std::string log;                        ///< the end of what else it wrote, at most 64 KiB of UTF-8; all: log.txt
  double seconds = 0;
  int64_t peak_memory_bytes = 0;  ///< the most that was seen, of all its processes together
};

/// Runs the trainer to its end in a session of its own, without a shell, with stdin closed, no other descriptor, and
/// the environment variables that docs/trainers.md lists; it dies with the thread that called. What it writes to stdout
/// and stderr that is no event goes to log.txt, of which the first and the last megabyte are kept. When this returns,
/// no process of its session lives.
///
/// The message of an error names the command and ends with the last lines of the log:
/// - NotFound, PermissionDenied, InvalidArgument: the command cannot be started;
/// - InvalidArgument: it ended with another exit code than 0 or 75, or by a signal (named), or left no good output;
/// - DeadlineExceeded: it ran longer than its limit. It got SIGTERM, and SIGKILL grace_seconds later. Where it ended
///   with 0 in that time it is done all the same;
/// - ResourceExhausted: its processes had more memory than their limit; they got SIGKILL;
/// - Cancelled: `context` was cancelled; SIGTERM, then SIGKILL, as above.
///
/// Memory is what is resident, asked for every 200 ms (/proc/PID/smaps_rollup), not what is reserved: RLIMIT_AS and
/// RLIMIT_DATA hold for each process alone, and TensorFlow or CUDA reserve many times what they touch.
/// One call at a time for a work folder; calls for different folders may run at once.
absl::StatusOr<ExternalTrainerResult> RunExternalTrainer(const ExternalTrainerRequest& request, const Context& context);

}  // namespace roost::pipeline
