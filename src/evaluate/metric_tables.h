#pragma once

#include <optional>
#include <span>

#include "evaluate/metric.h"

namespace roost::evaluate {

// The tables behind MetricsOf, a file each.
std::span<const NamedMetric> BinaryMetrics();
std::span<const NamedMetric> ClassesMetrics();
std::span<const NamedMetric> NumberMetrics();
std::span<const NamedMetric> CountMetrics();
std::span<const NamedMetric> RankingMetrics();

/// a / b, absent where b is 0.
inline std::optional<double> Ratio(double a, double b) {
  if (b == 0) return std::nullopt;
  return a / b;
}

/// Whether `spread`, what is left of `squares` after their mean was taken out, is no more than what rounding leaves of
/// equal numbers.
inline bool IsNoSpread(double spread, double squares) { return spread <= 1e-14 * squares; }

}  // namespace roost::evaluate
