#include "column/column_view.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"

namespace roost::column {
namespace {

bool BitAt(const uint8_t* bits, int64_t position) { return (bits[position >> 3] >> (position & 7)) & 1; }

// How many of the `length` bits from position `begin` on are set.
int64_t CountBits(const uint8_t* bits, int64_t begin, int64_t length) {
  constexpr int64_t kWord = 64;
  int64_t count = 0;
  int64_t position = begin;
  const int64_t end = begin + length;
  for (; position < end && position % 8 != 0; ++position) count += BitAt(bits, position);
  for (; end - position >= kWord; position += kWord) {
    uint64_t word;
    std::memcpy(&word, bits + position / 8, sizeof(word));
    count += std::popcount(word);
  }
  for (; position < end; ++position) count += BitAt(bits, position);
  return count;
}

struct Format {
  Type type = Type::kOther;
  TimeUnit unit = TimeUnit::kMicro;
  std::string_view timezone;
  Nesting nesting = Nesting::kNone;
  bool large_offsets = false;
  bool is_map = false;
  int64_t fixed_list_size = 0;
  int32_t decimal_bytes = 0;
  int32_t decimal_scale = 0;
};

std::optional<Type> OneLetterType(char letter) {
  switch (letter) {
    case 'n': return Type::kNull;
    case 'b': return Type::kBool;
    case 'c': return Type::kInt8;
    case 's': return Type::kInt16;
    case 'i': return Type::kInt32;
    case 'l': return Type::kInt64;
    case 'C': return Type::kUInt8;
    case 'S': return Type::kUInt16;
    case 'I': return Type::kUInt32;
    case 'L': return Type::kUInt64;
    case 'f': return Type::kFloat32;
    case 'g': return Type::kFloat64;
    case 'u': return Type::kString;
    case 'U': return Type::kLargeString;
    case 'z': return Type::kBinary;
    case 'Z': return Type::kLargeBinary;
    default: return std::nullopt;
  }
}

std::optional<int64_t> ParseInteger(std::string_view digits) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "precision,scale" or "precision,scale,bits". More than 128 bits are not read here.
Format ParseDecimal(std::string_view text) {
  constexpr int64_t kMostDigits = 38;
  int64_t numbers[] = {0, 0, 128};
  for (int64_t& number : numbers) {
    const size_t comma = text.find(',');
    const auto value = ParseInteger(text.substr(0, comma));
    if (!value.has_value()) return {};
    number = *value;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  const auto [precision, scale, bits] = std::to_array(numbers);
  if ((bits != 32 && bits != 64 && bits != 128) || precision > kMostDigits || std::abs(scale) > kMostDigits) return {};
  return {.type = Type::kDecimal,
          .decimal_bytes = static_cast<int32_t>(bits / 8),
          .decimal_scale = static_cast<int32_t>(scale)};
}

// The format strings of the C data interface's specification.
Format ParseFormat(std::string_view format) {
  if (format.size() == 1) {
    if (const auto type = OneLetterType(format[0])) return {.type = *type};
  }
  if (format == "tdD") return {.type = Type::kDate32};
  if (format == "tdm") return {.type = Type::kDate64, .unit = TimeUnit::kMilli};
  if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') {
    const size_t unit = std::string_view("smun").find(format[2]);
    if (unit != std::string_view::npos) {
      return {.type = Type::kTimestamp, .unit = static_cast<TimeUnit>(unit), .timezone = format.substr(4)};
    }
  }
  if (format.starts_with("d:")) return ParseDecimal(format.substr(2));
  if (format == "+s") return {.nesting = Nesting::kStruct};
  if (format == "+l") return {.nesting = Nesting::kList};
  if (format == "+L") return {.nesting = Nesting::kList, .large_offsets = true};
  if (format == "+m") return {.nesting = Nesting::kList, .is_map = true};
  if (format.starts_with("+w:")) {
    const auto size = ParseInteger(format.substr(3));
    if (size.has_value() && *size > 0) return {.nesting = Nesting::kList, .fixed_list_size = *size};
  }
  return {};
}

int64_t NumBuffersOf(const Format& format) {
  if (format.nesting == Nesting::kStruct || format.fixed_list_size > 0) return 1;
  if (format.nesting == Nesting::kList) return 2;
  if (format.type == Type::kNull || format.type == Type::kOther) return 0;
  return IsText(format.type) || IsBytes(format.type) ? 3 : 2;
}

int64_t IntegerIn(Type type, const void* values, int64_t position) {
  switch (type) {
    case Type::kBool: return BitAt(static_cast<const uint8_t*>(values), position);
    case Type::kInt8: return static_cast<const int8_t*>(values)[position];
    case Type::kInt16: return static_cast<const int16_t*>(values)[position];
    case Type::kInt32:
    case Type::kDate32: return static_cast<const int32_t*>(values)[position];
    case Type::kInt64:
    case Type::kUInt64:
    case Type::kDate64:
    case Type::kTimestamp: return static_cast<const int64_t*>(values)[position];
    case Type::kUInt8: return static_cast<const uint8_t*>(values)[position];
    case Type::kUInt16: return static_cast<const uint16_t*>(values)[position];
    case Type::kUInt32: return static_cast<const uint32_t*>(values)[position];
    default: ROOST_CHECK(false, "no integers in a column of " << TypeName(type)); std::abort();
  }
}

int64_t SaturatingMultiply(int64_t value, int64_t factor) {
  int64_t product;
  if (!__builtin_mul_overflow(value, factor, &product)) return product;
  return value < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

}  // namespace

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kNull: return "null";
    case Type::kBool: return "bool";
    case Type::kInt8: return "int8";
    case Type::kInt16: return "int16";
    case Type::kInt32: return "int32";
    case Type::kInt64: return "int64";
    case Type::kUInt8: return "uint8";
    case Type::kUInt16: return "uint16";
    case Type::kUInt32: return "uint32";
    case Type::kUInt64: return "uint64";
    case Type::kFloat32: return "float32";
    case Type::kFloat64: return "float64";
    case Type::kString:
    case Type::kLargeString: return "string";
    case Type::kBinary:
    case Type::kLargeBinary: return "binary";
    case Type::kDate32:
    case Type::kDate64: return "date";
    case Type::kTimestamp: return "timestamp";
    case Type::kOther: return "other";
    case Type::kDecimal: return "decimal";
  }
  return "other";
}

