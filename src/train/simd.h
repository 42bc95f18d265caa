#pragma once

namespace roost::train {

/// What the processor's vector instructions are; kernels are compiled once for each.
enum class Simd { kBaseline, kAvx2, kAvx512 };

/// The widest that this processor has.
inline Simd WidestSimd() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return Simd::kAvx512;
  if (__builtin_cpu_supports("avx2")) return Simd::kAvx2;
  return Simd::kBaseline;
}

}  // namespace roost::train

/// Defines `name(parameters)`, which calls the always inlined `name##Body(arguments)`, compiled for what the processor
/// has. The bits are the same for all: no operation is contracted or reordered.
#define ROOST_DISPATCH(result, name, parameters, arguments)                                             \
  namespace {                                                                                           \
  [[gnu::target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")]] result name##Avx512 parameters { \
    return name##Body arguments;                                                                        \
  }                                                                                                     \
  [[gnu::target("avx2")]] result name##Avx2 parameters { return name##Body arguments; }                 \
  }                                                                                                     \
  result name parameters {                                                                              \
    switch (WidestSimd()) {                                                                             \
      case Simd::kAvx512: return name##Avx512 arguments;                                                \
      case Simd::kAvx2: return name##Avx2 arguments;                                                    \
      case Simd::kBaseline: break;                                                                      \
    }                                                                                                   \
    return name##Body arguments;                                                                        \
  }
