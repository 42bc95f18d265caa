#pragma once

#include "profile/distance.h"

namespace roost::profile {

/// Compare of two text distributions that both have values; without the missing shares.
Comparison CompareTexts(const Distribution& now, const Distribution& baseline);

}  // namespace roost::profile