bool IsInteger(Type type) { return type >= Type::kInt8 && type <= Type::kUInt64; }
bool IsNumber(Type type) { return (type >= Type::kInt8 && type <= Type::kFloat64) || type == Type::kDecimal; }
bool IsText(Type type) { return type == Type::kString || type == Type::kLargeString; }
bool IsBytes(Type type) { return type == Type::kBinary || type == Type::kLargeBinary; }
bool IsTime(Type type) { return type >= Type::kDate32 && type <= Type::kTimestamp; }

absl::StatusOr<ColumnView> ColumnView::Make(const ArrowSchema& schema, const ArrowArray& array) {
  ColumnView view;
  view.name_ = schema.name == nullptr ? "" : schema.name;
  const Format format = ParseFormat(schema.format);
  const auto broken = [&view](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("column '{}': broken Arrow array: {}", view.name_, what));
  };
  if (array.length < 0 || array.offset < 0) return broken("negative length or offset");
  view.length_ = array.length;
  view.offset_ = array.offset;
  view.type_ = format.type;
  view.stored_ = format.type;
  view.time_unit_ = format.unit;
  view.timezone_ = format.timezone;
  view.decimal_bytes_ = format.decimal_bytes;
  view.decimal_scale_ = format.decimal_scale;
  view.nesting_ = format.nesting;
  view.large_offsets_ = format.large_offsets;
  view.is_map_ = format.is_map;
  view.fixed_list_size_ = format.fixed_list_size;
  const int64_t num_buffers = NumBuffersOf(format);
  if (array.n_buffers < num_buffers) return broken("too few buffers");
  if (array.n_buffers > 0 && array.null_count != 0) view.validity_ = static_cast<const uint8_t*>(array.buffers[0]);
  if (num_buffers >= 2) view.values_ = array.buffers[1];
  if (num_buffers == 3) view.text_ = static_cast<const char*>(array.buffers[2]);
  if (num_buffers >= 2 && view.values_ == nullptr && array.length > 0) return broken("no values");
  if (format.nesting != Nesting::kNone) TRY(view.SetNesting(schema, array));
  if (schema.dictionary != nullptr) {
    if (array.dictionary == nullptr) return broken("a dictionary type without a dictionary");
    if (!IsInteger(format.type)) return broken("dictionary indices that are no integers");
    TRY_ASSIGN(ColumnView dictionary, Make(*schema.dictionary, *array.dictionary));
    if (dictionary.is_dictionary()) return broken("a dictionary of dictionaries");
    view.type_ = dictionary.type_;
    view.time_unit_ = dictionary.time_unit_;
    view.timezone_ = dictionary.timezone_;
    view.dictionary_has_nulls_ = dictionary.has_nulls();
    view.dictionary_ = std::make_shared<const ColumnView>(std::move(dictionary));
  }
  return view;
}

