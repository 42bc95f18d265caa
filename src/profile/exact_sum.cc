#include "profile/exact_sum.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

constexpr uint32_t kMantissaBits = 52;
constexpr int kUnitExponent = -1074;  // of the unit in which WideIntegers hold sums of doubles
constexpr size_t kBlock = 1024;

// Limbs that no sum of 2^48 values needs more of.
constexpr uint64_t kSumLimbs = (1074 + 1024 + 48) / 64 + 1;
constexpr uint64_t kSquareLimbs = (2 * (1074 + 1024) + 48) / 64 + 1;

// The difference of two natural numbers: its magnitude, and its sign.
struct Difference {
  WideInteger magnitude;
  bool is_negative = false;
};

Difference DifferenceOf(const WideInteger& positive, const WideInteger& negative) {
  Difference difference{.is_negative = positive < negative};
  difference.magnitude = difference.is_negative ? negative : positive;
  difference.magnitude.Subtract(difference.is_negative ? positive : negative);
  return difference;
}

void AddTo(WideInteger& sum, UInt128 value, uint32_t shift) {
  const uint64_t limbs[] = {static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64)};
  sum.AddShifted(limbs, shift);
}

// sum and squares are in units of 2^exponent and 2^(2 * exponent).
Moments MomentsFrom(const Difference& sum, WideInteger squares, int64_t count, uint64_t unit, int exponent) {
  const uint64_t divisors[] = {static_cast<uint64_t>(count), unit};
  const double mean = Quotient(sum.magnitude, divisors, exponent);
  // Variance = (count * squares - sum^2) / count^2, without any rounding up to here.
  squares.MultiplyBy(static_cast<uint64_t>(count));
  const WideInteger square = sum.magnitude.Squared();
  Moments moments{.mean = sum.is_negative ? -mean : mean};
  // Sums of real values never have squares < square; bytes from elsewhere may.
  if (squares > square) {
    squares.Subtract(square);
    moments.standard_deviation = RootQuotient(squares, divisors, exponent);
  }
  return moments;
}

void SerializeCell(std::string& bytes, UInt128 sum, const SquareSum& squares) {
  AppendFixed(bytes, static_cast<uint64_t>(sum));
  AppendFixed(bytes, static_cast<uint64_t>(sum >> 64));
  for (const uint64_t limb : squares.limbs) AppendFixed(bytes, limb);
}

absl::Status ParseCell(ByteReader& reader, UInt128& sum, SquareSum& squares) {
  TRY_ASSIGN(const uint64_t low, reader.Fixed<uint64_t>());
  TRY_ASSIGN(const uint64_t high, reader.Fixed<uint64_t>());
  sum = (UInt128{high} << 64) | low;
  for (uint64_t& limb : squares.limbs) {
    TRY_ASSIGN(limb, reader.Fixed<uint64_t>());
  }
  return absl::OkStatus();
}

// A number without the zeros below and above it.
void SerializeWide(std::string& bytes, const WideInteger& number) {
  std::span<const uint64_t> limbs = number.limbs();
  size_t first = 0;
  while (first < limbs.size() && limbs[first] == 0) ++first;
  limbs = limbs.subspan(first);
  AppendVarint(bytes, first);
  AppendVarint(bytes, limbs.size());
  for (const uint64_t limb : limbs) AppendFixed(bytes, limb);
}

absl::StatusOr<WideInteger> ParseWide(ByteReader& reader, uint64_t max_limbs) {
  const size_t start = reader.position();
  TRY_ASSIGN(const uint64_t first, reader.Varint());
  TRY_ASSIGN(const uint64_t size, reader.Varint());
  if (first > max_limbs || size > max_limbs - first || (size == 0 && first != 0)) {
    return absl::DataLossError(
        fmt::format("exact sum at byte {}: {} limbs from {} on; there are {}", start, size, first, max_limbs));
  }
  std::array<uint64_t, kSquareLimbs> limbs;
  for (uint64_t i = 0; i < size; ++i) {
    TRY_ASSIGN(limbs[i], reader.Fixed<uint64_t>());
  }
  if (size > 0 && (limbs[0] == 0 || limbs[size - 1] == 0)) {
    return absl::DataLossError(fmt::format("exact sum at byte {}: a number that begins or ends with zeros", start));
  }
  WideInteger number;
  number.AddShifted({limbs.data(), size}, static_cast<uint32_t>(first * 64));
  return number;
}

// The bits of a value without its sign: a whole number that grows with the magnitude.
uint64_t MagnitudeBits(double value) { return std::bit_cast<uint64_t>(value) & ~(uint64_t{1} << 63); }

// The exponent of a magnitude's last bit above kUnitExponent: that of subnormals and of the least normal ones is 0.
uint32_t ShiftOf(uint64_t magnitude_bits) {
  const auto exponent = static_cast<uint32_t>(magnitude_bits >> kMantissaBits);
  return exponent - (exponent > 0 ? 1 : 0);
}

