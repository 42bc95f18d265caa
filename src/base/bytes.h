#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/statusor.h"

namespace roost {

static_assert(std::endian::native == std::endian::little, "stored bytes are little-endian and copied as they are");

/// Appends `value`, an integer, float or double, as little-endian bytes.
template <typename T>
  requires std::is_arithmetic_v<T>
void AppendFixed(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Appends `value` in LEB128: 7 bits a byte, low bits first, 1 to 10 bytes.
void AppendVarint(std::string& bytes, uint64_t value);

/// Small numbers of either sign as small unsigned ones: 0, -1, 1, -2 -> 0, 1, 2, 3.
constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

/// Appends the length of `text` as a varint, then `text`.
void AppendString(std::string& bytes, std::string_view text);

/// Reads what the functions above append. Every read past the end is DataLoss that names the position; nothing is
/// read or allocated beyond `bytes`. The reader refers to `bytes` and does not own them.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
    requires std::is_arithmetic_v<T>
  absl::StatusOr<T> Fixed() {
    if (remaining() < sizeof(T)) return EndOfBytes(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }

  /// DataLoss also for a varint of more than 64 bits, and for one that is longer than AppendVarint makes it: what is
  /// read and written again is the same bytes.
  absl::StatusOr<uint64_t> Varint();

  /// The next `length` bytes.
  absl::StatusOr<std::string_view> Raw(uint64_t length);

  /// What AppendString wrote.
  absl::StatusOr<std::string_view> String();

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  bool done() const { return remaining() == 0; }

 private:
  absl::Status EndOfBytes(uint64_t wanted) const;

  std::string_view bytes_;
  size_t position_ = 0;
};

/// CRC-32C (Castagnoli, RFC 3720) of `bytes`, which follow bytes whose CRC is `before`.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace roost
