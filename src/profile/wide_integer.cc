#include "profile/wide_integer.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"
#include "profile/int128.h"

namespace roost::profile {
namespace {

// The highest 64 bits of a number that is not zero: value = top * 2^exponent, and a little more where `inexact`.
struct Top {
  uint64_t bits = 0;  // bit 63 is set
  int exponent = 0;
  bool inexact = false;
};

Top TopOf(const WideInteger& value) {
  const std::span<const uint64_t> limbs = value.limbs();
  const size_t last = limbs.size() - 1;
  const int leading_zeros = std::countl_zero(limbs[last]);
  Top top{.bits = limbs[last] << leading_zeros, .exponent = static_cast<int>(last) * 64 - leading_zeros};
  size_t below = last;
  if (last > 0 && leading_zeros > 0) {
    --below;
    top.bits |= limbs[below] >> (64 - leading_zeros);
    top.inexact = (limbs[below] << leading_zeros) != 0;
  }
  for (size_t i = 0; i < below; ++i) top.inexact |= limbs[i] != 0;
  return top;
}

// Rounds to nearest, ties to even, also where the result is subnormal.
double Rounded(const Top& top) {
  constexpr int kMantissaBits = 53;
  constexpr int kLeastExponent = -1074;  // of the last bit of a subnormal
  const int drop = std::max(64 - kMantissaBits, kLeastExponent - top.exponent);
  if (drop > 64) return 0;
  uint64_t kept = drop == 64 ? 0 : top.bits >> drop;
  const uint64_t dropped = drop == 64 ? top.bits : top.bits << (64 - drop);
  constexpr uint64_t kHalf = uint64_t{1} << 63;
  const bool up = dropped > kHalf || (dropped == kHalf && (top.inexact || (kept & 1) != 0));
  kept += up ? 1 : 0;
  return std::ldexp(static_cast<double>(kept), top.exponent + drop);
}

// The integer square root of a number with one of its two highest bits set, bit by bit.
uint64_t SquareRoot(UInt128 radicand) {
  UInt128 root = 0;
  for (UInt128 bit = UInt128{1} << 126; bit != 0; bit >>= 2) {
    if (radicand >= root + bit) {
      radicand -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return static_cast<uint64_t>(root);
}

}  // namespace

void WideInteger::Trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

uint32_t WideInteger::bit_width() const {
  return limbs_.empty() ? 0 : static_cast<uint32_t>(limbs_.size() * 64) - std::countl_zero(limbs_.back());
}

void WideInteger::AddShifted(std::span<const uint64_t> limbs, uint32_t shift) {
  const size_t first = shift / 64;
  const uint32_t bits = shift % 64;
  const size_t last = first + limbs.size();
  if (limbs_.size() <= last) limbs_.resize(last + 1);
  uint64_t from_below = 0;
  uint64_t carry = 0;
  for (size_t i = 0; i < limbs.size(); ++i) {
    const UInt128 sum = UInt128{limbs_[first + i]} + ((limbs[i] << bits) | from_below) + carry;
    from_below = bits == 0 ? 0 : limbs[i] >> (64 - bits);
    limbs_[first + i] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
  carry += from_below;  // cannot overflow: what comes from below has at most 63 bits
  for (size_t i = last; carry != 0; ++i) {
    if (i == limbs_.size()) limbs_.push_back(0);
    limbs_[i] += carry;
    carry = limbs_[i] < carry ? 1 : 0;
  }
  Trim();
}

void WideInteger::MultiplyBy(uint64_t factor) {
  uint64_t carry = 0;
  for (uint64_t& limb : limbs_) {
    const UInt128 product = UInt128{limb} * factor + carry;
    limb = static_cast<uint64_t>(product);
    carry = static_cast<uint64_t>(product >> 64);
  }
  limbs_.push_back(carry);
  Trim();
}

WideInteger WideInteger::Squared() const {
  WideInteger square;
  square.limbs_.resize(limbs_.size() * 2);
  for (size_t i = 0; i < limbs_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < limbs_.size(); ++j) {
      const UInt128 sum = UInt128{limbs_[i]} * limbs_[j] + square.limbs_[i + j] + carry;
      square.limbs_[i + j] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
    square.limbs_[i + limbs_.size()] = carry;
  }
  square.Trim();
  return square;
}

void WideInteger::Subtract(const WideInteger& other) {
  uint64_t borrow = 0;
  for (size_t i = 0; i < limbs_.size(); ++i) {
    const UInt128 subtrahend = UInt128{i < other.limbs_.size() ? other.limbs_[i] : 0} + borrow;
    borrow = limbs_[i] < subtrahend ? 1 : 0;
    limbs_[i] -= static_cast<uint64_t>(subtrahend);
  }
  ROOST_CHECK(borrow == 0 && other.limbs_.size() <= limbs_.size(), "subtracted the greater number");
  Trim();
}

bool WideInteger::DivideBy(uint64_t divisor) {
  uint64_t remainder = 0;
  for (size_t i = limbs_.size(); i-- > 0;) {
    const UInt128 dividend = (UInt128{remainder} << 64) | limbs_[i];
    limbs_[i] = static_cast<uint64_t>(dividend / divisor);
    remainder = static_cast<uint64_t>(dividend % divisor);
  }
  Trim();
  return remainder != 0;
}

std::strong_ordering operator<=>(const WideInteger& a, const WideInteger& b) {
  if (a.limbs_.size() != b.limbs_.size()) return a.limbs_.size() <=> b.limbs_.size();
  for (size_t i = a.limbs_.size(); i-- > 0;) {
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
  }
  return std::strong_ordering::equal;
}

double Quotient(WideInteger dividend, std::span<const uint64_t> divisors, int exponent) {
  if (dividend.is_zero()) return 0;
  // Enough zeros below that the quotient has at least 64 bits; what the divisions drop only matters as "inexact".
  WideInteger shifted;
  const auto shift = static_cast<uint32_t>(64 * (divisors.size() + 1));
  shifted.AddShifted(dividend.limbs(), shift);
  bool inexact = false;
  for (const uint64_t divisor : divisors) inexact |= shifted.DivideBy(divisor);
  Top top = TopOf(shifted);
  top.inexact |= inexact;
  top.exponent += exponent - static_cast<int>(shift);
  return Rounded(top);
}

double RootQuotient(const WideInteger& radicand, std::span<const uint64_t> divisors, int exponent) {
  if (radicand.is_zero()) return 0;
  // The highest 127 or 128 bits, so that the power of two that is left is even.
  WideInteger shifted;
  shifted.AddShifted(radicand.limbs(), 128);
  const uint32_t width = shifted.bit_width() + shifted.bit_width() % 2;
  const uint32_t drop = width - 128;
  const std::span<const uint64_t> limbs = shifted.limbs();
  UInt128 top = 0;
  for (uint32_t bit = 0; bit < 128; bit += 64) {
    const uint32_t position = drop + bit;
    const size_t limb = position / 64;
    uint64_t value = limb < limbs.size() ? limbs[limb] >> (position % 64) : 0;
    if (position % 64 != 0 && limb + 1 < limbs.size()) value |= limbs[limb + 1] << (64 - position % 64);
    top |= UInt128{value} << bit;
  }
  const uint64_t root = SquareRoot(top);
  WideInteger dividend;
  dividend.AddShifted({&root, 1}, 0);
  return Quotient(std::move(dividend), divisors, exponent + static_cast<int>(drop) / 2 - 64);
}

}  // namespace roost::profile
