// What a comparison costs: two numeric distributions of 10,000 buckets, two text columns of 65,536 values.

#include <cmath>
#include <random>

#include <benchmark/benchmark.h>

#include "profile/distance.h"

namespace roost::profile {
namespace {

Distribution Numbers(uint64_t seed) {
  std::mt19937_64 random(seed);
  Distribution distribution{.is_numeric = true, .nan = 3};
  double low = 1;
  for (int i = 0; i < 10'000; ++i) {
    const double high = low * (1 + 0x1p-9);
    if (random() % 8 != 0) {
      distribution.buckets.push_back(
          {.low = low, .high = high, .point = low, .count = static_cast<int64_t>(random() >> 20)});
    }
    low = high;
  }
  distribution.min = distribution.buckets.front().low;
  distribution.max = distribution.buckets.back().low;
  return distribution;
}

Distribution Texts(uint64_t seed) {
  std::mt19937_64 random(seed);
  Distribution distribution;
  for (int i = 0; i < 65'536; ++i) {
    distribution.values.push_back({"value " + std::to_string(random() % 100'000), 1 + 65'536 / (i + 1)});
  }
  return distribution;
}

void CompareNumbers(benchmark::State& state) {
  const Distribution now = Numbers(1), baseline = Numbers(2);
  const CompareOptions options{.jensen_shannon = state.range(0) == 0 ? Histograms::kEqualWidth : Histograms::kDeciles};
  for (auto _ : state) benchmark::DoNotOptimize(Compare(now, baseline, options));
}
BENCHMARK(CompareNumbers)->ArgName("deciles")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void CompareTexts(benchmark::State& state) {
  const Distribution now = Texts(1), baseline = Texts(2);
  for (auto _ : state) benchmark::DoNotOptimize(Compare(now, baseline));
}
BENCHMARK(CompareTexts)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace roost::profile
