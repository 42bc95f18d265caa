#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace roost {

/// "90s", "10m", "24h", "3d" and sums such as "1h30m"; InvalidArgument for anything else, and below 0.
absl::StatusOr<absl::Duration> ParseTimeSpan(const std::string& text);

/// A length of time for people, as few units as say it: "45 s", "3.2 hours", "12.5 days".
std::string FormatTimeSpan(absl::Duration span);

}  // namespace roost
