#include "report/common_bars.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace roost::report {
namespace {

// What is known of the cumulative distribution at one value: the share of the values below it, and of those up to it.
struct Knot {
  double at = 0;
  double below = 0;
  double up_to = 0;
};

// The histogram's edges, where the share below is exact, and the percentiles. Equal values are one knot: a run of equal
// percentiles is a value with that share.
std::vector<Knot> KnotsOf(const profile::NumberSummary& number) {
  std::vector<Knot> knots;
  const auto finite = static_cast<double>(number.finite);
  int64_t below = 0;
  for (const profile::HistogramBar& bar : number.histogram) {
    const double share = static_cast<double>(below) / finite;
    knots.push_back({bar.low, share, share});
    below += bar.count;
  }
  const size_t num_exact = knots.size();
  for (size_t q = 0; q < number.percentiles.size(); ++q) {
    const double share = static_cast<double>(q) / 100;
    const double at = number.percentiles[q];
    const auto exact = std::find_if(knots.begin(), knots.begin() + static_cast<ptrdiff_t>(num_exact),
                                    [at](const Knot& knot) { return knot.at == at; });
    if (exact != knots.begin() + static_cast<ptrdiff_t>(num_exact)) {
      exact->up_to = std::max(exact->up_to, share);
    } else if (knots.size() > num_exact && knots.back().at == at) {
      knots.back().up_to = share;
    } else {
      knots.push_back({at, share, share});
    }
  }
  std::stable_sort(knots.begin(), knots.end(), [](const Knot& a, const Knot& b) { return a.at < b.at; });
  double reached = 0;
  for (Knot& knot : knots) {  // percentiles are right within a little: keep it rising
    knot.below = std::max(knot.below, reached);
    reached = knot.up_to = std::max(knot.up_to, knot.below);
  }
  return knots;
}

// `tolerance`: how far apart two values are that differ by rounding only.
double ShareBelow(const std::vector<Knot>& knots, double at, double tolerance) {
  const auto next = std::lower_bound(knots.begin(), knots.end(), at - tolerance,
                                     [](const Knot& knot, double value) { return knot.at < value; });
  if (next == knots.end()) return 1;
  if (next->at <= at + tolerance) return next->below;
  if (next == knots.begin()) return 0;
  const Knot& last = *(next - 1);
  return last.up_to + (next->below - last.up_to) * ((at - last.at) / (next->at - last.at));
}

}  // namespace

std::vector<double> CommonEdges(const profile::NumberSummary& a, const profile::NumberSummary& b, int bars) {
  if (!a.min && !b.min) return {};
  double low = a.min ? *a.min : *b.min;
  double high = a.min ? *a.max : *b.max;
  if (b.min) {
    low = std::min(low, *b.min);
    high = std::max(high, *b.max);
  }
  if (!(low < high)) return {low, high};
  std::vector<double> edges;
  // The range of two doubles, and its half, can be too great for one: counted from the nearer end.
  const double width = high / bars - low / bars;
  for (int i = 0; i < bars; ++i) edges.push_back(i <= bars / 2 ? low + width * i : high - width * (bars - i));
  edges.push_back(high);
  return edges;
}

std::vector<double> SharesOfBars(const profile::NumberSummary& number, const std::vector<double>& edges) {
  std::vector<double> shares(edges.empty() ? 0 : edges.size() - 1);
  if (number.finite == 0 || shares.empty()) return shares;
  const std::vector<Knot> knots = KnotsOf(number);
  const double tolerance = 1e-9 * (edges[1] - edges[0]);
  double below = 0;
  for (size_t i = 0; i + 1 < shares.size(); ++i) {
    const double next = ShareBelow(knots, edges[i + 1], tolerance);
    shares[i] = next - below;
    below = next;
  }
  shares.back() = 1 - below;
  return shares;
}

}  // namespace roost::report
