#include "access/rate_limit.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/check.h"

namespace roost::access {
namespace {

/// Threads are dealt to the lanes in turn.
size_t ThreadNumber() {
  static std::atomic<size_t> next{0};
  thread_local const size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// A thousandth of a second's calls, at most a 128th of the burst, at least one.
int64_t BatchOf(const Rate& rate) {
  return std::max<int64_t>(1, static_cast<int64_t>(std::min(rate.per_second / 1000, rate.burst / 128)));
}

}  // namespace

int64_t RateLimit::MonotonicNanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

RateLimit::RateLimit(const Rate& rate, Clock clock)
    : rate_(rate),
      clock_(clock),
      interval_(std::llround(1e9 / rate.per_second)),
      window_(std::llround(rate.burst * 1e9 / rate.per_second)),
      batch_(BatchOf(rate)) {
  ROOST_CHECK(rate.per_second >= 0.001 && rate.per_second <= 1e6 && rate.burst >= 1 && rate.burst <= 1e6,
              "a rate out of its bounds");
}

absl::Duration RateLimit::Take() {
  std::atomic<int64_t>& own = lanes_[ThreadNumber() % kLanes].calls;
  int64_t have = own.load(std::memory_order_relaxed);
  while (have > 0) {
    if (own.compare_exchange_weak(have, have - 1, std::memory_order_relaxed)) return absl::ZeroDuration();
  }
  if (batch_ > 1 && Draw(batch_) == 0) {
    own.fetch_add(batch_ - 1, std::memory_order_relaxed);
    return absl::ZeroDuration();
  }
  return absl::Nanoseconds(Draw(1));
}

int64_t RateLimit::Draw(int64_t calls) {
  const int64_t now = clock_();
  int64_t due = due_.load(std::memory_order_relaxed);
  for (;;) {
    const int64_t next = std::max(due, now) + calls * interval_;
    if (next - now > window_) return next - now - window_;
    if (due_.compare_exchange_weak(due, next, std::memory_order_relaxed)) return 0;
  }
}

}  // namespace roost::access
