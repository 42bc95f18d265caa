#pragma once

#include <cstdint>

namespace roost::store {

/// How the values of a leaf are written in its record; docs/formats/store.md §6. Numbers are never used again.
enum class Codec : uint8_t {
  kRaw = 0,
  kDelta = 1,
  kFrame = 2,
  kDictionary = 3,
  kByteSplit = 4,
  kDecimal = 5,
  kParts = 6,
};

/// Codec::kDecimal: at most so many digits behind the point.
inline constexpr int kMaxDecimalDigits = 15;

/// Codec::kDecimal: the powers of ten, which doubles hold exactly.
inline constexpr double kPowersOfTen[kMaxDecimalDigits + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

}  // namespace roost::store
