#include <bit>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/bit_pack.h"
#include "store/codec_id.h"
#include "store/compression.h"
#include "store/leaf_codec.h"
#include "store/nested_parts.h"

namespace roost::store {
namespace {

// One value of the largest size beside a full tile of others, and what a codec adds.
constexpr uint64_t kMaxBodyBytes = static_cast<uint64_t>(kMaxValueBytes) + (uint64_t{16} << 20);

/// Where `count` numbers of the width that stands before them are read.
absl::StatusOr<std::vector<uint64_t>> ReadPacked(ByteReader& reader, uint64_t count) {
  TRY_ASSIGN(const auto width, reader.Fixed<uint8_t>());
  if (width > 64) return absl::DataLossError(fmt::format("numbers of {} bits", width));
  TRY_ASSIGN(const std::string_view packed, reader.Raw(PackedSize(count, width)));
  std::vector<uint64_t> numbers(count);
  TRY(Unpack(packed, width, numbers));
  return numbers;
}

/// Lengths and bytes of `count` values of a variable type.
absl::Status ReadVariable(ByteReader& reader, uint64_t count, Leaf& leaf) {
  TRY_ASSIGN(const std::vector<uint64_t> lengths, ReadPacked(reader, count));
  leaf.offsets.resize(count + 1);
  uint64_t end = 0;
  for (uint64_t i = 0; i < count; ++i) {
    // Checked one by one, so that the sum cannot run over.
    if (lengths[i] > reader.remaining() - end) return absl::DataLossError("values are longer than their record");
    end += lengths[i];
    leaf.offsets[i + 1] = static_cast<int32_t>(end);
  }
  TRY_ASSIGN(const std::string_view values, reader.Raw(end));
  leaf.values = values;
  return absl::OkStatus();
}

template <typename T>
std::string Narrow(const std::vector<uint64_t>& numbers, uint64_t base) {
  std::string values(numbers.size() * sizeof(T), '\0');
  for (size_t i = 0; i < numbers.size(); ++i) {
    const T value = static_cast<T>(base + numbers[i]);
    std::memcpy(values.data() + i * sizeof value, &value, sizeof value);
  }
  return values;
}

/// The low `width` bytes of each number plus `base`.
std::string ValuesOf(const std::vector<uint64_t>& numbers, uint64_t base, int width) {
  switch (width) {
    case 1: return Narrow<uint8_t>(numbers, base);
    case 2: return Narrow<uint16_t>(numbers, base);
    case 4: return Narrow<uint32_t>(numbers, base);
    default: return Narrow<uint64_t>(numbers, base);
  }
}

absl::Status ReadRaw(ByteReader& reader, Leaf& leaf) {
  const auto rows = static_cast<uint64_t>(leaf.rows);
  uint64_t size = 0;
  switch (leaf.type.form) {
    case LeafForm::kVariable: return ReadVariable(reader, rows, leaf);
    case LeafForm::kNull: break;
    case LeafForm::kBool: size = (rows + 7) / 8; break;
    case LeafForm::kFixed: size = rows * static_cast<uint64_t>(leaf.type.width); break;
  }
  TRY_ASSIGN(const std::string_view values, reader.Raw(size));
  leaf.values = values;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint64_t>> DeltaNumbers(ByteReader& reader, int64_t rows) {
  std::vector<uint64_t> numbers(static_cast<size_t>(rows));
  uint64_t before = 0;
  for (uint64_t& number : numbers) {
    TRY_ASSIGN(const uint64_t delta, reader.Varint());
    before += static_cast<uint64_t>(UnZigZag(delta));
    number = before;
  }
  return numbers;
}

absl::Status ReadDelta(ByteReader& reader, Leaf& leaf) {
  TRY_ASSIGN(const std::vector<uint64_t> numbers, DeltaNumbers(reader, leaf.rows));
  leaf.values = ValuesOf(numbers, 0, leaf.type.width);
  return absl::OkStatus();
}

absl::Status ReadFrame(ByteReader& reader, Leaf& leaf) {
  TRY_ASSIGN(const auto minimum, reader.Fixed<uint64_t>());
  TRY_ASSIGN(const std::vector<uint64_t> numbers, ReadPacked(reader, static_cast<uint64_t>(leaf.rows)));
  leaf.values = ValuesOf(numbers, minimum, leaf.type.width);
  return absl::OkStatus();
}

template <typename T>
std::string DecimalValues(const std::vector<uint64_t>& numbers, uint64_t base, double power) {
  std::string values(numbers.size() * sizeof(T), '\0');
  for (size_t i = 0; i < numbers.size(); ++i) {
    const T value = static_cast<T>(static_cast<double>(static_cast<int64_t>(base + numbers[i])) / power);
    std::memcpy(values.data() + i * sizeof value, &value, sizeof value);
  }
  return values;
}

absl::Status ReadDecimal(ByteReader& reader, Leaf& leaf) {
  TRY_ASSIGN(const auto digits, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const auto codec, reader.Fixed<uint8_t>());
  if (digits > kMaxDecimalDigits) return absl::DataLossError(fmt::format("decimals of {} digits", digits));
  uint64_t minimum = 0;
  std::vector<uint64_t> numbers;
  if (static_cast<Codec>(codec) == Codec::kDelta) {
    TRY_ASSIGN(numbers, DeltaNumbers(reader, leaf.rows));
  } else if (static_cast<Codec>(codec) == Codec::kFrame) {
    TRY_ASSIGN(minimum, reader.Fixed<uint64_t>());
    TRY_ASSIGN(numbers, ReadPacked(reader, static_cast<uint64_t>(leaf.rows)));
  } else {
    return absl::DataLossError(fmt::format("codec {} is not known for decimals", codec));
  }
  const double power = kPowersOfTen[digits];
  leaf.values = leaf.type.tag == "float" ? DecimalValues<float>(numbers, minimum, power)
                                         : DecimalValues<double>(numbers, minimum, power);
  return absl::OkStatus();
}

absl::Status ReadByteSplit(ByteReader& reader, Leaf& leaf) {
  const auto rows = static_cast<size_t>(leaf.rows);
  const auto width = static_cast<size_t>(leaf.type.width);
  TRY_ASSIGN(const std::string_view split, reader.Raw(rows * width));
  leaf.values.resize(split.size());
  for (size_t byte = 0; byte < width; ++byte) {
    for (size_t row = 0; row < rows; ++row) leaf.values[row * width + byte] = split[byte * rows + row];
  }
  return absl::OkStatus();
}

/// `leaf` holds a dictionary of form kVariable and codes: the values of all rows in their place.
absl::Status Spread(Leaf& leaf) {
  std::vector<int32_t> offsets(leaf.codes.size() + 1);
  uint64_t end = 0;
  for (size_t row = 0; row < leaf.codes.size(); ++row) {
    end += leaf.Variable(leaf.codes[row]).size();
    if (end > kMaxBodyBytes) return absl::DataLossError("the values of a dictionary take too many bytes");
    offsets[row + 1] = static_cast<int32_t>(end);
  }
  std::string values(end, '\0');
  for (size_t row = 0; row < leaf.codes.size(); ++row) {
    const std::string_view value = leaf.Variable(leaf.codes[row]);
    std::memcpy(values.data() + offsets[row], value.data(), value.size());
  }
  leaf.values = std::move(values);
  leaf.offsets = std::move(offsets);
  leaf.codes.clear();
  return absl::OkStatus();
}

absl::Status ReadDictionary(ByteReader& reader, bool as_dictionary, Leaf& leaf) {
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > static_cast<uint64_t>(leaf.rows)) return absl::DataLossError("a dictionary of more values than rows");
  const bool variable = leaf.type.form == LeafForm::kVariable;
  const auto width = static_cast<size_t>(leaf.type.width);
  std::string_view dictionary;
  if (variable) {
    TRY(ReadVariable(reader, count, leaf));
  } else {
    TRY_ASSIGN(dictionary, reader.Raw(count * width));
  }
  TRY_ASSIGN(const std::vector<uint64_t> codes, ReadPacked(reader, static_cast<uint64_t>(leaf.rows)));
  for (const uint64_t code : codes) {
    if (code >= count) return absl::DataLossError(fmt::format("code {} in a dictionary of {} values", code, count));
  }
  if (variable) {
    leaf.codes.assign(codes.begin(), codes.end());
    leaf.is_dictionary = as_dictionary;
    return as_dictionary ? absl::OkStatus() : Spread(leaf);
  }
  leaf.values.resize(codes.size() * width);
  for (size_t row = 0; row < codes.size(); ++row) {
    std::memcpy(leaf.values.data() + row * width, dictionary.data() + codes[row] * width, width);
  }
  return absl::OkStatus();
}

/// What a part has to be.
struct Expected {
  const LeafType& type;
  int64_t rows = 0;
};

absl::StatusOr<Leaf> ReadRecord(std::string_view record, const Expected* expected, bool as_dictionary);

absl::Status ReadParts(ByteReader& reader, Leaf& leaf) {
  // As deep as the types, which are at most 64 deep.
  TRY_ASSIGN(leaf, PutTogether(std::move(leaf), [&](const LeafType& type, int64_t rows) -> absl::StatusOr<Leaf> {
               TRY_ASSIGN(const std::string_view record, reader.String());
               const Expected expected{.type = type, .rows = rows};
               return ReadRecord(record, &expected, false);
             }));
  return absl::OkStatus();
}

absl::Status ReadValues(Codec codec, bool as_dictionary, ByteReader& reader, Leaf& leaf) {
  const bool fixed = leaf.type.form == LeafForm::kFixed;
  if (codec == Codec::kRaw) return ReadRaw(reader, leaf);
  if (codec == Codec::kDelta && leaf.type.is_integer) return ReadDelta(reader, leaf);
  if (codec == Codec::kFrame && leaf.type.is_integer) return ReadFrame(reader, leaf);
  if (codec == Codec::kDecimal && (leaf.type.tag == "float" || leaf.type.tag == "double")) {
    return ReadDecimal(reader, leaf);
  }
  if (codec == Codec::kByteSplit && fixed) return ReadByteSplit(reader, leaf);
  if (codec == Codec::kDictionary && (fixed || leaf.type.form == LeafForm::kVariable)) {
    return ReadDictionary(reader, as_dictionary, leaf);
  }
  if (codec == Codec::kParts && leaf.type.is_nested) return ReadParts(reader, leaf);
  return absl::DataLossError(
      fmt::format("codec {} is not known for values of type '{}'", static_cast<int>(codec), leaf.type.tag));
}

absl::Status ReadValidity(ByteReader& reader, Leaf& leaf) {
  if (leaf.nulls == 0) return absl::OkStatus();
  TRY_ASSIGN(const std::string_view validity, reader.Raw(static_cast<uint64_t>(leaf.rows + 7) / 8));
  leaf.validity = validity;
  int64_t valid = 0;
  for (const char byte : validity) valid += std::popcount(static_cast<uint8_t>(byte));
  const int used_bits = static_cast<int>(leaf.rows % 8);
  const bool tail_is_zero = used_bits == 0 || (static_cast<uint8_t>(validity.back()) >> used_bits) == 0;
  if (leaf.rows - valid != leaf.nulls || !tail_is_zero) return absl::DataLossError("the nulls are miscounted");
  return absl::OkStatus();
}

/// A leaf of at most kMaxTileRows rows, or the expected part.
absl::StatusOr<Leaf> ReadRecord(std::string_view record, const Expected* expected, bool as_dictionary) {
  ByteReader head(record);
  TRY_ASSIGN(const auto kind, head.Fixed<uint8_t>());
  if (kind != static_cast<uint8_t>(RecordKind::kLeaf)) {
    return absl::DataLossError(fmt::format("a record of kind {} is not a full leaf", kind));
  }
  Leaf leaf;
  TRY_ASSIGN(const std::string_view tag, head.String());
  if (expected != nullptr && tag != expected->type.tag) {
    return absl::DataLossError(fmt::format("a part of type '{}', expected '{}'", tag, expected->type.tag));
  }
  TRY_ASSIGN(leaf.type, LeafTypeOf(tag));
  TRY_ASSIGN(const uint64_t rows, head.Varint());
  TRY_ASSIGN(const uint64_t nulls, head.Varint());
  const bool fits =
      expected != nullptr ? rows == static_cast<uint64_t>(expected->rows) : rows <= static_cast<uint64_t>(kMaxTileRows);
  if (!fits || nulls > rows) {
    return absl::DataLossError(fmt::format("a leaf of {} rows and {} nulls", rows, nulls));
  }
  leaf.rows = static_cast<int64_t>(rows);
  leaf.nulls = static_cast<int64_t>(nulls);
  TRY_ASSIGN(const auto codec, head.Fixed<uint8_t>());
  TRY_ASSIGN(const std::string body, ReadCompressed(record.substr(head.position()), kMaxBodyBytes));
  ByteReader reader(body);
  TRY(ReadValidity(reader, leaf));
  TRY(ReadValues(static_cast<Codec>(codec), as_dictionary, reader, leaf));
  if (!reader.done()) return absl::DataLossError(fmt::format("{} bytes follow the values", reader.remaining()));
  if (as_dictionary && leaf.type.form == LeafForm::kVariable) return ToDictionaryForm(std::move(leaf));
  return leaf;
}

}  // namespace

absl::StatusOr<Leaf> DecodeLeaf(std::string_view record, bool as_dictionary) {
  return ReadRecord(record, nullptr, as_dictionary);
}

}  // namespace roost::store
