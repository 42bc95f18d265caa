#pragma once

#include <string>

#include "evaluate/resample.h"

namespace roost::cli {

/// "0.012 [0.004, 0.02]", without the interval where there is none; "-" without a value.
std::string EstimateText(const evaluate::Estimate& estimate, double confidence);

}  // namespace roost::cli
