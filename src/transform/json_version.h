#pragma once

#include <cstdint>

namespace roost::transform {

/// What is written. Version 1 (operations standardize, bucketize, one_hot, hour, weekday and month; inputs without
/// "boolean") is read too: its members have the same names and meanings.
inline constexpr int64_t kTransformVersion = 2;

}  // namespace roost::transform
