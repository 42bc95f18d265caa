#include "evaluate/quantiles.h"

#include <cstddef>

#include "evaluate/sum.h"

namespace roost::evaluate {

std::vector<double> WeightedQuantiles(const WeightedValues& sorted, std::span<const double> shares) {
  Sum total;
  for (const auto& [value, weight] : sorted) total.Add(weight);
  std::vector<double> quantiles;
  Sum below;
  size_t next = 0;
  for (const double share : shares) {
    const double end = share * total.value();
    while (next < sorted.size() && below.value() < end) below.Add(sorted[next++].second);
    const double value = sorted[next == 0 ? 0 : next - 1].first;
    const bool ends_between = below.value() == end && next < sorted.size();
    quantiles.push_back(ends_between ? value / 2 + sorted[next].first / 2 : value);
  }
  return quantiles;
}

}  // namespace roost::evaluate
