#include "serving/statistics.h"

#include <ctime>

#include <algorithm>

namespace roost::serving {
namespace {

// Good to a clock tick of the system, some milliseconds, and several times as cheap as the exact clock.
int64_t NowMilliseconds() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

void Add(std::atomic<int64_t>& counter, int64_t value) { counter.fetch_add(value, std::memory_order_relaxed); }

int64_t Get(const std::atomic<int64_t>& counter) { return counter.load(std::memory_order_relaxed); }

}  // namespace

void Statistics::AddSuccess(int64_t rows, std::chrono::nanoseconds whole, std::chrono::nanoseconds compute) {
  Stripe& stripe = stripes_[ThreadStripe()];
  Add(stripe.successes, 1);
  Add(stripe.success_ns, whole.count());
  Add(stripe.compute_ns, compute.count());
  Add(stripe.rows, rows);
  stripe.last_ms.store(NowMilliseconds(), std::memory_order_relaxed);
}

void Statistics::AddFailure(std::chrono::nanoseconds whole) {
  Stripe& stripe = stripes_[ThreadStripe()];
  Add(stripe.failures, 1);
  Add(stripe.failure_ns, whole.count());
}

void Statistics::AddQueued(int64_t rows, const QueuedTimes& times, bool first_of_batch) {
  AddSuccess(rows, times.whole, times.compute);
  Stripe& stripe = stripes_[ThreadStripe()];
  Add(stripe.queue_ns, times.queue.count());
  if (!first_of_batch) Add(stripe.joined, 1);
}

Statistics::Totals Statistics::Sum() const {
  Totals totals;
  for (const Stripe& stripe : stripes_) {
    const int64_t successes = Get(stripe.successes);
    totals.success.count += successes;
    totals.success.nanoseconds += Get(stripe.success_ns);
    totals.failure.count += Get(stripe.failures);
    totals.failure.nanoseconds += Get(stripe.failure_ns);
    totals.queue.count += successes;
    totals.queue.nanoseconds += Get(stripe.queue_ns);
    totals.compute.count += successes;
    totals.compute.nanoseconds += Get(stripe.compute_ns);
    totals.inference_count += Get(stripe.rows);
    totals.execution_count += successes - Get(stripe.joined);
    totals.last_inference_ms = std::max(totals.last_inference_ms, Get(stripe.last_ms));
  }
  return totals;
}

}  // namespace roost::serving
