#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace roost {

class ThreadPool;

/// Set by whoever wants the work to stop (Ctrl-C, a closed connection); read by whoever works. Thread-safe.
class Cancellation {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

/// How far a long work is. `total` is 0 where it is not known; `unit` is "rows", "bytes" and so on; `loss` is what
/// training has come to, NaN elsewhere.
struct ProgressUpdate {
  const char* stage;
  const char* unit;
  int64_t done;
  int64_t total;
  double loss = std::numeric_limits<double>::quiet_NaN();
};

/// What an engine may know of the world: engines have no clock, no threads and no globals of their own.
/// The pointed-to objects outlive the call that a Context is passed to.
struct Context {
  ThreadPool* pool = nullptr;                                     ///< never null in a call
  uint64_t seed = 0;                                              ///< the only source of randomness
  std::function<absl::Time()> now = absl::Now;                    ///< replaced by tests
  const Cancellation* cancellation = nullptr;                     ///< null: cannot be cancelled
  std::function<void(const ProgressUpdate&)> progress = nullptr;  ///< may be null; called from one thread at a time

  /// Cancelled where somebody asked to stop. Call it at least every few milliseconds of work.
  absl::Status CheckCancelled() const {
    if (cancellation != nullptr && cancellation->cancelled()) return absl::CancelledError("interrupted");
    return absl::OkStatus();
  }

  void Report(const ProgressUpdate& update) const {
    if (progress) progress(update);
  }
};

}  // namespace roost
