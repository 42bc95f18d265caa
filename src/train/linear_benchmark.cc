#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "base/thread_pool.h"
#include "train/linear.h"

// Generated data of the shapes that matter. With ROOST_DUMP=FOLDER each set is also written there as raw arrays
// (NAME.starts int64, NAME.indices int32, NAME.values double, NAME.targets double), so that a peer gets the same rows.
namespace roost::train {
namespace {

struct Data {
  transform::FeatureRows rows;
  std::vector<double> targets;
  int32_t num_classes = 2;
  TrainingRows Training() const { return {.features = &rows, .targets = targets, .num_classes = num_classes}; }
};

template <typename T>
void DumpArray(const std::string& path, const std::vector<T>& numbers) {
  if (FILE* file = std::fopen(path.c_str(), "wb")) {
    std::fwrite(numbers.data(), sizeof(T), numbers.size(), file);
    std::fclose(file);
  }
}

void Dump(const std::string& name, const Data& data) {
  const char* folder = std::getenv("ROOST_DUMP");
  if (folder == nullptr) return;
  const std::string path = std::string(folder) + "/" + name;
  DumpArray(path + ".starts", data.rows.starts);
  DumpArray(path + ".indices", data.rows.indices);
  DumpArray(path + ".values", data.rows.values);
  DumpArray(path + ".targets", data.targets);
}

// Numbers from 0 to size - 1, the i-th with a probability like 1 / (i + 1).
class Zipf {
 public:
  explicit Zipf(int size) {
    for (int i = 0; i < size; ++i) sums_.push_back((sums_.empty() ? 0 : sums_.back()) + 1.0 / (i + 1));
  }
  template <typename Random>
  int32_t operator()(Random& random) const {
    const double at = std::uniform_real_distribution<double>(0, sums_.back())(random);
    return static_cast<int32_t>(std::lower_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

// Flights: hour 24, weekday 7, month 6, ten buckets of the distance and the distance itself, 230 origins and 230
// destinations, of which some 5,000 pairs are flown.
Data Flights(int64_t num_rows) {
  constexpr int kAirports = 230;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const Zipf airport(kAirports), busy(5000);
  std::vector<std::pair<double, double>> places(kAirports);
  for (auto& place : places) place = {uniform(random), uniform(random)};
  struct Route {
    int32_t origin, destination;
    double distance;
  };
  std::vector<Route> routes;
  while (routes.size() < 5000) {
    const int32_t from = airport(random), to = airport(random);
    const double miles =
        2500 * std::hypot(places[from].first - places[to].first, places[from].second - places[to].second);
    if (from != to) routes.push_back({from, to, std::round(miles)});
  }
  Data data;
  std::vector<double> weights(508);
  for (double& weight : weights) weight = 0.3 * normal(random);
  data.rows.num_features = 508;
  for (int64_t row = 0; row < num_rows; ++row) {
    const Route& route = routes[busy(random)];
    const double hour = 13 + 5 * normal(random);
    const auto bucket = std::min(9, static_cast<int32_t>(route.distance / 250));
    const std::array<std::pair<int32_t, double>, 7> entries{{{std::clamp(static_cast<int32_t>(hour), 0, 23), 1},
                                                             {24 + static_cast<int32_t>(random() % 7), 1},
                                                             {31 + static_cast<int32_t>(random() % 6), 1},
                                                             {37 + bucket, 1},
                                                             {47, (route.distance - 1000) / 600},
                                                             {48 + route.origin, 1},
                                                             {278 + route.destination, 1}}};
    double margin = -1.5;
    for (const auto& [index, value] : entries) {
      margin += weights[index] * value;
      data.rows.indices.push_back(index);
      data.rows.values.push_back(value);
    }
    data.rows.starts.push_back(static_cast<int64_t>(data.rows.indices.size()));
    data.targets.push_back(uniform(random) < 1 / (1 + std::exp(-margin)) ? 1 : 0);
  }
  Dump("flights", data);
  return data;
}

// Correlated normal numbers, all present.
Data Dense(int64_t num_rows, int32_t num_features) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Data data;
  data.rows.num_features = num_features;
  std::vector<double> weights(num_features);
  for (double& weight : weights) weight = 0.2 * normal(random);
  for (int64_t row = 0; row < num_rows; ++row) {
    double margin = -1, common = normal(random);
    for (int32_t j = 0; j < num_features; ++j) {
      common = 0.7 * common + 0.7 * normal(random);
      data.rows.indices.push_back(j);
      data.rows.values.push_back(common);
      margin += weights[j] * common;
    }
    data.rows.starts.push_back(static_cast<int64_t>(data.rows.indices.size()));
    data.targets.push_back(uniform(random) < 1 / (1 + std::exp(-margin)) ? 1 : 0);
  }
  Dump("dense", data);
  return data;
}

// Texts: some 80 words each out of 50,000 by Zipf's law, by their numbers of times, divided by the row's length.
Data Texts(int64_t num_rows) {
  constexpr int kWords = 50'000;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const Zipf word(kWords);
  std::vector<double> weights(kWords);
  for (double& weight : weights) weight = 3 * normal(random);
  Data data;
  data.rows.num_features = kWords;
  for (int64_t row = 0; row < num_rows; ++row) {
    std::vector<int32_t> words(20 + random() % 120);
    for (int32_t& w : words) w = word(random);
    std::sort(words.begin(), words.end());
    double square = 0, margin = -1;
    const size_t first = data.rows.values.size();
    for (size_t i = 0; i < words.size();) {
      const size_t begin = i;
      while (i < words.size() && words[i] == words[begin]) ++i;
      const auto times = static_cast<double>(i - begin);
      data.rows.indices.push_back(words[begin]);
      data.rows.values.push_back(times);
      square += times * times;
    }
    for (size_t e = first; e < data.rows.values.size(); ++e) {
      data.rows.values[e] /= std::sqrt(square);
      margin += weights[data.rows.indices[e]] * data.rows.values[e];
    }
    data.rows.starts.push_back(static_cast<int64_t>(data.rows.indices.size()));
    data.targets.push_back(uniform(random) < 1 / (1 + std::exp(-margin)) ? 1 : 0);
  }
  Dump("texts", data);
  return data;
}

// Pictures of 28 x 28 pixels from 0 to 1 of ten classes: smooth blobs that differ by class, and noise.
Data Pictures(int64_t num_rows) {
  constexpr int kSide = 28, kClasses = 10;
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  Data data;
  data.num_classes = kClasses;
  data.rows.num_features = kSide * kSide;
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto kind = static_cast<int>(random() % kClasses);
    const double x0 = 8 + 1.2 * kind + 2.5 * normal(random), y0 = 20 - 1.1 * kind + 2.5 * normal(random);
    const double width = 4 + 0.3 * kind + normal(random);
    for (int pixel = 0; pixel < kSide * kSide; ++pixel) {
      const double dx = pixel % kSide - x0, dy = pixel / kSide - y0;
      const double value = std::exp(-(dx * dx + dy * dy) / (2 * width * width)) + 0.05 * normal(random);
      data.rows.indices.push_back(pixel);
      data.rows.values.push_back(std::clamp(value, 0.0, 1.0));
    }
    data.rows.starts.push_back(static_cast<int64_t>(data.rows.indices.size()));
    data.targets.push_back(kind);
  }
  Dump("pictures", data);
  return data;
}

void Fit(benchmark::State& state, const Data& data, const LinearOptions& options) {
  ThreadPool pool(static_cast<size_t>(state.range(1)));
  const Context context{.pool = &pool};
  for (auto _ : state) {
    const auto fit = FitLinear(data.Training(), options, nullptr, context);
    if (!fit.ok() || !fit->converged) state.SkipWithError("not converged");
    if (!fit.ok()) return;
    state.SetLabel(fit->solver);
    state.counters["iterations"] = static_cast<double>(fit->iterations);
    state.counters["passes"] = static_cast<double>(fit->passes);
    state.counters["objective"] = fit->objective;
  }
}

void BM_Flights(benchmark::State& state) { Fit(state, Flights(state.range(0)), {}); }
void BM_FlightsL1(benchmark::State& state) { Fit(state, Flights(state.range(0)), {.l2 = 0, .l1 = 10}); }
void BM_Dense(benchmark::State& state) { Fit(state, Dense(state.range(0), 200), {}); }
void BM_Texts(benchmark::State& state) { Fit(state, Texts(state.range(0)), {}); }
void BM_TextsL1(benchmark::State& state) { Fit(state, Texts(state.range(0)), {.l2 = 0, .l1 = 1}); }
void BM_TextsHinge(benchmark::State& state) { Fit(state, Texts(state.range(0)), {.loss = Loss::kSquaredHinge}); }
void BM_Pictures(benchmark::State& state) {
  Fit(state, Pictures(state.range(0)), {.loss = Loss::kSoftmax, .tolerance = 1e-5});
}

#define ROOST_LINEAR_BENCHMARK(name, rows) \
  BENCHMARK(name)                          \
      ->ArgNames({"rows", "threads"})      \
      ->Args({rows, 1})                    \
      ->Args({rows, 2})                    \
      ->Iterations(1)                      \
      ->Unit(benchmark::kMillisecond)
ROOST_LINEAR_BENCHMARK(BM_Flights, 3'000'000);
ROOST_LINEAR_BENCHMARK(BM_FlightsL1, 3'000'000);
ROOST_LINEAR_BENCHMARK(BM_Dense, 1'000'000);
ROOST_LINEAR_BENCHMARK(BM_Texts, 9'000);
ROOST_LINEAR_BENCHMARK(BM_TextsL1, 9'000);
ROOST_LINEAR_BENCHMARK(BM_TextsHinge, 9'000);
ROOST_LINEAR_BENCHMARK(BM_Pictures, 60'000);

}  // namespace
}  // namespace roost::train
