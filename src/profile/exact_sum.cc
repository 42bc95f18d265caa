#include "profile/exact_sum.h"

#include <bit>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "profile/wide_integer.h"

namespace roost::profile {
namespace {

constexpr int kMantissaBits = 52;
constexpr int kUnitExponent = -1074;  // of the unit in which WideIntegers hold sums of doubles

// A sum as the difference of two natural numbers.
struct SignedSum {
  WideInteger positive;
  WideInteger negative;

  void Add(UInt128 twos_complement, uint32_t shift) {
    const bool is_negative = (twos_complement >> 127) != 0;
    const UInt128 magnitude = is_negative ? -twos_complement : twos_complement;
    const uint64_t limbs[] = {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> 64)};
    (is_negative ? negative : positive).AddShifted(limbs, shift);
  }

  // The magnitude; `is_negative` gets the sign.
  WideInteger Magnitude(bool& is_negative) const {
    is_negative = positive < negative;
    WideInteger magnitude = is_negative ? negative : positive;
    magnitude.Subtract(is_negative ? positive : negative);
    return magnitude;
  }
};

// sum and squares are in units of 2^exponent and 2^(2 * exponent).
Moments MomentsFrom(const SignedSum& sum, WideInteger squares, int64_t count, uint64_t unit, int exponent) {
  bool is_negative = false;
  const WideInteger magnitude = sum.Magnitude(is_negative);
  const uint64_t divisors[] = {static_cast<uint64_t>(count), unit};
  const double mean = Quotient(magnitude, divisors, exponent);
  // Variance = (count * squares - sum^2) / count^2, without any rounding up to here.
  squares.MultiplyBy(static_cast<uint64_t>(count));
  const WideInteger square = magnitude.Squared();
  Moments moments{.mean = is_negative ? -mean : mean};
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

// The power of two of an exponent's last mantissa bit, in units of 2^kUnitExponent.
uint32_t ShiftOf(uint32_t exponent) { return exponent == 0 ? 0 : exponent - 1; }

}  // namespace

void SquareSum::Merge(const SquareSum& other) {
  const UInt128 low = (UInt128{other.limbs[1]} << 64) | other.limbs[0];
  Add(low);
  limbs[2] += other.limbs[2];
}

void IntegerSums::Add(std::span<const int64_t> values) {
  for (const int64_t value : values) {
    sum_ += static_cast<UInt128>(Int128{value});
    const uint64_t magnitude = value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    squares_.Add(UInt128{magnitude} * magnitude);
  }
}

void IntegerSums::Add(std::span<const uint64_t> values) {
  for (const uint64_t value : values) {
    sum_ += value;
    squares_.Add(UInt128{value} * value);
  }
}

void IntegerSums::Merge(const IntegerSums& other) {
  sum_ += other.sum_;
  squares_.Merge(other.squares_);
}

Moments IntegerSums::MomentsOf(int64_t count, uint64_t unit) const {
  SignedSum sum;
  sum.Add(sum_, 0);
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

FloatSums::FloatSums() : cell_of_(kExponents) {}

FloatSums::Cell& FloatSums::CellOf(uint32_t exponent) {
  uint16_t& cell = cell_of_[exponent];
  if (cell == 0) {
    cells_.emplace_back();
    cell = static_cast<uint16_t>(cells_.size());
  }
  return cells_[cell - 1];
}

void FloatSums::Add(std::span<const double> values) {
  for (const double value : values) {
    const auto bits = std::bit_cast<uint64_t>(value);
    const uint32_t exponent = (bits >> kMantissaBits) & 0x7ff;
    const uint64_t hidden = exponent == 0 ? 0 : uint64_t{1} << kMantissaBits;
    const uint64_t mantissa = (bits & ((uint64_t{1} << kMantissaBits) - 1)) | hidden;
    if (mantissa == 0) continue;
    Cell& cell = CellOf(exponent);
    const uint64_t sign = -(bits >> 63);  // all bits set for negative values
    const auto signed_mantissa = static_cast<int64_t>((mantissa ^ sign) - sign);
    cell.mantissas += static_cast<UInt128>(Int128{signed_mantissa});
    cell.squares.Add(UInt128{mantissa} * mantissa);
  }
}

void FloatSums::Merge(const FloatSums& other) {
  for (uint32_t exponent = 0; exponent < kExponents; ++exponent) {
    if (other.cell_of_[exponent] == 0) continue;
    const Cell& theirs = other.cells_[other.cell_of_[exponent] - 1];
    Cell& ours = CellOf(exponent);
    ours.mantissas += theirs.mantissas;
    ours.squares.Merge(theirs.squares);
  }
}

double FloatSums::Sum() const {
  SignedSum sum;
  for (uint32_t exponent = 0; exponent < kExponents; ++exponent) {
    if (cell_of_[exponent] != 0) sum.Add(cells_[cell_of_[exponent] - 1].mantissas, ShiftOf(exponent));
  }
  bool is_negative = false;
  const double magnitude = Quotient(sum.Magnitude(is_negative), {}, kUnitExponent);
  return is_negative ? -magnitude : magnitude;
}

Moments FloatSums::MomentsOf(int64_t count) const {
  SignedSum sum;
  WideInteger squares;
  for (uint32_t exponent = 0; exponent < kExponents; ++exponent) {
    if (cell_of_[exponent] == 0) continue;
    const Cell& cell = cells_[cell_of_[exponent] - 1];
    sum.Add(cell.mantissas, ShiftOf(exponent));
    squares.AddShifted(cell.squares.limbs, 2 * ShiftOf(exponent));
  }
  return MomentsFrom(sum, std::move(squares), count, /*unit=*/1, kUnitExponent);
}

void FloatSums::Serialize(std::string& bytes) const {
  AppendVarint(bytes, cells_.size());
  for (uint32_t exponent = 0; exponent < kExponents; ++exponent) {
    if (cell_of_[exponent] == 0) continue;
    const Cell& cell = cells_[cell_of_[exponent] - 1];
    AppendFixed(bytes, static_cast<uint16_t>(exponent));
    SerializeCell(bytes, cell.mantissas, cell.squares);
  }
}

absl::StatusOr<FloatSums> FloatSums::Parse(ByteReader& reader) {
  FloatSums sums;
  TRY_ASSIGN(const uint64_t num_cells, reader.Varint());
  int last = -1;
  for (uint64_t i = 0; i < num_cells; ++i) {
    TRY_ASSIGN(const uint16_t exponent, reader.Fixed<uint16_t>());
    if (exponent >= kExponents || exponent <= last) {
      return absl::DataLossError(fmt::format("exact sum: exponent {} after {} at byte {}; want ascending ones below {}",
                                             exponent, last, reader.position(), kExponents));
    }
    last = exponent;
    Cell& cell = sums.CellOf(exponent);
    TRY(ParseCell(reader, cell.mantissas, cell.squares));
    if (cell.squares.is_zero()) {
      return absl::DataLossError(fmt::format("exact sum: an empty cell before byte {}", reader.position()));
    }
  }
  return sums;
}

}  // namespace roost::profile
