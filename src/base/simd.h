#pragma once

namespace roost {

/// What the processor's vector instructions are; kernels are compiled once for each.
enum class Simd { kBaseline, kAvx2, kAvx512 };

/// The widest that this processor has (AVX2 with FMA, as all have but the very first).
inline Simd WidestSimd() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return Simd::kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Simd::kAvx2;
  return Simd::kBaseline;
}

}  // namespace roost

/// Before a loop of up to eight turns whose vectors are in registers only where every index is a constant.
#define ROOST_UNROLL _Pragma("GCC unroll 8")

/// Before a small function that must become part of each caller, so that it is compiled for what the caller is.
#define ROOST_INLINE [[gnu::always_inline]] inline

/// Defines `name(parameters)`, which calls the always inlined template `name##Body<Simd>(arguments)`, compiled for what
/// the processor has. The bits are the same for all: no operation is contracted or reordered, but where MultiplyAdd
/// says so.
#define ROOST_DISPATCH(result, name, parameters, arguments)                                              \
  namespace {                                                                                            \
  [[gnu::target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")]] result name##Avx512 parameters {  \
    return name##Body<Simd::kAvx512> arguments;                                                          \
  }                                                                                                      \
  [[gnu::target("avx2,fma")]] result name##Avx2 parameters { return name##Body<Simd::kAvx2> arguments; } \
  }                                                                                                      \
  result name parameters {                                                                               \
    switch (WidestSimd()) {                                                                              \
      case Simd::kAvx512: return name##Avx512 arguments;                                                 \
      case Simd::kAvx2: return name##Avx2 arguments;                                                     \
      case Simd::kBaseline: break;                                                                       \
    }                                                                                                    \
    return name##Body<Simd::kBaseline> arguments;                                                        \
  }
