#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "telemetry/line_ring.h"
#include "telemetry/log_file.h"
#include "telemetry/per_thread.h"

namespace roost::telemetry {

struct AccessLogOptions {
  std::string path;   ///< a file that lines are appended to; "-": stderr
  double sample = 1;  ///< the share of requests without an error that is logged, 0 to 1
  /// Gets a sentence when writing has failed, and one when it works again; on the log's thread. May be null.
  std::function<void(const std::string&)> tell;
};

/// The access log: lines from the threads that serve, written by a thread of its own.
///
/// Serving never waits for it: each thread has a buffer of LineRing::kBytes; where that is full, because the disk is or
/// whoever reads the log is slow, lines are dropped and counted. A write that fails is tried again each second, from
/// the byte at which it stopped. A file that was renamed or removed is opened anew within a second, or at once by
/// Reopen.
/// Threads: all methods may be called from any thread.
class AccessLog {
 public:
  /// Opens the file. Errors as LogFile::Open, with a hint.
  static absl::StatusOr<std::unique_ptr<AccessLog>> Open(AccessLogOptions options);

  /// Writes what is left, if that takes no waiting.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// Whether the request belongs into the log: where it failed always, else by a hash of its id, so that all servers
  /// which a request with an id passes choose alike.
  bool Takes(std::string_view request_id, bool failed) const;

  /// Hands `line`, with its '\n', to the log's thread. Cost: a copy.
  void Append(std::string_view line) { rings_.Local().Push(line); }

  /// Closes the file and opens it anew.
  void Reopen();

  struct Counts {
    int64_t lines = 0;    ///< that were taken
    int64_t dropped = 0;  ///< that found no room
    int64_t errors = 0;   ///< attempts to write that failed
  };
  Counts counts() const;

 private:
  AccessLog(AccessLogOptions options, LogFile file);

  void Run();
  absl::Status Drain();
  void Report(const absl::Status& status);

  const AccessLogOptions options_;
  const uint64_t sample_below_;  // of hashes
  LogFile file_;                 // used by thread_ only
  bool failing_ = false;         // the same
  PerThread<LineRing> rings_;
  std::atomic<int64_t> errors_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool reopen_ = false;  // guarded by mutex_
  bool stop_ = false;    // guarded by mutex_
  std::thread thread_;   // the last: it uses the others
};

}  // namespace roost::telemetry
