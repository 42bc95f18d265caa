#include "schema/feature_skew_row.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/format.h"
#include "base/hash.h"

namespace roost::schema {
namespace {

using column::ColumnView;
using column::Type;

enum class Tag : char { kNull, kInteger, kUnsigned, kFraction, kTime, kText, kLongText };

constexpr size_t kWordBytes = 8;
constexpr size_t kMaxText = 64;
constexpr size_t kPrefix = 32;
constexpr size_t kLongTextBytes = 3 * kWordBytes + kPrefix;

void AppendWord(Tag tag, uint64_t word, std::string& bytes) {
  char packed[1 + kWordBytes];
  packed[0] = static_cast<char>(tag);
  std::memcpy(packed + 1, &word, sizeof word);
  bytes.append(packed, sizeof packed);
}

uint64_t WordAt(std::string_view bytes, size_t place) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + place, sizeof word);
  return word;
}

void AppendInteger(int64_t value, std::string& bytes) {
  AppendWord(Tag::kInteger, static_cast<uint64_t>(value), bytes);
}

void AppendUnsigned(uint64_t value, std::string& bytes) {
  const bool fits = value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  AppendWord(fits ? Tag::kInteger : Tag::kUnsigned, value, bytes);
}

double Rounded(double value, double scale) {
  const double scaled = value * scale;
  // Beyond it a double has no digits behind the point left.
  return std::abs(scaled) < 0x1p52 ? std::round(scaled) / scale : value;
}

void AppendFloat(double value, std::optional<double> scale, std::string& bytes) {
  if (scale) value = Rounded(value, *scale);
  // Whole numbers are packed as integers, which they may be on the other side.
  if (value == std::trunc(value)) {
    if (value >= -0x1p63 && value < 0x1p63) return AppendInteger(static_cast<int64_t>(value), bytes);
    if (value >= 0x1p63 && value < 0x1p64) return AppendUnsigned(static_cast<uint64_t>(value), bytes);
  }
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  AppendWord(Tag::kFraction, bits, bytes);
}

void AppendText(std::string_view text, std::string& bytes) {
  if (text.size() <= kMaxText) {
    bytes.push_back(static_cast<char>(Tag::kText));
    bytes.push_back(static_cast<char>(text.size()));
    bytes.append(text);
    return;
  }
  AppendWord(Tag::kLongText, text.size(), bytes);
  AppendFixed(bytes, Hash64(text, 0));
  AppendFixed(bytes, Hash64(text, 1));
  bytes.append(text.substr(0, kPrefix));
}

size_t SizeOf(std::string_view bytes) {
  switch (static_cast<Tag>(bytes[0])) {
    case Tag::kNull: return 1;
    case Tag::kText: return 2 + static_cast<uint8_t>(bytes[1]);
    case Tag::kLongText: return 1 + kLongTextBytes;
    case Tag::kInteger:
    case Tag::kUnsigned:
    case Tag::kFraction:
    case Tag::kTime: return 1 + kWordBytes;
  }
  return bytes.size();
}

double FractionOf(uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

bool CanPack(Type type) { return type != Type::kOther; }

void AppendPacked(const ColumnView& column, int64_t row, std::optional<double> scale, std::string& bytes) {
  if (column.IsNull(row)) return AppendPackedNull(bytes);
  switch (column.type()) {
    case Type::kInt64:
    case Type::kInt32:
    case Type::kInt16:
    case Type::kInt8:
    case Type::kUInt32:
    case Type::kUInt16:
    case Type::kUInt8:
    case Type::kBool: return AppendInteger(column.IntegerAt(row), bytes);
    case Type::kUInt64: return AppendUnsigned(static_cast<uint64_t>(column.IntegerAt(row)), bytes);
    case Type::kFloat32:
    case Type::kFloat64: return AppendFloat(column.NumberAt(row), scale, bytes);
    case Type::kString:
    case Type::kLargeString:
    case Type::kBinary:
    case Type::kLargeBinary: return AppendText(column.TextAt(row), bytes);
    case Type::kDate32:
    case Type::kDate64:
    case Type::kTimestamp: return AppendWord(Tag::kTime, static_cast<uint64_t>(column.MicrosAt(row)), bytes);
    default: return AppendPackedNull(bytes);
  }
}

void AppendPackedNull(std::string& bytes) { bytes.push_back(static_cast<char>(Tag::kNull)); }

std::string_view TakePacked(std::string_view& bytes) {
  const std::string_view packed = bytes.substr(0, SizeOf(bytes));
  bytes.remove_prefix(packed.size());
  return packed;
}

bool IsPackedNull(std::string_view packed) { return static_cast<Tag>(packed[0]) == Tag::kNull; }

std::optional<std::string> PackedText(std::string_view packed, Type type) {
  switch (static_cast<Tag>(packed[0])) {
    case Tag::kNull: return std::nullopt;
    case Tag::kInteger: {
      const auto value = static_cast<int64_t>(WordAt(packed, 1));
      if (type == Type::kBool) return value == 0 ? "false" : "true";
      return fmt::format("{}", value);
    }
    case Tag::kUnsigned: return fmt::format("{}", WordAt(packed, 1));
    case Tag::kFraction: return FormatExact(FractionOf(WordAt(packed, 1)));
    case Tag::kTime: return FormatUtc(absl::UnixEpoch() + absl::Microseconds(static_cast<int64_t>(WordAt(packed, 1))));
    case Tag::kText: return std::string(packed.substr(2));
    case Tag::kLongText: return fmt::format("{}...", packed.substr(1 + 3 * kWordBytes));
  }
  return std::nullopt;
}

}  // namespace roost::schema