// Version 1 of the format: for each exponent in use the sum of the mantissas and of their squares.
absl::Status ParseCells(ByteReader& reader, WideInteger& positive, WideInteger& negative, WideInteger& squares) {
  constexpr int kExponents = 2047;  // biased; 0 is that of subnormals, 2047 that of infinities
  TRY_ASSIGN(const uint64_t num_cells, reader.Varint());
  int last = -1;
  for (uint64_t i = 0; i < num_cells; ++i) {
    TRY_ASSIGN(const uint16_t exponent, reader.Fixed<uint16_t>());
    if (exponent >= kExponents || exponent <= last) {
      return absl::DataLossError(fmt::format("exact sum: exponent {} after {} at byte {}; want ascending ones below {}",
                                             exponent, last, reader.position(), kExponents));
    }
    last = exponent;
    UInt128 mantissas = 0;
    SquareSum cell_squares;
    TRY(ParseCell(reader, mantissas, cell_squares));
    if (cell_squares.is_zero()) {
      return absl::DataLossError(fmt::format("exact sum: an empty cell before byte {}", reader.position()));
    }
    const uint32_t shift = ShiftOf(uint64_t{exponent} << kMantissaBits);
    const bool is_negative = (mantissas >> 127) != 0;
    AddTo(is_negative ? negative : positive, is_negative ? -mantissas : mantissas, shift);
    squares.AddShifted(cell_squares.limbs, 2 * shift);
  }
  return absl::OkStatus();
}

}  // namespace

void SquareSum::Merge(const SquareSum& other) {
  const UInt128 low = (UInt128{other.limbs[1]} << 64) | other.limbs[0];
  Add(low);
  limbs[2] += other.limbs[2];
}

namespace {

uint64_t MagnitudeOf(int64_t value) { return value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value); }
uint64_t MagnitudeOf(uint64_t value) { return value; }

// Whether the sums of kBlock such values fit a machine word.
template <typename Integer>
bool AreSmall(std::span<const Integer> values) {
  constexpr uint64_t kSmall = uint64_t{1} << 26;
  uint64_t bits = 0;
  for (const Integer value : values) bits |= MagnitudeOf(value);
  return bits < kSmall;
}

template <typename Integer>
void AddBlock(std::span<const Integer> values, UInt128& sum, SquareSum& squares) {
  if (AreSmall(values)) {
    uint64_t block_sum = 0;  // two's complement
    uint64_t block_squares = 0;
    for (const Integer value : values) {
      block_sum += static_cast<uint64_t>(value);
      // The low 32 bits of both factors: an instruction multiplies two such pairs.
      const uint64_t magnitude = MagnitudeOf(value) & 0xffff'ffff;
      block_squares += magnitude * magnitude;
    }
    sum += static_cast<UInt128>(Int128{static_cast<int64_t>(block_sum)});
    squares.Add(block_squares);
    return;
  }
  // Local sums stay in registers.
  UInt128 block_sum = 0;
  SquareSum block_squares;
  for (const Integer value : values) {
    const uint64_t magnitude = MagnitudeOf(value);
    block_sum += static_cast<UInt128>(Int128{value});
    block_squares.Add(UInt128{magnitude} * magnitude);
  }
  sum += block_sum;
  squares.Merge(block_squares);
}

template <typename Integer>
void AddBlocks(std::span<const Integer> values, UInt128& sum, SquareSum& squares) {
  for (size_t start = 0; start < values.size(); start += kBlock) {
    AddBlock(values.subspan(start, std::min(kBlock, values.size() - start)), sum, squares);
  }
}

}  // namespace

void IntegerSums::Add(std::span<const int64_t> values) { AddBlocks(values, sum_, squares_); }
void IntegerSums::Add(std::span<const uint64_t> values) { AddBlocks(values, sum_, squares_); }

void IntegerSums::AddSums(int64_t sum, UInt128 squares) {
  sum_ += static_cast<UInt128>(Int128{sum});
  squares_.Add(squares);
}

void IntegerSums::Merge(const IntegerSums& other) {
  sum_ += other.sum_;
  squares_.Merge(other.squares_);
}

Moments IntegerSums::MomentsOf(int64_t count, uint64_t unit) const {
  Difference sum{.is_negative = (sum_ >> 127) != 0};
  AddTo(sum.magnitude, sum.is_negative ? -sum_ : sum_, 0);
  WideInteger squares;
  squares.AddShifted(squares_.limbs, 0);
  return MomentsFrom(sum, std::move(squares), count, unit, /*exponent=*/0);
}

void IntegerSums::Serialize(std::string& bytes) const { SerializeCell(bytes, sum_, squares_); }

absl::StatusOr<IntegerSums> IntegerSums::Parse(ByteReader& reader) {
  IntegerSums sums;
  TRY(ParseCell(reader, sums.sum_, sums.squares_));
  return sums;
}

