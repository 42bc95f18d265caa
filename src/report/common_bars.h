#pragma once

#include <vector>

#include "profile/summary.h"

namespace roost::report {

/// Edges of `bars` equally wide bars over the finite values of both summaries, bars + 1 of them; one bar where all
/// values are the same; none where neither has a finite value.
std::vector<double> CommonEdges(const profile::NumberSummary& a, const profile::NumberSummary& b, int bars);

/// The shares of the finite values of `number` in the bars between `edges` (the last with its upper edge). They sum to
/// 1, or are all 0 where there is no finite value. Exact where an edge is one of the summary's own histogram; elsewhere
/// read off its percentiles, with a straight line between two of them, and so right within 1 % of the values.
std::vector<double> SharesOfBars(const profile::NumberSummary& number, const std::vector<double>& edges);

}  // namespace roost::report
