#include "cli/time_span.h"

#include <fmt/format.h>

#include "base/status.h"

namespace roost::cli {

absl::StatusOr<absl::Duration> ParseTimeSpan(const std::string& text) {
  absl::Duration span;
  const std::string days = text.ends_with('d') ? text.substr(0, text.size() - 1) + "h" : "";
  const bool is_span = days.empty() ? absl::ParseDuration(text, &span) : absl::ParseDuration(days, &span);
  if (!is_span || span < absl::ZeroDuration()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no time", text)), "Write 90s, 10m, 24h or 3d.");
  }
  return days.empty() ? span : 24 * span;
}

}  // namespace roost::cli
