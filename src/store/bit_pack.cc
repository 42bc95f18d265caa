#include "store/bit_pack.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace roost::store {
namespace {

__extension__ using Wide = unsigned __int128;

uint64_t LowBits(int width) { return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1; }

template <typename T>
void UnpackWhole(std::string_view packed, std::span<uint64_t> numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    T number;
    std::memcpy(&number, packed.data() + i * sizeof number, sizeof number);
    numbers[i] = number;
  }
}

/// The number at `bit`, byte by byte: for the last numbers and for widths over 56.
uint64_t UnpackOne(std::string_view packed, uint64_t bit, int width) {
  uint64_t number = 0;
  for (int have = 0; have < width;) {
    const int skip = static_cast<int>(bit % 8);
    const uint64_t byte = static_cast<uint8_t>(packed[bit / 8]) >> skip;
    number |= byte << have;
    have += 8 - skip;
    bit += static_cast<uint64_t>(8 - skip);
  }
  return number & LowBits(width);
}

}  // namespace

int BitWidth(uint64_t value) { return std::bit_width(value); }

uint64_t PackedSize(uint64_t count, int width) { return (count * static_cast<uint64_t>(width) + 7) / 8; }

void AppendPacked(std::string& bytes, std::span<const uint64_t> numbers, int width) {
  if (width == 0) return;
  bytes.reserve(bytes.size() + PackedSize(numbers.size(), width));
  Wide pending = 0;
  int num_pending = 0;
  for (const uint64_t number : numbers) {
    pending |= static_cast<Wide>(number & LowBits(width)) << num_pending;
    num_pending += width;
    for (; num_pending >= 8; num_pending -= 8, pending >>= 8) bytes.push_back(static_cast<char>(pending & 0xff));
  }
  if (num_pending > 0) bytes.push_back(static_cast<char>(pending & 0xff));
}

absl::Status Unpack(std::string_view packed, int width, std::span<uint64_t> numbers) {
  if (width < 0 || width > 64 || packed.size() != PackedSize(numbers.size(), width)) {
    return absl::DataLossError(
        fmt::format("{} bytes cannot hold {} numbers of {} bits", packed.size(), numbers.size(), width));
  }
  switch (width) {
    case 8: UnpackWhole<uint8_t>(packed, numbers); return absl::OkStatus();
    case 16: UnpackWhole<uint16_t>(packed, numbers); return absl::OkStatus();
    case 32: UnpackWhole<uint32_t>(packed, numbers); return absl::OkStatus();
    case 64: UnpackWhole<uint64_t>(packed, numbers); return absl::OkStatus();
    default: break;
  }
  const uint64_t mask = LowBits(width);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const uint64_t bit = i * static_cast<uint64_t>(width);
    if (width <= 56 && bit / 8 + 8 <= packed.size()) {
      uint64_t word;
      std::memcpy(&word, packed.data() + bit / 8, sizeof word);
      numbers[i] = (word >> (bit % 8)) & mask;
    } else {
      numbers[i] = UnpackOne(packed, bit, width);
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::store
