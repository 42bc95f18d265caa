#include <benchmark/benchmark.h>

#include <random>

#include "base/thread_pool.h"
#include "train/logistic.h"

namespace roost::train {
namespace {

// As the flights example: eight features a row, most of them one-hot, of 480.
void BM_FitLogistic(benchmark::State& state) {
  constexpr int kFeaturesPerRow = 8;
  constexpr int kCategories = 60;
  std::mt19937_64 random(1);
  transform::FeatureRows rows{.num_features = kFeaturesPerRow * kCategories};
  std::vector<int8_t> labels;
  for (int64_t row = 0; row < state.range(0); ++row) {
    int signal = 0;
    for (int i = 0; i < kFeaturesPerRow; ++i) {
      const auto category = static_cast<int32_t>(random() % kCategories);
      signal += category % 3;
      rows.indices.push_back(i * kCategories + category);
      rows.values.push_back(1);
    }
    rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
    labels.push_back(static_cast<int>(random() % 40) < signal ? 1 : 0);
  }
  ThreadPool pool(static_cast<size_t>(state.range(1)));
  const Context context{.pool = &pool};
  const LogisticOptions options{.max_dense_features = state.range(2) != 0 ? 2000 : 0};
  for (auto _ : state) {
    const auto fit = FitLogistic(rows, labels, options, std::nullopt, context);
    if (!fit.ok() || !fit->converged) state.SkipWithError("not converged");
    state.counters["iterations"] = static_cast<double>(fit->iterations);
  }
}
BENCHMARK(BM_FitLogistic)
    ->ArgNames({"rows", "threads", "dense"})
    ->Args({1'500'000, 1, 1})
    ->Args({1'500'000, 2, 1})
    ->Args({1'500'000, 2, 0})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace roost::train
