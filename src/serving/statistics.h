#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "serving/stripes.h"

namespace roost::serving {

/// How often something happened, and how long it took in all.
struct Timed {
  int64_t count = 0;
  int64_t nanoseconds = 0;

  friend bool operator==(const Timed&, const Timed&) = default;
};

/// What became of the requests to one model version, in the terms of Triton's statistics extension.
///
/// Threads: any number at once. A request adds to the stripe of its thread, with plain additions to memory that no
/// other thread writes; Sum adds the stripes up, and may miss requests that end meanwhile. Memory: a few hundred bytes
/// a stripe.
class Statistics {
 public:
  struct Totals {
    Timed success;                  ///< requests that were answered
    Timed failure;                  ///< requests that were refused, and the time until then
    Timed queue;                    ///< waiting for a worker, of requests that were answered; 0 of those inline
    Timed compute;                  ///< scoring alone, of requests that were answered; of merged ones that of all
    int64_t inference_count = 0;    ///< rows that were answered
    int64_t execution_count = 0;    ///< calls of the model: one a request, or a merged batch of them
    int64_t last_inference_ms = 0;  ///< milliseconds since 1970 in UTC of the last answer; 0: none yet

    friend bool operator==(const Totals&, const Totals&) = default;
  };

  Statistics() : stripes_(NumStripes()) {}

  void AddSuccess(int64_t rows, std::chrono::nanoseconds whole, std::chrono::nanoseconds compute);
  void AddFailure(std::chrono::nanoseconds whole);

  /// How long an answer took that a worker made.
  struct QueuedTimes {
    std::chrono::nanoseconds whole, queue, compute;
  };
  /// Of the requests that were scored together, one is the first.
  void AddQueued(int64_t rows, const QueuedTimes& times, bool first_of_batch);

  Totals Sum() const;

 private:
  struct alignas(kCacheLine) Stripe {
    std::atomic<int64_t> successes = 0, success_ns = 0, failures = 0, failure_ns = 0, compute_ns = 0, rows = 0;
    std::atomic<int64_t> last_ms = 0;
    std::atomic<int64_t> queue_ns = 0, joined = 0;  // joined: scored with one that was counted as the call
  };

  std::vector<Stripe> stripes_;
};

}  // namespace roost::serving
