#pragma once

#include "profile/distance.h"

namespace roost::profile {

/// Compare of two numeric distributions that both have values (NaN and infinities are some); without the missing
/// shares.
Comparison CompareNumbers(const Distribution& now, const Distribution& baseline, const CompareOptions& options);

}  // namespace roost::profile
