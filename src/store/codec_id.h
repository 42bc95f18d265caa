#pragma once

#include <cstdint>

namespace roost::store {

/// How the values of a leaf are written in its record; docs/formats/store.md §6. Numbers are never used again.
enum class Codec : uint8_t { kRaw = 0, kDelta = 1, kFrame = 2, kDictionary = 3, kByteSplit = 4 };

}  // namespace roost::store
