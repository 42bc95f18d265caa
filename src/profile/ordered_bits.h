#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace roost::profile {

/// A whole number that orders as the doubles do; +0 and -0 are one. Not for NaN.
inline int64_t OrderedBits(double value) {
  const auto bits = std::bit_cast<int64_t>(value + 0.0);
  return bits < 0 ? std::numeric_limits<int64_t>::min() - bits - 1 : bits;
}

/// The double of these.
inline double DoubleOfOrderedBits(int64_t ordered) {
  return std::bit_cast<double>(ordered < 0 ? std::numeric_limits<int64_t>::min() - ordered - 1 : ordered);
}

}  // namespace roost::profile
