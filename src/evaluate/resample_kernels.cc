#include "evaluate/resample_kernels.h"

#include <cmath>
#include <cstring>

#include "base/simd.h"

namespace roost::evaluate {
namespace {

// No type of the interface of any function that is not inlined, so the ABI of such types does not matter.
using Numbers [[gnu::vector_size(64), gnu::may_alias]] = double;
using Words [[gnu::vector_size(64), gnu::may_alias]] = uint64_t;
using Counts [[gnu::vector_size(32), gnu::may_alias]] = uint16_t;
using EightCounts [[gnu::vector_size(16), gnu::may_alias]] = uint16_t;
using EightIntegers [[gnu::vector_size(32), gnu::may_alias]] = int32_t;

constexpr size_t kWide = 8;  // doubles of a vector
constexpr size_t kVectors = kLanes / kWide;
constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
// Draws from here on count at least 1, 2 and so on: of the 65,536 draws 41,427, 17,317, 5,263, 1,244, 240, 39, 5 and 1,
// Poisson's chances. These sum to 65,536, so that the mean is 1.
constexpr uint16_t kFirstDraw[] = {24109, 48219, 60273, 64292, 65296, 65497, 65531, 65535};

template <typename Word>
ROOST_INLINE void Mix(Word& z) {
  z = (z ^ (z >> 30)) * uint64_t{0xbf58476d1ce4e5b9};
  z = (z ^ (z >> 27)) * uint64_t{0x94d049bb133111eb};
  z = z ^ (z >> 31);
}

ROOST_INLINE void WeightsOf(uint64_t key, uint64_t block, Numbers (&weights)[kVectors]) {
  const Words steps = {1, 2, 3, 4, 5, 6, 7, 8};
  Words words = (Words{} + (key + block * (8 * kGolden))) + steps * kGolden;
  Mix(words);
  Counts draws[2];
  std::memcpy(draws, &words, sizeof words);
  for (size_t half = 0; half < 2; ++half) {
    Counts counts{};
    // A comparison that holds is -1.
    ROOST_UNROLL for (const uint16_t first : kFirstDraw) {
      counts -= reinterpret_cast<Counts>(draws[half] >= Counts{} + first);
    }
    EightCounts parts[2];
    std::memcpy(parts, &counts, sizeof counts);
    for (size_t part = 0; part < 2; ++part) {
      weights[2 * half + part] = __builtin_convertvector(__builtin_convertvector(parts[part], EightIntegers), Numbers);
    }
  }
}

ROOST_INLINE void AddTo(double* sum, const Numbers& term) {
  Numbers value;
  std::memcpy(&value, sum, sizeof value);
  value += term;
  std::memcpy(sum, &value, sizeof value);
}

ROOST_INLINE void Load(const double* values, Numbers& value) { std::memcpy(&value, values, sizeof value); }

template <Simd kSimd>
ROOST_INLINE void PoissonWeightsBody(uint64_t key, uint64_t block, double* weights) {
  Numbers values[kVectors];
  WeightsOf(key, block, values);
  std::memcpy(weights, values, sizeof values);
}

template <Simd kSimd>
ROOST_INLINE void AddTermsBody(const TermRun& run, uint64_t block, double* sums) {
  for (size_t row = 0; row < run.rows; ++row) {
    Numbers weights[kVectors];
    WeightsOf(run.keys[row], block, weights);
    for (size_t term = row * run.terms; term < (row + 1) * run.terms; ++term) {
      const Numbers value = Numbers{} + run.values[term];
      double* sum = sums + static_cast<size_t>(run.sums[term]) * kLanes;
      ROOST_UNROLL for (size_t i = 0; i < kVectors; ++i) AddTo(sum + i * kWide, value * weights[i]);
    }
  }
}

template <Simd kSimd>
ROOST_INLINE void AddRolesBody(const OrderedRun& run, uint64_t block, double* roles) {
  for (size_t i = 0; i < run.count; ++i) {
    const OrderedRow& row = run.rows[i];
    Numbers weights[kVectors];
    WeightsOf(row.key, block, weights);
    for (Numbers& weight : weights) weight *= Numbers{} + row.weight;
    for (uint32_t at = run.first[row.cell]; at < run.first[row.cell + 1]; ++at) {
      double* role = roles + (2 * size_t{run.slices[at]} + row.role) * kLanes;
      ROOST_UNROLL for (size_t j = 0; j < kVectors; ++j) AddTo(role + j * kWide, weights[j]);
    }
  }
}

template <Simd kSimd>
ROOST_INLINE void FlushBinaryBody(double mean_score, double* roles, BinaryLanes& lanes) {
  const Numbers least = Numbers{} + 1e-300;  // keeps 0 / 0 out where a resample has no row left
  for (size_t i = 0; i < kVectors; ++i) {
    const size_t lane = i * kWide;
    Numbers negatives, positives, negatives_left, positives_left;
    Load(roles + lane, negatives);
    Load(roles + kLanes + lane, positives);
    Load(lanes.negatives_left + lane, negatives_left);
    Load(lanes.positives_left + lane, positives_left);
    AddTo(lanes.pairs + lane, negatives * (positives_left + positives_left - positives));
    const Numbers left = positives_left + negatives_left;
    AddTo(lanes.precisions + lane, positives * positives_left / (left > least ? left : least));
    AddTo(lanes.gap + lane, (positives + negatives) * (Numbers{} + mean_score) - positives);
    AddTo(lanes.negatives_left + lane, -negatives);
    AddTo(lanes.positives_left + lane, -positives);
  }
  std::memset(roles, 0, 2 * kLanes * sizeof(double));
}

template <Simd kSimd>
ROOST_INLINE void FlushMedianBody(double lowest, double highest, double* roles, MedianLanes& lanes) {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const double missing = lanes.half[lane] - lanes.below[lane];
    if (missing > 0 && roles[lane] >= missing) {
      lanes.median[lane] = lowest + (highest - lowest) * (missing / roles[lane]);
    }
    lanes.below[lane] += roles[lane];
  }
  std::memset(roles, 0, kLanes * sizeof(double));
}

}  // namespace

ROOST_DISPATCH(void, PoissonWeights, (uint64_t key, uint64_t block, double* weights), (key, block, weights))
ROOST_DISPATCH(void, AddTerms, (const TermRun& run, uint64_t block, double* sums), (run, block, sums))
ROOST_DISPATCH(void, AddRoles, (const OrderedRun& run, uint64_t block, double* roles), (run, block, roles))
ROOST_DISPATCH(void, FlushBinary, (double mean_score, double* roles, BinaryLanes& lanes), (mean_score, roles, lanes))
ROOST_DISPATCH(void, FlushMedian, (double lowest, double highest, double* roles, MedianLanes& lanes),
               (lowest, highest, roles, lanes))

uint64_t UnitKey(uint64_t seed, uint64_t unit) {
  uint64_t key = seed + kGolden;
  Mix(key);
  key += unit * kGolden;
  Mix(key);
  return key;
}

void CloseCalibrationBin(BinaryLanes& lanes) {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    lanes.gaps[lane] += std::abs(lanes.gap[lane]);
    lanes.gap[lane] = 0;
  }
}

}  // namespace roost::evaluate
