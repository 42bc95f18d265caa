#pragma once

#include <cstdint>
#include <cstring>

#include "store/leaf.h"

namespace roost::store {

/// The value at `value` of `type`, which is an integer of at most 8 bytes, so that the order of the numbers is that of
/// the results. Values of narrower types come out as those of the type that they are widened to.
inline uint64_t OrderedNumber(const char* value, const LeafType& type) {
  uint64_t bits = 0;
  std::memcpy(&bits, value, static_cast<size_t>(type.width));
  if (!type.is_signed) return bits;
  const int shift = 64 - 8 * type.width;
  const auto wide = static_cast<int64_t>(bits << shift) >> shift;
  return static_cast<uint64_t>(wide) ^ (uint64_t{1} << 63);
}

/// The inverse, widened to 64 bits.
inline uint64_t WideNumber(uint64_t ordered, const LeafType& type) {
  return type.is_signed ? ordered ^ (uint64_t{1} << 63) : ordered;
}

}  // namespace roost::store
