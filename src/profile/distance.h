#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/distribution.h"

namespace roost::profile {

/// How far apart two distributions are. The first three are computed as TensorFlow Data Validation does, so that
/// thresholds carry over.
enum class Measure {
  kLInfinity,                     ///< greatest difference of two shares of a value; texts
  kJensenShannon,                 ///< 0 to 1, logarithms to base 2; texts and numbers
  kNormalizedAbsoluteDifference,  ///< greatest difference of two counts of a value over all counts; texts
  kPopulationStability,           ///< texts and numbers (tenths of the baseline)
  kWasserstein,                   ///< in standard deviations of the baseline; numbers
  kKolmogorovSmirnov,             ///< greatest difference of two cumulative shares, with a p-value; numbers
  kChiSquare,                     ///< Cramér's V, with the p-value of the test; texts
};

/// "l_infinity", "jensen_shannon", "normalized_absolute_difference", "population_stability", "wasserstein",
/// "kolmogorov_smirnov", "chi_square": also the keys of schema.yaml.
std::string_view MeasureName(Measure measure);

struct Distance {
  Measure measure = Measure::kJensenShannon;
  double value = 0;
  std::optional<double> p_value;  ///< of tests
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

/// Compares two distributions of one kind (both numeric or both not; ROOST_CHECK).
Comparison Compare(const Distribution& now, const Distribution& baseline);

}  // namespace roost::profile
