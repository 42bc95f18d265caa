#include "cli/time_span.h"

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "base/status.h"
#include "base/time_span.h"

namespace roost::cli {

absl::StatusOr<absl::Time> ParseInstant(const std::string& text) {
  absl::Time time;
  std::string error;
  for (const char* format : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%E*SZ", absl::RFC3339_full}) {
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &time, &error)) return time;
  }
  if (const absl::StatusOr<absl::Duration> ago = ParseTimeSpan(text); ago.ok()) return absl::Now() - *ago;
  return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no time", text)),
                  "Write 2001-05-31, 2001-05-31T12:00:00Z, or how long ago: 24h, 3d.");
}

}  // namespace roost::cli
