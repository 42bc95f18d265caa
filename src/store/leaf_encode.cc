#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "base/bytes.h"
#include "store/bit_pack.h"
#include "store/codec_id.h"
#include "store/compression.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"
#include "store/nested_parts.h"

namespace roost::store {
namespace {

constexpr int64_t kSampleRuns = 4;
constexpr int64_t kMaxDictionaryValues = kMaxTileRows / 4;
constexpr int64_t kRunRows = 256;  // runs, not single rows: a delta needs its neighbour

/// The rows on which the codec is chosen, in ascending order: all of them, or runs at even distances.
std::vector<int64_t> SampleRows(int64_t rows) {
  std::vector<int64_t> sample;
  const bool all = rows <= kSampleRuns * kRunRows;
  const int64_t runs = all ? 1 : kSampleRuns;
  const int64_t run_rows = all ? rows : kRunRows;
  for (int64_t run = 0; run < runs; ++run) {
    const int64_t start = runs == 1 ? 0 : run * (rows - run_rows) / (runs - 1);
    for (int64_t row = start; row < start + run_rows; ++row) sample.push_back(row);
  }
  return sample;
}

template <typename T>
std::vector<T> Pick(const std::vector<T>& values, const std::vector<int64_t>& rows) {
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (const int64_t row : rows) picked.push_back(values[static_cast<size_t>(row)]);
  return picked;
}

template <typename T>
void Widen(std::string_view values, std::vector<uint64_t>& numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    T value;
    std::memcpy(&value, values.data() + i * sizeof value, sizeof value);
    numbers[i] = static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

/// The values of an integer leaf, sign-extended or zero-extended to 64 bits.
std::vector<uint64_t> NumbersOf(const Leaf& leaf) {
  std::vector<uint64_t> numbers(static_cast<size_t>(leaf.rows));
  switch (leaf.type.width * (leaf.type.is_signed ? 1 : -1)) {
    case 1: Widen<int8_t>(leaf.values, numbers); break;
    case 2: Widen<int16_t>(leaf.values, numbers); break;
    case 4: Widen<int32_t>(leaf.values, numbers); break;
    case -1: Widen<uint8_t>(leaf.values, numbers); break;
    case -2: Widen<uint16_t>(leaf.values, numbers); break;
    case -4: Widen<uint32_t>(leaf.values, numbers); break;
    default: Widen<uint64_t>(leaf.values, numbers);
  }
  return numbers;
}

uint64_t MinimumOf(const std::vector<uint64_t>& numbers, bool is_signed) {
  const auto less = [is_signed](uint64_t a, uint64_t b) {
    return is_signed ? static_cast<int64_t>(a) < static_cast<int64_t>(b) : a < b;
  };
  return numbers.empty() ? 0 : *std::min_element(numbers.begin(), numbers.end(), less);
}

/// `numbers` less `base`, modulo 2^64.
std::vector<uint64_t> Less(std::vector<uint64_t> numbers, uint64_t base) {
  for (uint64_t& number : numbers) number -= base;
  return numbers;
}

std::string DeltaBytes(const std::vector<uint64_t>& numbers) {
  std::string bytes;
  bytes.reserve(numbers.size() * 2);
  uint64_t before = 0;
  for (const uint64_t number : numbers) {
    AppendVarint(bytes, ZigZag(static_cast<int64_t>(number - before)));
    before = number;
  }
  return bytes;
}

std::string PackedBytes(const std::vector<uint64_t>& numbers, int width) {
  std::string bytes;
  AppendPacked(bytes, numbers, width);
  return bytes;
}

int WholeBytes(int width) {
  for (const int whole : {0, 8, 16, 32}) {
    if (width <= whole) return whole;
  }
  return 64;
}

/// Exact bits, or whole bytes, which zstd often makes smaller than exact bits.
int ChooseWidth(const std::vector<uint64_t>& numbers, const std::vector<int64_t>& sample) {
  uint64_t all = 0;
  for (const uint64_t number : numbers) all |= number;
  const int exact = BitWidth(all);
  const int whole = WholeBytes(exact);
  if (exact == whole) return exact;
  const std::vector<uint64_t> picked = Pick(numbers, sample);
  const bool exact_is_smaller =
      Compress(PackedBytes(picked, exact)).size() < Compress(PackedBytes(picked, whole)).size();
  return exact_is_smaller ? exact : whole;
}

void AppendWidthAndPacked(std::string& body, const std::vector<uint64_t>& numbers, int width) {
  body.push_back(static_cast<char>(width));
  AppendPacked(body, numbers, width);
}

/// The given rows of a variable leaf: lengths, then bytes.
void AppendVariable(std::string& body, const Leaf& leaf, std::span<const int64_t> rows) {
  std::vector<uint64_t> lengths;
  lengths.reserve(rows.size());
  uint64_t all = 0;
  for (const int64_t row : rows) {
    lengths.push_back(leaf.Variable(row).size());
    all |= lengths.back();
  }
  AppendWidthAndPacked(body, lengths, WholeBytes(BitWidth(all)));
  for (const int64_t row : rows) body.append(leaf.Variable(row));
}

void AppendFixedRows(std::string& body, const Leaf& leaf, std::span<const int64_t> rows) {
  const auto width = static_cast<size_t>(leaf.type.width);
  for (const int64_t row : rows) body.append(leaf.values, static_cast<size_t>(row) * width, width);
}

/// `value` as a whole number over 10^digits; false where that does not give the same bits back (as for -0.0 and NaN).
template <typename T>
bool AsDecimal(T value, int digits, uint64_t& number) {
  constexpr double kMost = 9007199254740992;  // 2^53: doubles hold all whole numbers up to it
  const double power = kPowersOfTen[digits];
  const double whole = std::nearbyint(static_cast<double>(value) * power);
  if (!(std::abs(whole) <= kMost)) return false;
  const auto integer = static_cast<int64_t>(whole);
  const T back = static_cast<T>(static_cast<double>(integer) / power);
  if (std::memcmp(&back, &value, sizeof value) != 0) return false;
  number = static_cast<uint64_t>(integer);
  return true;
}

/// The values at `rows` as whole numbers over 10^digits, with the fewest digits from `digits` on, which is set to them;
/// nothing where no number of digits does.
template <typename T, typename Rows>
std::vector<uint64_t> DecimalsAt(const Leaf& leaf, const Rows& row_at, size_t rows, int& digits) {
  std::vector<uint64_t> numbers(rows);
  for (size_t i = 0; i < rows; ++i) {
    T value;
    std::memcpy(&value, leaf.values.data() + row_at(i) * sizeof value, sizeof value);
    if (AsDecimal(value, digits, numbers[i])) continue;
    // One that has come so far does with more digits too, but for the largest: all are looked at again.
    do {
      if (++digits > kMaxDecimalDigits) return {};
    } while (!AsDecimal(value, digits, numbers[i]));
    i = static_cast<size_t>(-1);
  }
  return numbers;
}

template <typename T>
std::vector<uint64_t> DecimalsOf(const Leaf& leaf, const std::vector<int64_t>& sample, int& digits) {
  // With digits enough every float is a decimal, but one that takes no fewer bits than it has itself.
  constexpr int kMostBits = sizeof(T) == sizeof(double) ? 44 : 20;
  digits = 0;
  const auto of_sample = [&](size_t i) { return static_cast<size_t>(sample[i]); };
  const std::vector<uint64_t> numbers = DecimalsAt<T>(leaf, of_sample, sample.size(), digits);
  if (numbers.empty()) return {};
  uint64_t all = 0;
  for (const uint64_t number : numbers) all |= ZigZag(static_cast<int64_t>(number));
  if (BitWidth(all) > kMostBits) return {};
  return DecimalsAt<T>(
      leaf, [](size_t i) { return i; }, static_cast<size_t>(leaf.rows), digits);
}

/// A way to write the values, and what it is likely to cost.
struct Choice {
  Codec codec = Codec::kRaw;
  int width = 0;
  Codec numbers = Codec::kRaw;  // of kDecimal: how its numbers are written
  double bytes = std::numeric_limits<double>::infinity();
  std::string parts;  // of kParts: their records, where the sample was all rows
};

/// The records of the parts of a nested leaf; empty where it cannot be taken apart.
std::string PartRecords(const Leaf& leaf) {
  const absl::StatusOr<std::vector<Leaf>> parts = TakeApart(leaf);
  if (!parts.ok()) return {};
  std::string records;
  for (const Leaf& part : *parts) AppendString(records, EncodeLeaf(part));
  return records;
}

/// Everything that the choice looks at; made once per leaf.
struct Inspection {
  std::vector<int64_t> sample;
  double scale = 1;               // rows / sampled rows
  std::vector<uint64_t> numbers;  // of integers, and of floats that are decimals
  int digits = 0;                 // of decimals
  std::vector<uint64_t> offsets;  // numbers less their minimum
  uint64_t minimum = 0;
  std::vector<int64_t> dictionary_rows;
  std::vector<uint64_t> codes;  // empty where there is no dictionary
};

void InspectDictionary(const Leaf& leaf, Inspection& inspection) {
  const int64_t most = std::min(leaf.rows / 4, kMaxDictionaryValues);
  const absl::StatusOr<Dictionary> dictionary = MakeDictionary(leaf, std::max<int64_t>(most, 1));
  if (!dictionary.ok()) return;
  inspection.dictionary_rows = dictionary->first_rows;
  inspection.codes.assign(dictionary->codes.begin(), dictionary->codes.end());
}

Inspection Inspect(const Leaf& leaf) {
  Inspection inspection{.sample = SampleRows(leaf.rows)};
  if (leaf.rows == 0) return inspection;
  inspection.scale = static_cast<double>(leaf.rows) / static_cast<double>(inspection.sample.size());
  InspectDictionary(leaf, inspection);
  if (leaf.type.is_integer) {
    inspection.numbers = NumbersOf(leaf);
  } else if (leaf.type.tag == "double") {
    inspection.numbers = DecimalsOf<double>(leaf, inspection.sample, inspection.digits);
  } else if (leaf.type.tag == "float") {
    inspection.numbers = DecimalsOf<float>(leaf, inspection.sample, inspection.digits);
  }
  if (!inspection.numbers.empty()) {
    inspection.minimum = MinimumOf(inspection.numbers, leaf.type.is_signed || !leaf.type.is_integer);
    inspection.offsets = Less(inspection.numbers, inspection.minimum);
  }
  return inspection;
}

std::string SplitBytes(std::string_view values, size_t width) {
  std::string split(values.size(), '\0');
  const size_t rows = values.size() / width;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t byte = 0; byte < width; ++byte) split[byte * rows + row] = values[row * width + byte];
  }
  return split;
}

void AppendRaw(std::string& body, const Leaf& leaf) {
  if (leaf.type.form != LeafForm::kVariable) {
    body.append(leaf.values);
    return;
  }
  std::vector<int64_t> rows(static_cast<size_t>(leaf.rows));
  for (size_t row = 0; row < rows.size(); ++row) rows[row] = static_cast<int64_t>(row);
  AppendVariable(body, leaf, rows);
}

std::string RawBody(const Leaf& leaf) {
  std::string body;
  AppendRaw(body, leaf);
  return body;
}

/// Of nested values: whole, as parts, or as a dictionary of whole ones, by what the sampled rows take.
Choice ChooseNested(const Leaf& leaf, const Inspection& inspection) {
  Leaf sample{.type = leaf.type, .offsets = {0}};
  for (size_t start = 0; start < inspection.sample.size(); start += kRunRows) {
    const auto rows = std::min(inspection.sample.size() - start, static_cast<size_t>(kRunRows));
    AppendRows(sample, leaf, inspection.sample[start], static_cast<int64_t>(rows));
  }
  const auto whole = static_cast<double>(Compress(RawBody(sample)).size());
  Choice best{.codec = Codec::kRaw, .bytes = whole};
  std::string parts = PartRecords(sample);
  if (!parts.empty() && static_cast<double>(parts.size()) < best.bytes) {
    best = {.codec = Codec::kParts, .bytes = static_cast<double>(parts.size())};
    // Made once: each level of types within types would double the work otherwise.
    if (sample.rows == leaf.rows) best.parts = std::move(parts);
  }
  if (inspection.codes.empty()) return best;
  const int width = ChooseWidth(inspection.codes, inspection.sample);
  const double distinct = static_cast<double>(inspection.dictionary_rows.size()) / static_cast<double>(leaf.rows);
  const std::string codes = PackedBytes(Pick(inspection.codes, inspection.sample), width);
  const double bytes = whole * distinct + static_cast<double>(Compress(codes).size());
  if (bytes < best.bytes) best = {.codec = Codec::kDictionary, .width = width, .bytes = bytes};
  return best;
}

Choice Choose(const Leaf& leaf, const Inspection& inspection) {
  Choice best;
  // The earlier of two equal candidates wins: results do not depend on anything but the leaf.
  const auto consider = [&](const Choice& choice, std::string_view sample_bytes, size_t fixed_bytes) {
    const double bytes =
        static_cast<double>(Compress(sample_bytes).size()) * inspection.scale + static_cast<double>(fixed_bytes);
    if (bytes >= best.bytes) return;
    best = choice;
    best.bytes = bytes;
  };
  const auto consider_numbers = [&] {
    const std::string deltas = DeltaBytes(Pick(inspection.numbers, inspection.sample));
    const int width = ChooseWidth(inspection.offsets, inspection.sample);
    const std::string packed = PackedBytes(Pick(inspection.offsets, inspection.sample), width);
    const bool is_decimal = !leaf.type.is_integer;
    consider({.codec = is_decimal ? Codec::kDecimal : Codec::kDelta, .numbers = Codec::kDelta}, deltas, 0);
    consider({.codec = is_decimal ? Codec::kDecimal : Codec::kFrame, .width = width, .numbers = Codec::kFrame}, packed,
             0);
  };
  if (leaf.rows == 0 || leaf.type.form == LeafForm::kNull || leaf.type.form == LeafForm::kBool) return best;
  if (leaf.type.form == LeafForm::kFixed && leaf.type.width == 0) return best;
  const bool has_dictionary = !inspection.codes.empty();
  if (leaf.type.is_nested) return ChooseNested(leaf, inspection);
  if (leaf.type.form == LeafForm::kVariable) {
    if (has_dictionary) {
      best = {.codec = Codec::kDictionary, .width = ChooseWidth(inspection.codes, inspection.sample)};
    }
    return best;
  }
  std::string raw;
  AppendFixedRows(raw, leaf, inspection.sample);
  consider({.codec = Codec::kRaw}, raw, 0);
  if (!leaf.type.is_integer) {
    consider({.codec = Codec::kByteSplit}, SplitBytes(raw, static_cast<size_t>(leaf.type.width)), 0);
  }
  if (!inspection.numbers.empty()) consider_numbers();
  if (has_dictionary) {
    const int width = ChooseWidth(inspection.codes, inspection.sample);
    consider({.codec = Codec::kDictionary, .width = width},
             PackedBytes(Pick(inspection.codes, inspection.sample), width),
             inspection.dictionary_rows.size() * static_cast<size_t>(leaf.type.width));
  }
  return best;
}

void AppendDictionary(std::string& body, const Leaf& leaf, const Inspection& inspection, int width) {
  AppendVarint(body, inspection.dictionary_rows.size());
  if (leaf.type.form == LeafForm::kVariable) {
    AppendVariable(body, leaf, inspection.dictionary_rows);
  } else {
    AppendFixedRows(body, leaf, inspection.dictionary_rows);
  }
  AppendWidthAndPacked(body, inspection.codes, width);
}

void AppendFrame(std::string& body, const Inspection& inspection, int width) {
  AppendFixed(body, inspection.minimum);
  AppendWidthAndPacked(body, inspection.offsets, width);
}

void AppendDecimal(std::string& body, const Inspection& inspection, const Choice& choice) {
  body.push_back(static_cast<char>(inspection.digits));
  body.push_back(static_cast<char>(choice.numbers));
  if (choice.numbers == Codec::kDelta) {
    body.append(DeltaBytes(inspection.numbers));
  } else {
    AppendFrame(body, inspection, choice.width);
  }
}

}  // namespace

