#include "report/figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "base/format.h"

namespace roost::report {
namespace {

constexpr double kDay = 86'400;
// The years 0001 to 9999, which is what ISO 8601 has four digits for.
constexpr double kFirstSecond = -62'135'596'800.0;
constexpr double kLastSecond = 253'402'300'799.0;

// "2001-05-01T00:00:00Z" without what says nothing.
std::string WithoutMidnight(std::string iso) {
  if (iso.ends_with("T00:00:00Z")) return iso.substr(0, iso.find('T'));
  iso.pop_back();
  iso[iso.find('T')] = ' ';
  return iso;
}

}  // namespace

std::string NumberText(double value) {
  constexpr double kWhole = 1e15;
  constexpr double kDecimalsSayNothing = 1e5;
  if (value == 0) return "0";
  const bool is_whole = value == std::trunc(value) || std::abs(value) >= kDecimalsSayNothing;
  if (std::abs(value) < kWhole && is_whole) return FormatCount(std::llround(value));
  return FormatNumber(value, 5);
}

std::string BarWidth(double share) {
  constexpr double kLeast = 0.4;
  if (!(share > 0)) return "0";
  std::string text = fmt::format("{:.1f}", std::clamp(100 * share, kLeast, 100.0));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string InstantText(double seconds) {
  const double at = std::floor(std::clamp(seconds, kFirstSecond, kLastSecond));
  return WithoutMidnight(FormatUtcSeconds(absl::FromUnixSeconds(static_cast<int64_t>(at))));
}

std::string InstantText(int64_t micros) { return WithoutMidnight(FormatUtc(absl::FromUnixMicros(micros))); }

std::string SpanText(double seconds) {
  const double size = std::abs(seconds);
  if (size >= kDay) return FormatNumber(seconds / kDay) + " days";
  if (size >= 3600) return FormatNumber(seconds / 3600) + " hours";
  if (size >= 60) return FormatNumber(seconds / 60) + " min";
  return FormatNumber(seconds) + " s";
}

std::string ValueText(double value, bool is_time) { return is_time ? InstantText(value) : NumberText(value); }

}  // namespace roost::report
