#pragma once

#include <cstdint>
#include <cstring>

#include "base/simd.h"

/// Eight numbers at once, in GCC's vector types: compiled for the processor's widest registers where the caller is, and
/// the same bits on every machine, as each operation is IEEE's and none is contracted (-ffp-contract=off) behind our
/// back.
namespace roost::train {

// No type of the interface of any function that is not inlined, so the ABI of such types does not matter.
using V8 [[gnu::vector_size(64), gnu::may_alias]] = double;
using I8 [[gnu::vector_size(64), gnu::may_alias]] = int64_t;

constexpr int kLanes = 8;

ROOST_INLINE void Load(const double* from, V8& to) { std::memcpy(&to, from, sizeof to); }
ROOST_INLINE void Store(const V8& from, double* to) { std::memcpy(to, &from, sizeof from); }

/// sum += a * b, rounded once (IEEE 754's fusedMultiplyAdd), so that it has the same bits in hardware and, slowly, in
/// the C library. Twice the arithmetic of a dense kernel in the same time.
/// The instructions are named where there are some: left to itself, GCC 12 takes a tile's sums apart into their lanes.
template <Simd kSimd>
ROOST_INLINE void MultiplyAdd(const V8& a, const V8& b, V8& sum) {
#if defined(__x86_64__)
  if constexpr (kSimd == Simd::kAvx512) {
    asm("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(a), "vm"(b));
    return;
  }
  if constexpr (kSimd == Simd::kAvx2) {
    using V4 [[gnu::vector_size(32), gnu::may_alias]] = double;
    V4 low = __builtin_shufflevector(sum, sum, 0, 1, 2, 3);
    V4 high = __builtin_shufflevector(sum, sum, 4, 5, 6, 7);
    asm("vfmadd231pd %2, %1, %0"
        : "+x"(low)
        : "x"(__builtin_shufflevector(a, a, 0, 1, 2, 3)), "x"(__builtin_shufflevector(b, b, 0, 1, 2, 3)));
    asm("vfmadd231pd %2, %1, %0"
        : "+x"(high)
        : "x"(__builtin_shufflevector(a, a, 4, 5, 6, 7)), "x"(__builtin_shufflevector(b, b, 4, 5, 6, 7)));
    sum = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
    return;
  }
#endif
  for (int lane = 0; lane < kLanes; ++lane) sum[lane] = __builtin_fma(a[lane], b[lane], sum[lane]);
}

/// Sums the lanes in a fixed order.
ROOST_INLINE double SumOfLanes(const V8& x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

/// x = exp(x), to 1 ulp, for x at most 709; below -708 it is exp(-708), about 3e-308.
/// Range reduction by Cody and Waite; the polynomial is Taylor's of degree 13 on [-ln2/2, ln2/2].
ROOST_INLINE void Exp(V8& x) {
  const V8 least = V8{} - 708.0;
  x = x > least ? x : least;
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer in the low bits
  const V8 shifted = x * 1.4426950408889634 + kRound;
  const V8 n = shifted - kRound;
  const V8 r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  V8 p = r * 1.6059043836821613e-10 + 2.08767569878681e-09;
  p = p * r + 2.505210838544172e-08;
  p = p * r + 2.755731922398589e-07;
  p = p * r + 2.7557319223985893e-06;
  p = p * r + 2.48015873015873e-05;
  p = p * r + 0.0001984126984126984;
  p = p * r + 0.001388888888888889;
  p = p * r + 0.008333333333333333;
  p = p * r + 0.041666666666666664;
  p = p * r + 0.16666666666666666;
  p = p * r + 0.5;
  p = (p * r) * r + r + 1.0;
  const I8 exponent = (reinterpret_cast<const I8&>(shifted) + 1023) << 52;
  x = p * reinterpret_cast<const V8&>(exponent);
}

/// y = log(1 + x), to a few ulp, for x in [0, 1]: 2 atanh(x / (2 + x)) by its series, whose argument is at most 1/3.
ROOST_INLINE void Log1p(const V8& x, V8& y) {
  const V8 s = x / (x + 2.0);
  const V8 z = s * s;
  V8 p = z * (1.0 / 31) + 1.0 / 29;
  p = p * z + 1.0 / 27;
  p = p * z + 1.0 / 25;
  p = p * z + 1.0 / 23;
  p = p * z + 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  y = (p * z * s + s) * 2.0;
}

}  // namespace roost::train
