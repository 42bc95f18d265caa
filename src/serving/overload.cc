#include "serving/overload.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "absl/strings/cord.h"

namespace roost::serving {
namespace {

constexpr char kRetryUrl[] = "roost/retry-after";

}  // namespace

absl::Status Overloaded(std::string_view message, std::chrono::nanoseconds wait) {
  const int64_t seconds = std::clamp<int64_t>(std::chrono::ceil<std::chrono::seconds>(wait).count(), 1, 60);
  absl::Status status = absl::UnavailableError(absl::string_view(message.data(), message.size()));
  status.SetPayload(kRetryUrl, absl::Cord(fmt::to_string(seconds)));
  return status;
}

absl::Status CheckTurn(Clock::time_point received, Clock::time_point now, Clock::time_point deadline,
                       std::chrono::milliseconds max_wait) {
  if (received == Clock::time_point()) return absl::OkStatus();
  if (now >= deadline) return absl::DeadlineExceededError("the time that the request gives is over");
  if (now - received <= max_wait) return absl::OkStatus();
  return Overloaded(
      fmt::format("the server is overloaded: the request has waited for {} ms, and the limit is {} ms",
                  std::chrono::floor<std::chrono::milliseconds>(now - received).count(), max_wait.count()),
      now - received);
}

std::optional<int64_t> RetryAfterSeconds(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string text(*payload);
  int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

}  // namespace roost::serving
