#include <benchmark/benchmark.h>

#include <random>

#include "predict/trees.h"

namespace roost::predict {
namespace {

// A full tree: every leaf at `depth`; every 8th split by categories where asked for.
Tree FullTree(int depth, int32_t num_features, bool categories, std::mt19937_64& random) {
  std::uniform_int_distribution<int32_t> feature(0, num_features - 1);
  std::normal_distribution<float> normal;
  Tree tree;
  const int32_t splits = (1 << depth) - 1;
  for (int32_t i = 0; i < splits; ++i) {
    TreeNode& node = tree.nodes.emplace_back(
        TreeNode{.feature = feature(random), .value = normal(random), .left = 2 * i + 1, .right = 2 * i + 2});
    if (categories && i % 8 == 0) node.categories = {1, 3};
  }
  for (int32_t i = 0; i <= splits; ++i) tree.nodes.push_back({.value = normal(random)});
  return tree;
}

// One row after the other through a hundred trees of depth 6 over 20 features, on one thread.
void BM_Score(benchmark::State& state) {
  constexpr int32_t kFeatures = 20;
  std::mt19937_64 random(7);
  TreesModel model{.task = Task::kBinary, .num_features = kFeatures, .base_margins = {0}};
  for (int i = 0; i < 100; ++i) model.trees.push_back(FullTree(6, kFeatures, state.range(0) != 0, random));
  const auto predictor = TreesPredictor::Make(model).value();
  std::normal_distribution<double> normal;
  std::vector<transform::FeatureVector> rows(1000);
  for (transform::FeatureVector& row : rows) {
    for (int32_t f = 0; f < kFeatures; ++f) row.Add(f, normal(random));
  }
  size_t next = 0;
  double score = 0;
  for (auto _ : state) {
    predictor->Score(rows[next], {&score, 1});
    benchmark::DoNotOptimize(score);
    next = next + 1 < rows.size() ? next + 1 : 0;
  }
}
BENCHMARK(BM_Score)->ArgName("categories")->Arg(0)->Arg(1);

}  // namespace
}  // namespace roost::predict