absl::Status ColumnView::SetNesting(const ArrowSchema& schema, const ArrowArray& array) {
  const auto broken = [this](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("column '{}': broken Arrow array: {}", name_, what));
  };
  if (schema.n_children != array.n_children) return broken("other children than its type has");
  if (nesting_ == Nesting::kList && array.n_children != 1) return broken("a list of more than one column");
  std::vector<ColumnView> children;
  for (int64_t i = 0; i < array.n_children; ++i) {
    ArrowArray child = *array.children[i];
    if (nesting_ == Nesting::kStruct) {
      // A struct's own offset applies to its children too.
      if (child.length < array.offset + array.length) return broken("a child that is too short");
      child.offset += array.offset;
      child.length = array.length;
    } else if (fixed_list_size_ > 0) {
      const int64_t first = array.offset * fixed_list_size_;
      if (child.length < first + array.length * fixed_list_size_) return broken("a child that is too short");
      child.offset += first;
      child.length = array.length * fixed_list_size_;
    }
    TRY_ASSIGN(ColumnView view, Make(*schema.children[i], child));
    children.push_back(std::move(view));
  }
  children_ = std::make_shared<const std::vector<ColumnView>>(std::move(children));
  return absl::OkStatus();
}

std::span<const ColumnView> ColumnView::children() const {
  if (children_ == nullptr) return {};
  return *children_;
}

std::pair<int64_t, int64_t> ColumnView::ListRange(int64_t row) const {
  ROOST_CHECK(nesting_ == Nesting::kList, "no lists in a column of " << TypeText());
  if (fixed_list_size_ > 0) return {row * fixed_list_size_, (row + 1) * fixed_list_size_};
  const int64_t position = offset_ + row;
  if (large_offsets_) {
    const auto* offsets = static_cast<const int64_t*>(values_);
    return {offsets[position], offsets[position + 1]};
  }
  const auto* offsets = static_cast<const int32_t*>(values_);
  return {offsets[position], offsets[position + 1]};
}

ColumnView ColumnView::Slice(int64_t first, int64_t length) const {
  ColumnView slice = *this;
  slice.offset_ += first;
  slice.length_ = length;
  // The values of lists of variable length are found by their offsets; other children lie row by row.
  const bool children_by_row = nesting_ == Nesting::kStruct || fixed_list_size_ > 0;
  if (!children_by_row) return slice;
  const int64_t each = std::max<int64_t>(1, fixed_list_size_);
  std::vector<ColumnView> children;
  for (const ColumnView& child : this->children()) children.push_back(child.Slice(first * each, length * each));
  slice.children_ = std::make_shared<const std::vector<ColumnView>>(std::move(children));
  return slice;
}

std::string ColumnView::TypeText() const {
  if (nesting_ == Nesting::kList) {
    const std::string values = children().front().TypeText();
    if (is_map_) return fmt::format("map<{}>", values);
    return fixed_list_size_ > 0 ? fmt::format("list[{}]<{}>", fixed_list_size_, values)
                                : fmt::format("list<{}>", values);
  }
  if (nesting_ == Nesting::kStruct) {
    std::vector<std::string> fields;
    for (const ColumnView& child : children()) fields.push_back(fmt::format("{}: {}", child.name(), child.TypeText()));
    return fmt::format("struct<{}>", fmt::join(fields, ", "));
  }
  if (type_ != Type::kTimestamp) return std::string(TypeName(type_));
  constexpr std::string_view kUnits[] = {"s", "ms", "us", "ns"};
  const std::string_view unit = kUnits[static_cast<int>(time_unit_)];
  return timezone_.empty() ? fmt::format("timestamp[{}]", unit) : fmt::format("timestamp[{}, {}]", unit, timezone_);
}

