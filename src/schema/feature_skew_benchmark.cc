// What it costs to join and compare training and serving rows: 1,000,000 of each, a key and 5 columns.

#include <random>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "column/builder.h"
#include "schema/feature_skew.h"

namespace roost::schema {
namespace {

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kRowsPerBatch = 50'000;

// Every `skewed`-th row differs in each column.
std::vector<column::OwnedBatch> Table(int64_t skewed) {
  std::mt19937_64 random(1);
  std::vector<column::OwnedBatch> batches;
  for (int64_t first = 0; first < kRows; first += kRowsPerBatch) {
    std::vector<std::optional<int64_t>> keys, integers;
    std::vector<std::optional<double>> numbers, others;
    std::vector<std::optional<std::string>> texts, words;
    for (int64_t row = first; row < first + kRowsPerBatch; ++row) {
      const bool differs = skewed > 0 && row % skewed == 0;
      keys.emplace_back(row * 7919);
      integers.emplace_back(static_cast<int64_t>(random() % 1000) + (differs ? 1 : 0));
      numbers.emplace_back(static_cast<double>(random() >> 11) * 0x1p-53 + (differs ? 1 : 0));
      others.emplace_back(static_cast<double>(random() % 100) / 4 + (differs ? 1 : 0));
      texts.emplace_back((differs ? "AIRPORT" : "airport") + std::to_string(random() % 300));
      words.emplace_back(std::to_string(random() % 20) + (differs ? "!" : ""));
    }
    column::BatchBuilder builder;
    batches.push_back(builder.Integers("id", keys)
                          .Integers("integer", integers)
                          .Numbers("number", numbers)
                          .Numbers("other", others)
                          .Texts("text", texts)
                          .Texts("word", words)
                          .Build());
  }
  return batches;
}

void FindFeatureSkew(benchmark::State& state) {
  const std::vector<column::OwnedBatch> training = Table(0), serving = Table(state.range(0));
  for (auto _ : state) {
    auto finder = FeatureSkewFinder::Make(training[0].view(), serving[0].view(), {.keys = {"id"}});
    ROOST_CHECK(finder.ok(), finder.status());
    for (const column::OwnedBatch& batch : training) {
      ROOST_CHECK(finder->AddTraining(batch.view()).ok(), "the columns are the same");
    }
    for (const column::OwnedBatch& batch : serving) {
      ROOST_CHECK(finder->AddServing(batch.view()).ok(), "the columns are the same");
    }
    benchmark::DoNotOptimize(finder->Finish());
  }
}
BENCHMARK(FindFeatureSkew)->ArgName("one_in")->Arg(0)->Arg(100)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace roost::schema
