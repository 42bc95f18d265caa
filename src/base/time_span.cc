#include "base/time_span.h"

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost {
namespace {

std::string Counted(double amount, std::string_view unit) {
  const std::string number = FormatNumber(amount, 3);
  return fmt::format("{} {}{}", number, unit, number == "1" ? "" : "s");
}

}  // namespace

absl::StatusOr<absl::Duration> ParseTimeSpan(const std::string& text) {
  absl::Duration span;
  const std::string days = text.ends_with('d') ? text.substr(0, text.size() - 1) + "h" : "";
  const bool is_span = days.empty() ? absl::ParseDuration(text, &span) : absl::ParseDuration(days, &span);
  if (!is_span || span < absl::ZeroDuration()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no time", text)), "Write 90s, 10m, 24h or 3d.");
  }
  return days.empty() ? span : 24 * span;
}

std::string FormatTimeSpan(absl::Duration span) {
  const double seconds = absl::ToDoubleSeconds(span);
  if (seconds < 100) return fmt::format("{} s", FormatNumber(seconds, 3));
  if (seconds < 2 * 3600) return Counted(seconds / 60, "minute");
  if (seconds < 3 * 86'400) return Counted(seconds / 3600, "hour");
  return seconds < 1000 * 86'400 ? Counted(seconds / 86'400, "day")
                                 : fmt::format("{} days", FormatCount(static_cast<int64_t>(seconds / 86'400)));
}

}  // namespace roost
