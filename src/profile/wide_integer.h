#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

namespace roost::profile {

/// An unsigned integer of any size: the few operations that turn exact sums into a mean and a standard deviation.
/// Multiplication and division take a few microseconds at the sizes that occur (up to 4,400 bits), addition some
/// nanoseconds; not meant for inner loops.
class WideInteger {
 public:
  WideInteger() = default;

  /// Adds the number whose 64-bit limbs, low ones first, are `limbs`, times 2^`shift`.
  void AddShifted(std::span<const uint64_t> limbs, uint32_t shift);

  void MultiplyBy(uint64_t factor);

  WideInteger Squared() const;

  /// Subtracts `other`, which is not greater than this.
  void Subtract(const WideInteger& other);

  /// Divides, rounding down; true where something remained. `divisor` is not 0.
  bool DivideBy(uint64_t divisor);

  bool is_zero() const { return limbs_.empty(); }
  /// Number of bits without leading zeros; 0 for zero.
  uint32_t bit_width() const;
  std::span<const uint64_t> limbs() const { return limbs_; }

  friend std::strong_ordering operator<=>(const WideInteger& a, const WideInteger& b);
  friend bool operator==(const WideInteger&, const WideInteger&) = default;

 private:
  void Trim();

  std::vector<uint64_t> limbs_;  // low limbs first; the last is not 0
};

/// `dividend` * 2^`exponent` / (the product of `divisors`), rounded once, to the nearest double (ties to even).
double Quotient(WideInteger dividend, std::span<const uint64_t> divisors, int exponent);

/// The square root of `radicand`, times 2^`exponent`, divided by the product of `divisors`; within one unit in the last
/// place, by integer arithmetic alone and so the same on every machine.
double RootQuotient(const WideInteger& radicand, std::span<const uint64_t> divisors, int exponent);

}  // namespace roost::profile
