#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "profile/distance.h"
#include "profile/distribution.h"

namespace roost::profile {

/// What two distributions have of one cell (a value, a range of values): counts or masses, in any unit of their own.
struct CellMass {
  double now = 0;
  double baseline = 0;
};

/// The sums over all cells.
CellMass TotalOf(std::span<const CellMass> cells);

/// The places of the cells whose shares differ most, the greatest difference first, then the first in `cells`; at most
/// 10, none that are equal. Both sides have a mass above 0.
std::vector<size_t> GreatestDifferences(std::span<const CellMass> cells);

/// Jensen-Shannon divergence to base 2 (0 to 1) of the shares in `cells`; both sides have a mass above 0.
double JensenShannon(std::span<const CellMass> cells);

/// Population stability index of the shares in `cells`, each taken to be at least 1/10,000; both sides have a mass
/// above 0.
double PopulationStability(std::span<const CellMass> cells);

/// The cells in which TFDV compares two numeric distributions: see Compare in distance.h.
std::vector<CellMass> AlignedCells(const Distribution& now, const Distribution& baseline, Histograms histograms);

}  // namespace roost::profile
