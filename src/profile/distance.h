#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/distribution.h"

namespace roost::profile {

/// How far apart two distributions are; 0 means not at all. The first three are computed as TensorFlow Data Validation
/// (TFDV) does, so that thresholds carry over. How each one sees NaN, infinities and sketched texts: see Compare.
enum class Measure {
  kLInfinity,                     ///< 0 to 1: greatest difference of two shares of a value; texts
  kJensenShannon,                 ///< 0 to 1, logarithms to base 2; texts and numbers
  kNormalizedAbsoluteDifference,  ///< 0 to 1: greatest difference of two counts of a value over all counts; texts
  kPopulationStability,           ///< from 0: texts (value by value) and numbers (tenths of the baseline)
  kWasserstein,                   ///< from 0: in standard deviations of the baseline; numbers
  kKolmogorovSmirnov,             ///< 0 to 1: greatest difference of two cumulative shares, with a p-value; numbers
  kChiSquare,                     ///< 0 to 1: Cramér's V, with the p-value of the test; texts
};

/// "l_infinity", "jensen_shannon", "normalized_absolute_difference", "population_stability", "wasserstein",
/// "kolmogorov_smirnov", "chi_square": also the keys of schema.yaml.
std::string_view MeasureName(Measure measure);

/// The measure of that name, or none.
std::optional<Measure> MeasureOf(std::string_view name);

struct Distance {
  Measure measure = Measure::kJensenShannon;
  double value = 0;
  /// Of tests: the chance of a difference as great as this one between two samples of one distribution.
  std::optional<double> p_value;
};

/// A value (or a range of values) that weighs in a difference, with its shares (0 to 1) of all rows with a value.
struct Contributor {
  std::string value;
  double share = 0;
  double baseline_share = 0;
};

/// What lies between the values of one column now and those of a baseline.
struct Comparison {
  std::vector<Distance> distances;        ///< those that the type of column has, in the order of Measure
  std::vector<Contributor> contributors;  ///< at most 10, the greatest differences of shares first
  double missing_share = 0;
  double baseline_missing_share = 0;

  const Distance* Find(Measure measure) const;
};

/// The histograms that the Jensen-Shannon divergence of numbers compares. Both are coarse on purpose: between finer
/// ones the divergence of two small samples of one distribution is far from 0.
enum class Histograms {
  kEqualWidth,  ///< 10 bars of equal width from min to max of each side (TFDV's STANDARD)
  kDeciles,     ///< 10 bars of equal count of each side (TFDV's QUANTILES)
};

/// Whether Compare can be asked: both are numbers, both times, or both texts.
bool AreComparable(const Distribution& now, const Distribution& baseline);

struct CompareOptions {
  Histograms jensen_shannon = Histograms::kEqualWidth;
};

/// Compares two distributions that AreComparable (ROOST_CHECK). Where one of them has no value at
/// all, there are no distances and no contributors.
///
/// Texts, with p and q the shares of a value now and in the baseline:
/// - L-infinity max |p - q|, and the normalised absolute difference max |x - y| / sum(x + y) of the counts, which also
///   sees that there are more or fewer rows.
/// - Jensen-Shannon (KL(p, m) + KL(q, m)) / 2 with m = (p + q) / 2.
/// - Population stability sum((p - q) ln(p / q)), where a share below 1/10,000 counts as 1/10,000: an empty cell would
///   make it infinite, and values rarer than that say nothing.
/// - Chi-square test of homogeneity. Values that either side is expected to have fewer than 5 times are joined, the
///   more frequent first, to cells that have as many; Cramér's V is that of the joined cells.
/// A sketch (`exact` is false) does not list its rare values: they count as one value, "other values". So does a value
/// that only the other side lists, unless its share is at least 1/50 there, as a sketch would hardly have missed that.
///
/// Numbers, from the fine buckets (0.2 % of a value wide; differences inside a bucket are not seen):
/// - Jensen-Shannon as TFDV: over the union of the boundaries of both histograms (CompareOptions), mass spread evenly
///   within a bar, a bar without width as a point of its own. NaN and infinities never match, not even those of the
///   other side, so that they always add distance: equal data with NaN is not at distance 0.
/// - Population stability over the tenths of the baseline's values (fewer where values are frequent), infinities among
///   them, and NaN as a cell of its own; floor as above.
/// - Wasserstein-1 of the finite values (absent where one side has none), over the baseline's standard deviation. Where
///   all values of the baseline are equal, that of both together, half each.
/// - Kolmogorov-Smirnov over all values, NaN taken to be greater than infinity. Where the sides have buckets of
///   different width (times), it is read only where both have a boundary: it may be too low by a bucket's share, but
///   never reports what is not there. The p-value is that of the limit for many rows, and conservative where values
///   repeat.
///
/// Contributors are values; of numbers the tenths of the baseline as ranges "4 to 12" of the values that occurred,
/// beside "below 0", "above 250" (what lies outside the baseline's range) and "NaN".
///
/// Cost: 0.5 ms for 10,000 buckets, about 0.3 µs a text value. Pure.
Comparison Compare(const Distribution& now, const Distribution& baseline, const CompareOptions& options = {});

}  // namespace roost::profile
