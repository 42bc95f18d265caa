#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/int128.h"
#include "profile/wide_integer.h"

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
/// Cost: 1 to 3 ns a value. Threads: a state belongs to one thread at a time.
class IntegerSums {
 public:
  void Add(std::span<const int64_t> values);
  void Add(std::span<const uint64_t> values);
  /// Values whose sum and whose squares' sum are known.
  void AddSums(int64_t sum, UInt128 squares);
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
/// Both are whole numbers in units of 2^-1074 and 2^-2148, and are kept as such: nothing is rounded before the end, and
/// so any split of the same values, in any order, gives the same bytes and the same mean to the last bit. Values are
/// added up in machine words first, those within 2^12 of each other together, and their sum goes into the wide one.
///
/// Cost: about 3 ns a value, and as much again for every 12 powers of two that 1,024 neighbours spread over; up to 2
/// KB. Threads: a state belongs to one thread at a time. Source: the superaccumulators of Neal, "Fast exact summation
/// using small and large superaccumulators" (2015).
class FloatSums {
 public:
  /// Adds finite values.
  void Add(std::span<const double> values);
  void Merge(const FloatSums& other);

  /// The sum, rounded once; an infinity where it is beyond the doubles.
  double Sum() const;

  /// Of the `count` values that were added (count > 0; zeros count).
  Moments MomentsOf(int64_t count) const;

  void Serialize(std::string& bytes) const;
  /// Reads the layout of that version of the profile's format (1 or 2).
  static absl::StatusOr<FloatSums> Parse(ByteReader& reader, uint16_t version);

 private:
  void AddBlock(std::span<const double> values);
  /// Values whose shifts (exponents above that of the least double) are from `lowest_shift` to 11 above, and zeros.
  void AddNear(std::span<const double> values, uint32_t lowest_shift);

  // In units of 2^-1074; the squares in units of 2^-2148. Of negative values the magnitudes are added up.
  WideInteger positive_;
  WideInteger negative_;
  WideInteger squares_;
};

}  // namespace roost::profile
