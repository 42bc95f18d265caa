#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/int128.h"

namespace roost::profile {

/// Mean and standard deviation (of the population) of numbers, computed from exact sums.
struct Moments {
  double mean = 0;                ///< rounded once, to nearest
  double standard_deviation = 0;  ///< within one unit in the last place
};

/// A sum of squares below 2^192: 2^64 squares of 64-bit integers, or 2^80 of 56-bit ones.
struct SquareSum {
  std::array<uint64_t, 3> limbs{};  ///< low ones first

  void Add(UInt128 square) {
    const UInt128 low = ((UInt128{limbs[1]} << 64) | limbs[0]) + square;
    limbs[2] += low < square ? 1 : 0;
    limbs[0] = static_cast<uint64_t>(low);
    limbs[1] = static_cast<uint64_t>(low >> 64);
  }
  void Merge(const SquareSum& other);
  bool is_zero() const { return (limbs[0] | limbs[1] | limbs[2]) == 0; }
};

/// The exact sum of 64-bit integers, and of their squares. Nothing can overflow in fewer than 2^63 values.
/// Cost: about 1.5 ns a value. Threads: a state belongs to one thread at a time.
class IntegerSums {
 public:
  void Add(std::span<const int64_t> values);
  void Add(std::span<const uint64_t> values);
  void Merge(const IntegerSums& other);

  /// Of the `count` values that were added (count > 0), each divided by `unit` (> 0).
  Moments MomentsOf(int64_t count, uint64_t unit) const;

  void Serialize(std::string& bytes) const;
  static absl::StatusOr<IntegerSums> Parse(ByteReader& reader);

 private:
  UInt128 sum_ = 0;  // two's complement
  SquareSum squares_;
};

/// The exact sum of finite doubles, and of their squares.
///
/// There is one pair of integers for each exponent: the sum of the mantissas (53 bits and a sign) and the sum of the
/// mantissas' squares (106 bits). Integer sums do not depend on the order, nothing is rounded before the end, and so
/// any split of the same values gives the same bytes and the same mean to the last bit.
///
/// Cost: about 3 ns a value, and 40 bytes for each exponent in use. Threads: a state belongs to one thread at a time.
/// Source: the large superaccumulator of Neal, "Fast exact summation using small and large superaccumulators" (2015),
/// with wider cells in place of its carries.
class FloatSums {
 public:
  FloatSums();

  /// Adds finite values.
  void Add(std::span<const double> values);
  void Merge(const FloatSums& other);

  /// The sum, rounded once; an infinity where it is beyond the doubles.
  double Sum() const;

  /// Of the `count` values that were added (count > 0; zeros count).
  Moments MomentsOf(int64_t count) const;

  void Serialize(std::string& bytes) const;
  static absl::StatusOr<FloatSums> Parse(ByteReader& reader);

 private:
  static constexpr int kExponents = 2047;  // biased; 0 is that of subnormals, 2047 that of infinities

  struct Cell {
    UInt128 mantissas = 0;  // two's complement
    SquareSum squares;
  };
  Cell& CellOf(uint32_t exponent);

  std::vector<uint16_t> cell_of_;  // by exponent: 1 + position in cells_, 0 for none
  std::vector<Cell> cells_;        // in the order of first use
};

}  // namespace roost::profile
