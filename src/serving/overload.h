#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace roost::serving {

using Clock = std::chrono::steady_clock;

/// Unavailable: more is asked of the server than it can answer in time. `wait` says when it makes sense to ask again.
absl::Status Overloaded(std::string_view message, std::chrono::nanoseconds wait);

/// The `wait` of a status that Overloaded has made, in whole seconds from 1 to 60: the value of Retry-After. None of
/// other statuses.
std::optional<int64_t> RetryAfterSeconds(const absl::Status& status);

/// Whether work on a request may begin, `now`, on the thread that has read it at `received`: Overloaded where the
/// thread works on what it has read for longer than `max_wait` already, DeadlineExceeded where the deadline is over. OK
/// where `received` is zero.
absl::Status CheckTurn(Clock::time_point received, Clock::time_point now, Clock::time_point deadline,
                       std::chrono::milliseconds max_wait);

/// When nobody waits for the answer any more to a request that was read at `received` and gives it `timeout`; for ever
/// where either is zero.
inline Clock::time_point DeadlineOf(Clock::time_point received, std::chrono::microseconds timeout) {
  const bool is_set = timeout.count() > 0 && received != Clock::time_point();
  // What would overflow is for ever, too.
  constexpr std::chrono::hours kLongest{24 * 365};
  return is_set && timeout < kLongest ? received + timeout : Clock::time_point::max();
}

}  // namespace roost::serving