namespace {

// A mantissa of 53 bits, moved by so many, fits 64.
constexpr uint32_t kSpread = 11;

struct MagnitudeEnds {
  uint64_t lowest;  // but for zeros, the bits of the least magnitude; all bits set where there are only zeros
  uint64_t highest;
};

MagnitudeEnds MagnitudeEndsOf(std::span<const double> values) {
  uint64_t below_lowest = ~uint64_t{0};  // less one, so that zeros are the greatest
  uint64_t highest = 0;
  for (const double value : values) {
    const uint64_t bits = MagnitudeBits(value);
    below_lowest = std::min(below_lowest, bits - 1);
    highest = std::max(highest, bits);
  }
  return {below_lowest + (below_lowest == ~uint64_t{0} ? 0 : 1), highest};
}

}  // namespace

void FloatSums::AddNear(std::span<const double> values, uint32_t lowest_shift) {
  // In units of the last bit at `lowest_shift`.
  UInt128 all = 0;  // magnitudes
  UInt128 negative = 0;
  SquareSum squares;
  for (const double value : values) {
    const uint64_t bits = MagnitudeBits(value);
    const uint32_t shift = ShiftOf(bits);
    // Less the exponent, what is left is the mantissa with its hidden bit: the shift is the exponent less one.
    const uint64_t mantissa = bits - (uint64_t{shift} << kMantissaBits);
    const uint64_t magnitude = mantissa << ((shift - lowest_shift) % 64);          // zeros stay zeros
    const auto sign = static_cast<uint64_t>(std::bit_cast<int64_t>(value) >> 63);  // all bits set for negative values
    all += magnitude;
    negative += magnitude & sign;
    squares.Add(UInt128{magnitude} * magnitude);
  }
  AddTo(negative_, negative, lowest_shift);
  AddTo(positive_, all - negative, lowest_shift);
  squares_.AddShifted(squares.limbs, 2 * lowest_shift);
}

void FloatSums::AddBlock(std::span<const double> values) {
  const MagnitudeEnds ends = MagnitudeEndsOf(values);
  if (ends.highest == 0) return;
  const uint32_t lowest_shift = ShiftOf(ends.highest) - std::min(ShiftOf(ends.highest), kSpread);
  if (ShiftOf(ends.lowest) >= lowest_shift) return AddNear(values, lowest_shift);
  // Sorted by their window of 12 shifts, by counting.
  constexpr uint32_t kWidth = kSpread + 1;
  constexpr uint32_t kWindows = 2046 / kWidth + 1;
  std::array<uint16_t, kWindows + 1> begins{};
  for (const double value : values) ++begins[ShiftOf(MagnitudeBits(value)) / kWidth + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::array<double, kBlock> sorted;
  std::array<uint16_t, kWindows + 1> next = begins;
  for (const double value : values) sorted[next[ShiftOf(MagnitudeBits(value)) / kWidth]++] = value;
  for (uint32_t window = 0; window < kWindows; ++window) {
    const size_t size = begins[window + 1] - begins[window];
    if (size > 0) AddNear(std::span<const double>(sorted).subspan(begins[window], size), window * kWidth);
  }
}

void FloatSums::Add(std::span<const double> values) {
  for (size_t start = 0; start < values.size(); start += kBlock) {
    AddBlock(values.subspan(start, std::min(kBlock, values.size() - start)));
  }
}

void FloatSums::Merge(const FloatSums& other) {
  positive_.AddShifted(other.positive_.limbs(), 0);
  negative_.AddShifted(other.negative_.limbs(), 0);
  squares_.AddShifted(other.squares_.limbs(), 0);
}

double FloatSums::Sum() const {
  Difference sum = DifferenceOf(positive_, negative_);
  const double magnitude = Quotient(std::move(sum.magnitude), {}, kUnitExponent);
  return sum.is_negative ? -magnitude : magnitude;
}

Moments FloatSums::MomentsOf(int64_t count) const {
  return MomentsFrom(DifferenceOf(positive_, negative_), squares_, count, /*unit=*/1, kUnitExponent);
}

void FloatSums::Serialize(std::string& bytes) const {
  const Difference sum = DifferenceOf(positive_, negative_);
  AppendFixed(bytes, static_cast<uint8_t>(sum.is_negative ? 1 : 0));
  SerializeWide(bytes, sum.magnitude);
  SerializeWide(bytes, squares_);
}

absl::StatusOr<FloatSums> FloatSums::Parse(ByteReader& reader, uint16_t version) {
  FloatSums sums;
  if (version == 1) {
    TRY(ParseCells(reader, sums.positive_, sums.negative_, sums.squares_));
    return sums;
  }
  const size_t start = reader.position();
  TRY_ASSIGN(const uint8_t sign, reader.Fixed<uint8_t>());
  TRY_ASSIGN(WideInteger magnitude, ParseWide(reader, kSumLimbs));
  TRY_ASSIGN(sums.squares_, ParseWide(reader, kSquareLimbs));
  if (sign > 1 || (magnitude.is_zero() && sign != 0) || (sums.squares_.is_zero() && !magnitude.is_zero())) {
    return absl::DataLossError(fmt::format("exact sum at byte {}: a sign or squares that cannot be", start));
  }
  (sign == 1 ? sums.negative_ : sums.positive_) = std::move(magnitude);
  return sums;
}

}  // namespace roost::profile
