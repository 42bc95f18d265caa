#include "schema/times.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "profile/time_formats.h"

namespace roost::schema {

absl::StatusOr<TimeFormat> TimeFormat::Make(const std::string& format) {
  constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{{{"unix days", 86'400},
                                                                       {"unix seconds", 1},
                                                                       {"unix milliseconds", 1e-3},
                                                                       {"unix microseconds", 1e-6},
                                                                       {"unix nanoseconds", 1e-9}}};
  TimeFormat made;
  made.format_ = format;
  for (const auto& [name, unit] : kUnits) {
    if (format == name) made.unix_unit_ = unit;
  }
  if (made.is_unix()) return made;
  if (format.find('%') == std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no format of times: want strptime fields such as %Y-%m-%d, or 'unix seconds'", format));
  }
  for (size_t i = 0; i < profile::kTimeFormats; ++i) {
    if (profile::TimeFormat(i) == format) made.known_ = uint64_t{1} << i;
  }
  return made;
}

bool TimeFormat::Fits(std::string_view text) const {
  if (is_unix()) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && Fits(value);
  }
  if (known_ != 0) return (profile::TimeFormatsOf(text) & known_) != 0;
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::string_view(format_.data(), format_.size()), absl::string_view(text.data(), text.size()),
                         &time, &error);
}

bool TimeFormat::Fits(int64_t value) const {
  constexpr double kFirst = 631'152'000;   // 1990-01-01
  constexpr double kLast = 2'051'222'400;  // 2035-01-01
  const double seconds = static_cast<double>(value) * unix_unit_;
  return seconds >= kFirst && seconds < kLast;
}

}  // namespace roost::schema
