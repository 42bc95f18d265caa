#include "base/bytes.h"

#include <array>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace roost {
namespace {

constexpr uint32_t kCastagnoli = 0x82f63b78;  // reversed polynomial

// Slicing by 8: table[k][b] is the CRC of byte b followed by k zero bytes.
constexpr std::array<std::array<uint32_t, 256>, 8> MakeCrcTables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kCastagnoli : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < 8; ++slice) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr auto kCrcTables = MakeCrcTables();

}  // namespace

void AppendVarint(std::string& bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<char>(value));
}

void AppendString(std::string& bytes, std::string_view text) {
  AppendVarint(bytes, text.size());
  bytes.append(text);
}

absl::StatusOr<uint64_t> ByteReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (done()) return EndOfBytes(1);
    const auto byte = static_cast<uint8_t>(bytes_[position_++]);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte == 0 && shift > 0) {
      return absl::DataLossError(fmt::format("a number with a needless byte ends at byte {}", position_));
    }
    if (byte < 0x80) return value;
  }
  return absl::DataLossError(fmt::format("a number of more than 64 bits ends at byte {}", position_));
}

absl::StatusOr<std::string_view> ByteReader::Raw(uint64_t length) {
  if (remaining() < length) return EndOfBytes(length);
  const std::string_view raw = bytes_.substr(position_, length);
  position_ += length;
  return raw;
}

absl::StatusOr<std::string_view> ByteReader::String() {
  const auto length = Varint();
  if (!length.ok()) return length.status();
  return Raw(*length);
}

absl::Status ByteReader::EndOfBytes(uint64_t wanted) const {
  return absl::DataLossError(
      fmt::format("cut short: {} bytes wanted at byte {} of {}", wanted, position_, bytes_.size()));
}

namespace {

uint32_t CrcByTables(uint32_t crc, const char* data, size_t left) {
  for (; left >= 8; left -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof word);
    word ^= crc;
    crc = 0;
    for (size_t slice = 0; slice < 8; ++slice) crc ^= kCrcTables[7 - slice][(word >> (8 * slice)) & 0xff];
  }
  for (; left > 0; --left, ++data) crc = (crc >> 8) ^ kCrcTables[0][(crc ^ static_cast<uint8_t>(*data)) & 0xff];
  return crc;
}

#if defined(__x86_64__)
/// By the processor's own instruction, four times as fast.
__attribute__((target("sse4.2"))) uint32_t CrcByInstruction(uint32_t crc, const char* data, size_t left) {
  uint64_t wide = crc;
  for (; left >= 8; left -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = static_cast<uint32_t>(wide);
  for (; left > 0; --left, ++data) crc = __builtin_ia32_crc32qi(crc, static_cast<uint8_t>(*data));
  return crc;
}
#endif

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~CrcByInstruction(~before, bytes.data(), bytes.size());
#endif
  return ~CrcByTables(~before, bytes.data(), bytes.size());
}

}  // namespace roost
