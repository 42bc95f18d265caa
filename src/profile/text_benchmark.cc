#include <random>

#include <benchmark/benchmark.h>

#include "base/hash.h"
#include "profile/hyperloglog.h"
#include "profile/patterns.h"
#include "profile/row_hash.h"
#include "profile/row_sample.h"
#include "profile/testing.h"
#include "profile/text_kinds.h"
#include "profile/token_state.h"

namespace roost::profile {
namespace {

constexpr int kRows = 1 << 17;

std::vector<std::optional<std::string>> Airports(int count) {
  std::vector<std::optional<std::string>> airports;
  for (int i = 0; i < count; ++i) airports.push_back("airport-" + std::to_string(i));
  return airports;
}

void Hash(benchmark::State& run, const TestColumn& column) {
  const column::ColumnView view = column.View();
  std::vector<uint64_t> hashes(static_cast<size_t>(view.length()));
  const uint64_t seed = Hash64("x");
  for (auto _ : run) {
    AddColumnHashes(view, seed, hashes);
    benchmark::DoNotOptimize(hashes.data());
  }
  run.SetItemsProcessed(run.iterations() * view.length());
}

void BM_HashIntegers(benchmark::State& run) {
  std::vector<int64_t> values(kRows);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i * i);
  Hash(run, TestColumn("x", "l", values));
}
BENCHMARK(BM_HashIntegers);

void BM_HashDoublesWithNulls(benchmark::State& run) {
  std::vector<double> values(kRows, 1.5);
  std::vector<bool> valid(kRows, true);
  for (size_t i = 0; i < valid.size(); i += 7) valid[i] = false;
  Hash(run, TestColumn("x", "g", values, valid));
}
BENCHMARK(BM_HashDoublesWithNulls);

void BM_HashDictionary(benchmark::State& run) {
  std::vector<int32_t> codes(kRows);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<int32_t>(MixBits(i) % 300);
  Hash(run, TestColumn::Dictionary("x", codes, TestColumn::Texts("", "u", Airports(300))));
}
BENCHMARK(BM_HashDictionary);

void BM_HashText(benchmark::State& run) { Hash(run, TestColumn::Texts("x", "u", Airports(kRows))); }
BENCHMARK(BM_HashText);

// `range(0)` distinct rows.
void BM_RowSample(benchmark::State& run) {
  std::vector<uint64_t> hashes(kRows);
  for (size_t i = 0; i < hashes.size(); ++i) hashes[i] = MixBits(MixBits(i) % static_cast<uint64_t>(run.range(0)));
  RowSample state;
  for (auto _ : run) state.Add(hashes);
  benchmark::DoNotOptimize(state.exact());
  run.SetItemsProcessed(run.iterations() * kRows);
}
BENCHMARK(BM_RowSample)->Arg(100)->Arg(4'000)->Arg(1 << 24);

std::vector<WeightedText> Weighted(const std::vector<std::optional<std::string>>& values) {
  std::vector<WeightedText> texts;
  for (const auto& value : values) texts.push_back({*value, 1});
  return texts;
}

void BM_Patterns(benchmark::State& run) {
  const std::vector<WeightedText> texts = Weighted(Airports(65'536));
  for (auto _ : run) benchmark::DoNotOptimize(PatternsOf(texts));
  run.SetItemsProcessed(run.iterations() * 65'536);
}
BENCHMARK(BM_Patterns);

void BM_KindsOfNames(benchmark::State& run) {
  const std::vector<WeightedText> texts = Weighted(Airports(65'536));
  for (auto _ : run) benchmark::DoNotOptimize(KindsOf(texts));
  run.SetItemsProcessed(run.iterations() * 65'536);
}
BENCHMARK(BM_KindsOfNames);

void BM_KindsOfDates(benchmark::State& run) {
  std::vector<WeightedText> texts(65'536, {"30.04.2001", 1});
  for (auto _ : run) benchmark::DoNotOptimize(KindsOf(texts));
  run.SetItemsProcessed(run.iterations() * 65'536);
}
BENCHMARK(BM_KindsOfDates);

void BM_Tokens(benchmark::State& run) {
  std::mt19937 random(1);
  std::vector<std::string> texts(1'000);
  for (std::string& text : texts) {
    for (int i = 0; i < 20; ++i) text += "word" + std::to_string(random() % 5'000) + " ";
  }
  TokenState state;
  for (auto _ : run) {
    for (const std::string& text : texts) state.Add(text, 1);
  }
  run.SetItemsProcessed(run.iterations() * 20'000);
}
BENCHMARK(BM_Tokens);

}  // namespace
}  // namespace roost::profile
