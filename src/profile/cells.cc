#include "profile/cells.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace roost::profile {
namespace {

constexpr double kLeastShare = 1e-4;  // in the population stability index
constexpr size_t kMaxDifferences = 10;

}  // namespace

CellMass TotalOf(std::span<const CellMass> cells) {
  CellMass total;
  for (const CellMass& cell : cells) {
    total.now += cell.now;
    total.baseline += cell.baseline;
  }
  return total;
}

std::vector<size_t> GreatestDifferences(std::span<const CellMass> cells) {
  const CellMass total = TotalOf(cells);
  std::vector<std::pair<double, size_t>> places;
  for (size_t place = 0; place < cells.size(); ++place) {
    const double difference = std::abs(cells[place].now / total.now - cells[place].baseline / total.baseline);
    if (difference > 0) places.emplace_back(-difference, place);
  }
  const size_t kept = std::min(places.size(), kMaxDifferences);
  std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(kept), places.end());
  std::vector<size_t> greatest;
  for (size_t i = 0; i < kept; ++i) greatest.push_back(places[i].second);
  return greatest;
}

double JensenShannon(std::span<const CellMass> cells) {
  const CellMass total = TotalOf(cells);
  double sum = 0;
  for (const CellMass& cell : cells) {
    const double p = cell.now / total.now;
    const double q = cell.baseline / total.baseline;
    const double middle = (p + q) / 2;
    if (p > 0) sum += p * std::log2(p / middle);
    if (q > 0) sum += q * std::log2(q / middle);
  }
  return std::clamp(sum / 2, 0.0, 1.0);
}

double PopulationStability(std::span<const CellMass> cells) {
  const CellMass total = TotalOf(cells);
  double sum = 0;
  for (const CellMass& cell : cells) {
    const double p = std::max(cell.now / total.now, kLeastShare);
    const double q = std::max(cell.baseline / total.baseline, kLeastShare);
    sum += (p - q) * std::log(p / q);
  }
  return sum;
}

}  // namespace roost::profile
