#include <malloc.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <random>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "base/thread_pool.h"
#include "profile/number_state.h"
#include "profile/profile.h"
#include "profile/testing.h"
#include "profile/text_state.h"

namespace roost::profile {
namespace {

constexpr int kRows = 1 << 20;

// What is allocated, in bytes.
double Allocated() { return static_cast<double>(mallinfo2().uordblks); }

// Adds a column to a fresh state, again and again; "bytes" is what one state takes.
template <typename State>
void AddAll(benchmark::State& run, const TestColumn& column, const State& empty) {
  const column::ColumnView view = column.View();
  for (auto _ : run) {
    State state = empty;
    state.Add(view);
    benchmark::DoNotOptimize(state.count());
  }
  run.SetItemsProcessed(run.iterations() * view.length());
  const double before = Allocated();
  State state = empty;
  state.Add(view);
  run.counters["bytes"] = Allocated() - before + sizeof state;
}

template <typename Value, typename Make>
std::vector<Value> Made(uint64_t seed, const Make& make) {
  std::mt19937_64 random(seed);
  std::vector<Value> values(kRows);
  for (Value& value : values) value = make(random);
  return values;
}

const NumberState kNoFloats(NumberState::Kind::kFloat);
const NumberState kNoIntegers(NumberState::Kind::kInteger);
const NumberState kNoTimes(NumberState::Kind::kTime);

void BM_Doubles(benchmark::State& run) {
  std::normal_distribution<double> normal(100, 30);
  AddAll(run, TestColumn("x", "g", Made<double>(1, [&](auto& random) { return normal(random); })), kNoFloats);
}
BENCHMARK(BM_Doubles);

// Around zero, so of many exponents.
void BM_DoublesAroundZero(benchmark::State& run) {
  std::normal_distribution<double> normal(0, 1);
  AddAll(run, TestColumn("x", "g", Made<double>(2, [&](auto& random) { return normal(random); })), kNoFloats);
}
BENCHMARK(BM_DoublesAroundZero);

void BM_Prices(benchmark::State& run) {
  std::lognormal_distribution<double> prices(3, 1);
  const auto make = [&](auto& random) { return std::round(prices(random) * 100) / 100; };
  AddAll(run, TestColumn("x", "g", Made<double>(3, make)), kNoFloats);
}
BENCHMARK(BM_Prices);

// Every sign, exponent and mantissa.
void BM_WildDoubles(benchmark::State& run) {
  const auto make = [](auto& random) {
    const auto value = std::bit_cast<double>(static_cast<uint64_t>(random()));
    return std::isfinite(value) ? value : 1;
  };
  AddAll(run, TestColumn("x", "g", Made<double>(4, make)), kNoFloats);
}
BENCHMARK(BM_WildDoubles);

void BM_DoublesWithNulls(benchmark::State& run) {
  std::normal_distribution<double> normal(100, 30);
  std::mt19937_64 random(5);
  std::vector<bool> valid(kRows);
  for (size_t i = 0; i < valid.size(); ++i) valid[i] = random() % 10 != 0;
  AddAll(run, TestColumn("x", "g", Made<double>(5, [&](auto& other) { return normal(other); }), valid), kNoFloats);
}
BENCHMARK(BM_DoublesWithNulls);

void BM_Integers(benchmark::State& run) {
  const auto make = [](auto& random) { return static_cast<int32_t>(random() % 2'000) - 500; };
  AddAll(run, TestColumn("x", "i", Made<int32_t>(6, make)), kNoIntegers);
}
BENCHMARK(BM_Integers);

void BM_FewIntegers(benchmark::State& run) {
  const auto make = [](auto& random) { return static_cast<int32_t>(random() % 24); };
  AddAll(run, TestColumn("x", "i", Made<int32_t>(7, make)), kNoIntegers);
}
BENCHMARK(BM_FewIntegers);

void BM_WideIntegers(benchmark::State& run) {
  const auto make = [](auto& random) { return static_cast<int64_t>(random() >> 24); };
  AddAll(run, TestColumn("x", "l", Made<int64_t>(8, make)), kNoIntegers);
}
BENCHMARK(BM_WideIntegers);

void BM_Times(benchmark::State& run) {
  int64_t now = 978'307'200'000'000;
  const auto make = [&now](auto& random) { return now += static_cast<int64_t>(random() % 10'000'000); };
  AddAll(run, TestColumn("x", "tsu:", Made<int64_t>(9, make)), kNoTimes);
}
BENCHMARK(BM_Times);

void BM_ShuffledTimes(benchmark::State& run) {
  const auto make = [](auto& random) {
    return 978'307'200'000'000 + static_cast<int64_t>(random() % 31'536'000'000'000);
  };
  AddAll(run, TestColumn("x", "tsu:", Made<int64_t>(10, make)), kNoTimes);
}
BENCHMARK(BM_ShuffledTimes);

std::vector<std::optional<std::string>> Airports() {
  std::vector<std::optional<std::string>> airports;
  for (int i = 0; i < 300; ++i) airports.push_back("airport-" + std::to_string(i));
  return airports;
}

void BM_DictionaryText(benchmark::State& run) {
  const auto make = [](auto& random) { return static_cast<int32_t>(random() % 300); };
  AddAll(run, TestColumn::Dictionary("x", Made<int32_t>(11, make), TestColumn::Texts("", "u", Airports())),
         TextState(TextState::Kind::kText));
}
BENCHMARK(BM_DictionaryText);

// `range(0)` distinct values in plain text: below and beyond what is counted exactly.
void BM_PlainText(benchmark::State& run) {
  const auto distinct = static_cast<uint64_t>(run.range(0));
  const auto make = [distinct](auto& random) { return "airport-" + std::to_string(random() % distinct); };
  AddAll(run, TestColumn::Texts("x", "u", Made<std::optional<std::string>>(12, make)),
         TextState(TextState::Kind::kText));
}
BENCHMARK(BM_PlainText)->Arg(300)->Arg(1 << 20);

// A table of doubles in memory, in batches as readers give them, on `range(0)` threads.
void BM_Threads(benchmark::State& run) {
  constexpr int kColumns = 8;
  constexpr int64_t kBatchRows = 65'536;
  std::normal_distribution<double> normal(100, 30);
  std::vector<TestColumn> columns;
  std::vector<column::ColumnView> views;
  for (int i = 0; i < kColumns; ++i) {
    columns.emplace_back("x" + std::to_string(i), "g", Made<double>(13, [&](auto& random) { return normal(random); }));
    views.push_back(columns.back().View());
  }
  std::vector<column::BatchView> batches;
  for (int64_t row = 0; row < kRows; row += kBatchRows) {
    const int64_t rows = std::min<int64_t>(kBatchRows, kRows - row);
    std::vector<column::ColumnView> slices;
    for (const column::ColumnView& view : views) slices.push_back(view.Slice(row, rows));
    batches.emplace_back(rows, std::move(slices));
  }
  ThreadPool pool(static_cast<size_t>(run.range(0)));
  const Context context{.pool = &pool};
  for (auto _ : run) {
    Profile profile;
    const absl::Status added = profile.AddAll(batches, context);
    ROOST_CHECK(added.ok(), added);
  }
  run.SetItemsProcessed(run.iterations() * kColumns * kRows);
}
BENCHMARK(BM_Threads)->Arg(1)->Arg(2)->UseRealTime();

// A stream of `range(0)` columns and `range(1)` rows that nobody could hold; its columns are made from one sequence.
void BM_ManyColumns(benchmark::State& run) {
  constexpr int64_t kBatchRows = 4'096;
  const auto num_columns = static_cast<size_t>(run.range(0));
  std::vector<double> sequence(num_columns + kBatchRows);
  std::vector<std::string> names;
  for (size_t i = 0; i < num_columns; ++i) names.push_back("x" + std::to_string(i));
  for (auto _ : run) {
    std::mt19937_64 random(14);
    std::normal_distribution<double> normal(100, 30);
    Profile profile;
    for (int64_t row = 0; row < run.range(1); row += kBatchRows) {
      const int64_t rows = std::min(kBatchRows, run.range(1) - row);
      for (double& value : sequence) value = normal(random);
      std::vector<column::ColumnView> views;
      for (size_t i = 0; i < num_columns; ++i) {
        const void* buffers[] = {nullptr, sequence.data() + i};
        const ArrowSchema schema{.format = "g", .name = names[i].c_str()};
        const ArrowArray array{.length = rows, .n_buffers = 2, .buffers = buffers};
        views.push_back(*column::ColumnView::Make(schema, array));
      }
      const absl::Status added = profile.Add(column::BatchView(rows, std::move(views)));
      ROOST_CHECK(added.ok(), added);
    }
    ROOST_CHECK(profile.Summarize().columns.size() == num_columns, "columns");
  }
  run.SetItemsProcessed(run.iterations() * run.range(0) * run.range(1));
}
BENCHMARK(BM_ManyColumns)->Args({5'000, 20'000})->Args({10'000, 1'000'000})->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace roost::profile
