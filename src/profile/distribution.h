#pragma once

#include <cstdint>
#include <vector>

#include "profile/buckets.h"
#include "profile/summary.h"

namespace roost::profile {

/// How the values of one column are spread, as exact counts: what distances between two datasets are computed from.
/// Made by Profile::DistributionOf. Either `buckets` (numbers; times in seconds) or `values` (text, bools) is used.
struct Distribution {
  bool is_numeric = false;
  bool is_time = false;  ///< the numbers are seconds since 1970-01-01T00:00Z
  int64_t missing = 0;
  // Of numbers and times.
  std::vector<Bucket> buckets;  ///< of the finite values, ascending
  double min = 0;               ///< exact, where there are buckets
  double max = 0;
  int64_t nan = 0;
  int64_t positive_infinity = 0;
  int64_t negative_infinity = 0;
  // Of texts.
  std::vector<ValueCount> values;  ///< by falling count, then by value
  bool exact = true;               ///< `values` are all of them; else the frequent ones
  int64_t others = 0;              ///< rows whose value is not in `values`
};

}  // namespace roost::profile
