#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace roost::store {

/// The number of bits that `value` needs; 0 for 0.
int BitWidth(uint64_t value);

/// The bytes that `count` numbers of `width` bits take.
uint64_t PackedSize(uint64_t count, int width);

/// Appends the low `width` bits (0 to 64) of each number, low bits first, the last byte filled with zeros.
void AppendPacked(std::string& bytes, std::span<const uint64_t> numbers, int width);

/// Reads numbers.size() numbers of `width` bits. DataLoss unless `packed` has exactly the bytes for them.
absl::Status Unpack(std::string_view packed, int width, std::span<uint64_t> numbers);

}  // namespace roost::store
