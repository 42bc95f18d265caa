#include "schema/infer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace roost::schema {
namespace {

// digits * 10^exponent as the double that a person's "0.07" reads to, which the product need not be.
double Decimal(double digits, int exponent) {
  return std::strtod(fmt::format("{:.0f}e{}", digits, exponent).c_str(), nullptr);
}

std::optional<ValuesRule> InferValues(const profile::ColumnSummary& column, const InferOptions& options) {
  const profile::TextSummary& text = *column.text;
  const auto distinct = static_cast<int64_t>(text.top.size());
  const auto present = static_cast<double>(column.rows - column.missing);
  if (!text.exact || text.invalid_utf8 > 0 || text.max_length > options.max_value_length || distinct == 0 ||
      distinct > options.max_values || present < options.min_repeats * static_cast<double>(distinct)) {
    return std::nullopt;
  }
  ValuesRule rule;
  for (const profile::ValueCount& seen : text.top) rule.allowed.push_back(seen.value);
  std::sort(rule.allowed.begin(), rule.allowed.end());
  return rule;
}

void InferNumber(const profile::NumberSummary& number, const InferOptions& options, ColumnRules& rules) {
  const bool integer = rules.type == Type::kInteger;
  if (number.min.has_value() && number.max.has_value()) {
    rules.range = RangeAround(*number.min, *number.max, integer, options);
  }
  if (integer) return;
  if (number.nan == 0) rules.nan = Policy::kWarning;
  if (number.positive_infinity + number.negative_infinity == 0) rules.infinity = Policy::kWarning;
}

}  // namespace

double MissingShareAbove(double share) {
  if (share <= 0) return 0;
  const double doubled = 2 * share;
  const int exponent = static_cast<int>(std::floor(std::log10(doubled))) - 1;
  return std::min(1.0, Decimal(std::ceil(doubled / std::pow(10, exponent)), exponent));
}

std::optional<RangeRule> RangeAround(double min, double max, bool integer, const InferOptions& options) {
  constexpr double kMostDigits = 1e15;  // beyond it, a double has no digits left to round
  double width = max - min;
  if (width == 0) width = max == 0 ? 1 : std::abs(max);
  double low = min - options.range_margin * width;
  double high = max + options.range_margin * width;
  if (!std::isfinite(low) || !std::isfinite(high)) return std::nullopt;
  if (min >= 0) low = std::max(low, 0.0);
  if (max <= 0) high = std::min(high, 0.0);
  int exponent = static_cast<int>(std::floor(std::log10(width))) - 1;
  if (integer) exponent = std::max(exponent, 0);
  const double unit = std::pow(10, exponent);
  const double low_digits = std::floor(low / unit);
  const double high_digits = std::ceil(high / unit);
  if (std::abs(low_digits) <= kMostDigits && std::abs(high_digits) <= kMostDigits) {
    low = std::min(min, Decimal(low_digits, exponent));
    high = std::max(max, Decimal(high_digits, exponent));
  }
  // Adding zero turns -0 into 0.
  return RangeRule{.min = low + 0.0, .max = high + 0.0};
}

ColumnRules InferColumn(const profile::ColumnSummary& column, const InferOptions& options) {
  ColumnRules rules{.name = column.name, .type = TypeOf(column.type)};
  if (column.rows == 0 || rules.type == Type::kAny) return rules;
  const double missing = static_cast<double>(column.missing) / static_cast<double>(column.rows);
  rules.missing = MissingRule{.max_share = MissingShareAbove(missing),
                              .severity = column.missing == 0 ? Severity::kError : Severity::kWarning};
  if (rules.missing->max_share >= 1) rules.missing.reset();
  const bool is_number = rules.type == Type::kInteger || rules.type == Type::kNumber;
  if (is_number && column.number.has_value()) InferNumber(*column.number, options, rules);
  if (rules.type == Type::kText && column.text.has_value()) rules.values = InferValues(column, options);
  return rules;
}

Schema Infer(const profile::ProfileSummary& summary, const InferOptions& options) {
  Schema schema;
  for (const profile::ColumnSummary& column : summary.columns) schema.columns.push_back(InferColumn(column, options));
  return schema;
}

}  // namespace roost::schema
