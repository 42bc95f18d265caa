#include <random>

#include <benchmark/benchmark.h>

#include "profile/number_state.h"
#include "profile/testing.h"
#include "profile/text_state.h"

namespace roost::profile {
namespace {

constexpr int kRows = 1 << 20;

void BM_Doubles(benchmark::State& run) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> distribution(100, 30);
  std::vector<double> values(kRows);
  for (double& value : values) value = distribution(random);
  const TestColumn column("x", "g", values);
  const column::ColumnView view = column.View();
  for (auto _ : run) {
    NumberState state(NumberState::Kind::kFloat);
    state.Add(view);
    benchmark::DoNotOptimize(state.count());
  }
  run.SetItemsProcessed(run.iterations() * kRows);
}
BENCHMARK(BM_Doubles);

void BM_Integers(benchmark::State& run) {
  std::mt19937_64 random(2);
  std::vector<int32_t> values(kRows);
  for (int32_t& value : values) value = static_cast<int32_t>(random() % 2'000) - 500;
  const TestColumn column("x", "i", values);
  const column::ColumnView view = column.View();
  for (auto _ : run) {
    NumberState state(NumberState::Kind::kInteger);
    state.Add(view);
    benchmark::DoNotOptimize(state.count());
  }
  run.SetItemsProcessed(run.iterations() * kRows);
}
BENCHMARK(BM_Integers);

void BM_Times(benchmark::State& run) {
  std::mt19937_64 random(3);
  std::vector<int64_t> values(kRows);
  int64_t now = 978'307'200'000'000;
  for (int64_t& value : values) value = now += static_cast<int64_t>(random() % 10'000'000);
  const TestColumn column("x", "tsu:", values);
  const column::ColumnView view = column.View();
  for (auto _ : run) {
    NumberState state(NumberState::Kind::kTime);
    state.Add(view);
    benchmark::DoNotOptimize(state.count());
  }
  run.SetItemsProcessed(run.iterations() * kRows);
}
BENCHMARK(BM_Times);

std::vector<std::optional<std::string>> Airports() {
  std::vector<std::optional<std::string>> airports;
  for (int i = 0; i < 300; ++i) airports.push_back("airport-" + std::to_string(i));
  return airports;
}

void BM_DictionaryText(benchmark::State& run) {
  std::mt19937_64 random(4);
  std::vector<int32_t> codes(kRows);
  for (int32_t& code : codes) code = static_cast<int32_t>(random() % 300);
  const TestColumn column = TestColumn::Dictionary("x", codes, TestColumn::Texts("", "u", Airports()));
  const column::ColumnView view = column.View();
  for (auto _ : run) {
    TextState state(TextState::Kind::kText);
    state.Add(view);
    benchmark::DoNotOptimize(state.count());
  }
  run.SetItemsProcessed(run.iterations() * kRows);
}
BENCHMARK(BM_DictionaryText);

// `range(0)` distinct values in plain text: below and beyond what is counted exactly.
void BM_PlainText(benchmark::State& run) {
  std::mt19937_64 random(5);
  std::vector<std::optional<std::string>> values(kRows);
  for (auto& value : values) value = "airport-" + std::to_string(random() % static_cast<uint64_t>(run.range(0)));
  const TestColumn column = TestColumn::Texts("x", "u", values);
  const column::ColumnView view = column.View();
  for (auto _ : run) {
    TextState state(TextState::Kind::kText);
    state.Add(view);
    benchmark::DoNotOptimize(state.count());
  }
  run.SetItemsProcessed(run.iterations() * kRows);
}
BENCHMARK(BM_PlainText)->Arg(300)->Arg(1 << 20);

}  // namespace
}  // namespace roost::profile
