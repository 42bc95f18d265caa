#include <benchmark/benchmark.h>

#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

constexpr size_t kRows = 3'000'000;

// Times of 2001, distances and 300 words without oddities: what flights look like.
GeneratedRows PlainRows() {
  GeneratedRows rows(0, 1);
  std::mt19937_64 random(1);
  const auto airport = [&random] { return "A" + std::to_string(random() % 300); };
  for (size_t row = 0; row < kRows; ++row) {
    rows.date.push_back(978'307'200'000'000 + static_cast<int64_t>(random() % 15'638'400) * 1'000'000);
    rows.delay.push_back(static_cast<double>(random() % 200));
    rows.distance.push_back(static_cast<double>(100 + random() % 2'000));
    rows.origin.push_back(airport());
    rows.destination.push_back(airport());
  }
  return rows;
}

Transform PlainTransform() {
  auto summary = FlightsSummary();
  for (profile::ColumnSummary& column : summary.columns) {
    if (!column.text.has_value()) continue;
    column.text->top.clear();
    for (int i = 0; i < 290; ++i) column.text->top.push_back({"A" + std::to_string(i), 1'000 - i});
  }
  return *FitSummary(FlightsFeatures(), summary);
}

// The seven features of flights on one thread; `dictionaries` where text comes dictionary-encoded.
void BM_ApplyBatch(benchmark::State& state, bool dictionaries) {
  const GeneratedRows rows = PlainRows();
  std::vector<RawColumn> columns = rows.Columns();
  if (dictionaries) {
    columns[3] = DictionaryOf("origin", rows.origin);
    columns[4] = DictionaryOf("destination", rows.destination);
  }
  const column::BatchView batch = BatchOf(columns);
  const Transform transform = PlainTransform();
  Threads threads(1);
  for (auto _ : state) benchmark::DoNotOptimize(transform.ApplyBatch(batch, threads.context));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}
BENCHMARK_CAPTURE(BM_ApplyBatch, plain_text, false);
BENCHMARK_CAPTURE(BM_ApplyBatch, dictionaries, true);

void BM_ApplyRow(benchmark::State& state) {
  std::vector<RawColumn> columns = PlainRows().Columns();
  const column::BatchView batch = BatchOf(columns);
  const Transform transform = PlainTransform();
  std::vector<std::vector<column::Value>> rows;
  for (int64_t row = 0; row < 1'000; ++row) rows.push_back(RowOf(batch, transform.inputs(), row));
  FeatureVector features;
  for (auto _ : state) {
    for (const auto& row : rows) transform.ApplyRow(row, features);
    benchmark::DoNotOptimize(features);
  }
  state.SetItemsProcessed(state.iterations() * 1'000);
}
BENCHMARK(BM_ApplyRow);

// Ten standardized or bucketized numbers and ten one-hot words: the row of a wide model.
void BM_ApplyRowOf20(benchmark::State& state) {
  profile::ProfileSummary summary{.rows = 1'000};
  std::vector<FeatureSpec> specs;
  std::vector<column::Value> row;
  for (int i = 0; i < 10; ++i) {
    const std::string number = "n" + std::to_string(i), word = "w" + std::to_string(i);
    summary.columns.push_back(NumberColumn(number, 0, 1'000, 300 + i, 100));
    std::vector<profile::ValueCount> words;
    for (int w = 0; w < 300; ++w) words.push_back({"A" + std::to_string(w), 1'000 - w});
    summary.columns.push_back(TextColumn(word, std::move(words)));
    specs.push_back({.column = number, .use = i % 2 == 0 ? Operation::kStandardize : Operation::kBucketize});
    specs.push_back({.column = word, .use = Operation::kOneHot});
    row.emplace_back(100.0 * i + 7);
    row.emplace_back(std::string_view("A17"));
  }
  const Transform transform = *FitSummary(specs, summary);
  FeatureVector features;
  for (auto _ : state) {
    transform.ApplyRow(row, features);
    benchmark::DoNotOptimize(features.values.data());
  }
}
BENCHMARK(BM_ApplyRowOf20);

}  // namespace
}  // namespace roost::transform
