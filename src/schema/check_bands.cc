#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "schema/check_column.h"
#include "schema/statistics.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

bool IsShare(Statistic statistic) { return statistic == Statistic::kMissing || statistic == Statistic::kZeros; }

constexpr double kMostWhole = 1e15;
constexpr double kMostSeconds = 253'402'300'800;  // the year 10000

std::string Figure(const Band& band, double value, bool is_time) {
  if (IsShare(band.of)) return FormatShare(value);
  // Bounds are a person's: any double.
  if (band.of == Statistic::kDistinct && std::abs(value) < kMostWhole) return FormatCount(static_cast<int64_t>(value));
  if (is_time && band.of != Statistic::kSpread && std::abs(value) < kMostSeconds)
    return FormatUtcSeconds(absl::FromUnixSeconds(static_cast<int64_t>(value)));
  return FormatNumber(value, 6) + (is_time ? " s" : "");
}

std::string_view Words(Statistic statistic) {
  switch (statistic) {
    case Statistic::kMissing: return "the share of missing values";
    case Statistic::kDistinct: return "the number of different values";
    case Statistic::kZeros: return "the share of zeros";
    case Statistic::kMean: return "the mean";
    case Statistic::kSpread: return "the spread (from p1 to p99)";
    case Statistic::kP50: return "the median";
    default: return "";
  }
}

}  // namespace

void ColumnCheck::CheckBands() {
  const bool is_time = rules_.type == Type::kTime;
  for (size_t i = 0; i < rules_.bands.size(); ++i) {
    const Band& band = rules_.bands[i];
    const std::optional<double> value = StatisticOf(seen_, band.of);
    if (!value.has_value()) continue;
    const bool low = *value < band.min.value_or(*value) || *value < band.error_below.value_or(*value);
    const bool high = *value > band.max.value_or(*value) || *value > band.error_above.value_or(*value);
    if (!low && !high) continue;
    const bool far = *value < band.error_below.value_or(*value) || *value > band.error_above.value_or(*value);
    ColumnRules proposed = rules_;
    Band& wider = proposed.bands[i];
    if (low) {
      if (band.min.has_value()) wider.min = RoundedDown(*value);
      if (band.error_below.has_value()) wider.error_below = std::min(*band.error_below, RoundedDown(*value));
    } else {
      if (band.max.has_value()) wider.max = RoundedUp(*value);
      if (band.error_above.has_value()) wider.error_above = std::max(*band.error_above, RoundedUp(*value));
    }
    const double bound =
        low ? band.min.value_or(band.error_below.value_or(0)) : band.max.value_or(band.error_above.value_or(0));
    const std::string words =
        Words(band.of).empty() ? fmt::format("the percentile {}", StatisticName(band.of)) : std::string(Words(band.of));
    std::string message = fmt::format("{} is {}, want at {} {}", words, Figure(band, *value, is_time),
                                      low ? "least" : "most", Figure(band, bound, is_time));
    if (far) message += "; so far off is another unit or another quantity";
    Add({.rule = Rule::kBand,
         .severity = far ? Severity::kError : band.severity,
         .message = std::move(message),
         .observed = Figure(band, *value, is_time),
         .bound = fmt::format("at {} {}", low ? "least" : "most", Figure(band, bound, is_time)),
         .detail = std::string(StatisticName(band.of))},
        std::move(proposed));
  }
}

}  // namespace roost::schema
