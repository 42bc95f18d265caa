#include "cli/estimate_text.h"

#include <fmt/format.h>

#include "base/format.h"

namespace roost::cli {

std::string EstimateText(const evaluate::Estimate& estimate, double confidence) {
  constexpr int kDigits = 4;
  if (!estimate.value.has_value()) return "-";
  const std::string value = FormatNumber(*estimate.value, kDigits);
  const std::optional<evaluate::Interval> interval = estimate.At(confidence);
  if (!interval.has_value()) return value;
  return fmt::format("{} [{}, {}]", value, FormatNumber(interval->low, kDigits), FormatNumber(interval->high, kDigits));
}

}  // namespace roost::cli
