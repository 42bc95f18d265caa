// FitTrees beside XGBoost alone: the same rows, options and number of threads, and the same model.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "base/thread_pool.h"
#include "train/boosted_trees.h"
#include "train/xgboost_library.h"

namespace roost::train {
namespace {

constexpr int64_t kRows = 200'000;
constexpr int32_t kFeatures = 20;
constexpr int64_t kRounds = 50;

struct Data {
  transform::FeatureRows features{.num_features = kFeatures};
  std::vector<double> targets;
};

const Data& Rows() {
  static const Data data = [] {
    Data made;
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    for (int64_t row = 0; row < kRows; ++row) {
      double margin = 0;
      for (int32_t f = 0; f < kFeatures; ++f) {
        if (random() % 10 == 0) continue;
        const double value = normal(random);
        margin += value * (f % 4) / 4 + (f % 5 == 0 ? std::sin(3 * value) : 0);
        made.features.indices.push_back(f);
        made.features.values.push_back(value);
      }
      made.features.starts.push_back(static_cast<int64_t>(made.features.indices.size()));
      made.targets.push_back(margin + normal(random) > 0 ? 1 : 0);
    }
    return made;
  }();
  return data;
}

void BM_XgboostAlone(benchmark::State& state) {
  const Data& rows = Rows();
  for (auto _ : state) {
    std::vector<XgboostMatrix> matrices{XgboostMatrix::Make(rows.features, 1).value()};
    if (!matrices[0].SetNumbers("label", rows.targets).ok()) state.SkipWithError("label");
    XgboostBooster booster = XgboostBooster::Make(matrices).value();
    for (const auto& [name, value] : {std::pair{"objective", "binary:logistic"},
                                      {"tree_method", "hist"},
                                      {"nthread", "1"},
                                      {"max_depth", "6"},
                                      {"learning_rate", "0.1"},
                                      {"seed_per_iteration", "true"}}) {
      if (!booster.Set(name, value).ok()) state.SkipWithError(name);
    }
    for (int64_t round = 0; round < kRounds; ++round) {
      if (!booster.Update(round, matrices[0]).ok()) state.SkipWithError("update");
    }
    benchmark::DoNotOptimize(booster.Save().value());
  }
}
BENCHMARK(BM_XgboostAlone)->Unit(benchmark::kMillisecond)->Repetitions(3)->MeasureProcessCPUTime();

void BM_FitTrees(benchmark::State& state) {
  const Data& data = Rows();
  ThreadPool pool(1);
  const TrainingRows rows{.features = &data.features, .targets = data.targets};
  const TreesOptions options{.task = predict::Task::kBinary, .rounds = kRounds};
  for (auto _ : state) {
    benchmark::DoNotOptimize(FitTrees(rows, nullptr, options, nullptr, {.pool = &pool}).value());
  }
}
BENCHMARK(BM_FitTrees)->Unit(benchmark::kMillisecond)->Repetitions(3)->MeasureProcessCPUTime();

// XGBoost's own prediction of one row, against which BM_Score of predict_benchmark stands: 100 trees of depth 6.
void BM_XgboostOneRow(benchmark::State& state) {
  const Data& data = Rows();
  ThreadPool pool(1);
  const TrainingRows rows{.features = &data.features, .targets = data.targets};
  const TreesOptions options{.task = predict::Task::kBinary, .rounds = 100};
  const TreesFit fit = FitTrees(rows, nullptr, options, nullptr, {.pool = &pool}).value();
  XgboostBooster booster = XgboostBooster::Make({}).value();
  if (!booster.Load(fit.xgboost_model).ok() || !booster.Set("nthread", "1").ok()) state.SkipWithError("load");
  transform::FeatureRows row{.num_features = kFeatures};
  transform::FeatureVector vector;
  for (auto e = data.features.starts[7]; e < data.features.starts[8]; ++e) {
    vector.Add(data.features.indices[e], data.features.values[e]);
  }
  row.starts = {0, static_cast<int64_t>(vector.indices.size())};
  row.indices = vector.indices;
  row.values = vector.values;
  double score = 0;
  if (state.range(0) == 0) {
    for (auto _ : state) benchmark::DoNotOptimize(booster.Predict(row, false).value());
  } else {
    for (auto _ : state) {
      fit.predictor->Score(vector, {&score, 1});
      benchmark::DoNotOptimize(score);
    }
  }
}
BENCHMARK(BM_XgboostOneRow)->ArgName("roost")->Arg(0)->Arg(1);

}  // namespace
}  // namespace roost::train