std::string EncodeLeaf(const Leaf& leaf) {
  Inspection inspection;
  if (leaf.type.form == LeafForm::kFixed || leaf.type.form == LeafForm::kVariable) inspection = Inspect(leaf);
  Choice choice = Choose(leaf, inspection);
  if (choice.codec == Codec::kParts && choice.parts.empty()) {
    choice.parts = PartRecords(leaf);
    if (choice.parts.empty()) choice.codec = Codec::kRaw;
  }
  std::string body = leaf.validity;
  switch (choice.codec) {
    case Codec::kRaw: AppendRaw(body, leaf); break;
    case Codec::kDelta: body.append(DeltaBytes(inspection.numbers)); break;
    case Codec::kFrame: AppendFrame(body, inspection, choice.width); break;
    case Codec::kDecimal: AppendDecimal(body, inspection, choice); break;
    case Codec::kDictionary: AppendDictionary(body, leaf, inspection, choice.width); break;
    case Codec::kParts: body.append(choice.parts); break;
    case Codec::kByteSplit: body.append(SplitBytes(leaf.values, static_cast<size_t>(leaf.type.width))); break;
  }
  std::string record;
  record.push_back(static_cast<char>(RecordKind::kLeaf));
  AppendString(record, leaf.type.tag);
  AppendVarint(record, static_cast<uint64_t>(leaf.rows));
  AppendVarint(record, static_cast<uint64_t>(leaf.nulls));
  record.push_back(static_cast<char>(choice.codec));
  AppendCompressed(record, body);
  return record;
}

}  // namespace roost::store