bool ColumnView::IsNullBesidesValidity(int64_t row) const {
  return type_ == Type::kNull || (dictionary_has_nulls_ && dictionary().IsNull(CodeAt(row)));
}

int64_t ColumnView::CountNulls() const {
  if (!has_nulls()) return 0;
  if (type_ == Type::kNull) return length_;
  if (!dictionary_has_nulls_) return length_ - CountBits(validity_, offset_, length_);
  int64_t count = 0;
  for (int64_t row = 0; row < length_; ++row) count += IsNull(row) ? 1 : 0;
  return count;
}

int64_t ColumnView::OtherCodeAt(int64_t row) const { return IntegerIn(stored_, values_, offset_ + row); }

int64_t ColumnView::OtherIntegerAt(int64_t row) const {
  if (is_dictionary()) return dictionary().IntegerAt(CodeAt(row));
  return IntegerIn(type_, values_, offset_ + row);
}

double ColumnView::OtherNumberAt(int64_t row) const {
  if (is_dictionary()) return dictionary().NumberAt(CodeAt(row));
  if (type_ == Type::kFloat32) return static_cast<const float*>(values_)[offset_ + row];
  if (type_ == Type::kDecimal) return DecimalAt(row);
  const int64_t integer = IntegerAt(row);
  return type_ == Type::kUInt64 ? static_cast<double>(static_cast<uint64_t>(integer)) : static_cast<double>(integer);
}

double ColumnView::DecimalAt(int64_t row) const {
  // Little-endian; what is narrower than 128 bits is widened with its sign.
  const auto* bytes = static_cast<const char*>(values_) + (offset_ + row) * decimal_bytes_;
  const auto size = static_cast<size_t>(decimal_bytes_);
  __extension__ using Int128 = __int128;
  Int128 unscaled = bytes[size - 1] < 0 ? -1 : 0;
  std::memcpy(&unscaled, bytes, size);
  constexpr Int128 kExact = Int128{1} << 53;
  if (decimal_scale_ >= 0 && decimal_scale_ <= 22 && unscaled < kExact && unscaled > -kExact) {
    // Both are doubles without rounding, so the quotient is rounded once.
    constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return static_cast<double>(unscaled) / kPowers[decimal_scale_];
  }
  // Through the decimal text, which is read with one rounding.
  const bool negative = unscaled < 0;
  std::string text;
  __extension__ using UInt128 = unsigned __int128;
  const auto magnitude = static_cast<UInt128>(unscaled);
  for (UInt128 rest = negative ? -magnitude : magnitude; rest != 0; rest /= 10) {
    text += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  if (negative) text += '-';
  std::reverse(text.begin(), text.end());
  text += fmt::format("e{}", -decimal_scale_);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view ColumnView::TextAt(int64_t row) const {
  if (is_dictionary()) return dictionary().TextAt(CodeAt(row));
  const int64_t position = offset_ + row;
  if (type_ == Type::kString || type_ == Type::kBinary) {
    const auto* offsets = static_cast<const int32_t*>(values_);
    return {text_ + offsets[position], static_cast<size_t>(offsets[position + 1] - offsets[position])};
  }
  ROOST_CHECK(IsText(type_) || IsBytes(type_), "no text in a column of " << TypeName(type_));
  const auto* offsets = static_cast<const int64_t*>(values_);
  return {text_ + offsets[position], static_cast<size_t>(offsets[position + 1] - offsets[position])};
}

int64_t ColumnView::MicrosAt(int64_t row) const {
  const int64_t value = IntegerAt(row);
  if (type_ == Type::kDate32) return SaturatingMultiply(value, 86'400'000'000);
  switch (time_unit_) {
    case TimeUnit::kSecond: return SaturatingMultiply(value, 1'000'000);
    case TimeUnit::kMilli: return SaturatingMultiply(value, 1'000);
    case TimeUnit::kMicro: return value;
    case TimeUnit::kNano: return value / 1000 - (value % 1000 < 0 ? 1 : 0);
  }
  return value;
}

}  // namespace roost::column
