#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace roost::access {

/// So many calls a second in the long run, and up to `burst` at once after a pause.
struct Rate {
  double per_second = 1;  ///< 0.001 to 1,000,000
  double burst = 1;       ///< 1 to 1,000,000

  friend bool operator==(const Rate&, const Rate&) = default;
};

/// A token bucket in the form of the generic cell rate algorithm (ITU-T I.371): one number, the time at which all
/// calls so far would be due one by one.
///
/// Threads draw calls from it in small batches (a thousandth of a second's, at most a 128th of the burst), so that at
/// high rates most calls write only memory of their own thread. No call is made up and none is lost: the long run is
/// exact, and a thread may keep up to a batch while another is refused. Below 2,000 calls a second a batch is one call.
/// Threads: any.
class RateLimit {
 public:
  using Clock = int64_t (*)();  ///< nanoseconds that never go back

  /// Nanoseconds of the system's monotonic clock.
  static int64_t MonotonicNanos();

  explicit RateLimit(const Rate& rate, Clock clock = MonotonicNanos);

  const Rate& rate() const { return rate_; }

  /// Takes a call: zero. Or takes none, and says how long until there may be one. Costs some 9 ns, or 40 with a draw.
  absl::Duration Take();

 private:
  static constexpr size_t kLanes = 64;
  struct alignas(64) Lane {
    std::atomic<int64_t> calls{0};  // that its threads have drawn
  };

  /// Nanoseconds to wait; 0: `calls` are drawn.
  int64_t Draw(int64_t calls);

  const Rate rate_;
  const Clock clock_;
  const int64_t interval_;  // nanoseconds for one call
  const int64_t window_;    // for a burst
  const int64_t batch_;     // calls that are drawn at once
  alignas(64) std::atomic<int64_t> due_{0};
  std::array<Lane, kLanes> lanes_;
};

}  // namespace roost::access
