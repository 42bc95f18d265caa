#include "schema/statistics.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "schema/wording.h"

namespace roost::schema {

double Decimal(double digits, int exponent) {
  return std::strtod(fmt::format("{:.0f}e{}", digits, exponent).c_str(), nullptr);
}

int PercentOf(Statistic statistic) {
  switch (statistic) {
    case Statistic::kP1: return 1;
    case Statistic::kP5: return 5;
    case Statistic::kP25: return 25;
    case Statistic::kP50: return 50;
    case Statistic::kP75: return 75;
    case Statistic::kP95: return 95;
    case Statistic::kP99: return 99;
    default: return -1;
  }
}

std::optional<double> StatisticOf(const profile::ColumnSummary& column, Statistic statistic) {
  if (statistic == Statistic::kMissing) {
    return column.rows == 0 ? std::nullopt : std::optional(ShareOf(column.missing, column.rows));
  }
  if (statistic == Statistic::kDistinct) {
    return column.rows == column.missing ? std::nullopt : std::optional(column.distinct);
  }
  if (!column.number.has_value() || column.number->finite == 0) return std::nullopt;
  const profile::NumberSummary& number = *column.number;
  if (statistic == Statistic::kMean) return number.mean;
  if (statistic == Statistic::kZeros) return ShareOf(number.zeros, number.finite);
  if (number.percentiles.size() != 101) return std::nullopt;
  if (statistic == Statistic::kSpread) return number.percentiles[99] - number.percentiles[1];
  return number.percentiles[static_cast<size_t>(PercentOf(statistic))];
}

double RoundedUp(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  if (value < 0) return -RoundedDown(-value, digits);
  const int exponent = static_cast<int>(std::floor(std::log10(value))) - digits + 1;
  double rounded = Decimal(std::floor(value / std::pow(10, exponent)), exponent);
  if (rounded < value) rounded = Decimal(std::floor(value / std::pow(10, exponent)) + 1, exponent);
  return std::isfinite(rounded) && rounded >= value ? rounded : value;
}

double RoundedDown(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  if (value < 0) return -RoundedUp(-value, digits);
  const int exponent = static_cast<int>(std::floor(std::log10(value))) - digits + 1;
  double rounded = Decimal(std::ceil(value / std::pow(10, exponent)), exponent);
  if (rounded > value) rounded = Decimal(std::ceil(value / std::pow(10, exponent)) - 1, exponent);
  return std::isfinite(rounded) && rounded <= value ? rounded : value;
}

}  // namespace roost::schema
