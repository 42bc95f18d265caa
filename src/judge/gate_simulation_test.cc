// The gate's promise from rows on: drawn rows, the bootstrap's errors, the verdict.

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"
#include "judge/gate.h"

namespace roost::judge {
namespace {

using evaluate::NamedMetric;

constexpr size_t kRowsOfSlice = 60;

/// Rows of equally many slices, and scores of two models. What the second sees is as noisy as what the first does, and
/// by `harm` noisier on the first slice.
struct Rows {
  std::vector<double> targets, version, champion;
};

double Probability(double x) { return 1 / (1 + std::exp(-x)); }

Rows Draw(size_t num_slices, double harm, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Rows rows;
  for (size_t row = 0; row < num_slices * kRowsOfSlice; ++row) {
    const double signal = normal(random);
    const double noise = row < kRowsOfSlice ? 0.7 + harm : 0.7;
    rows.targets.push_back(std::uniform_real_distribution<double>()(random) < Probability(2 * signal) ? 1 : 0);
    rows.champion.push_back(Probability(signal + 0.7 * normal(random)));
    rows.version.push_back(Probability(signal + noise * normal(random)));
  }
  return rows;
}

evaluate::SliceSet SlicesOf(size_t num_slices) {
  const size_t num_rows = num_slices * kRowsOfSlice;
  evaluate::SliceSet slices{.num_rows = num_rows, .slices = {{"all rows", static_cast<int64_t>(num_rows), 0}}};
  slices.groups.push_back({});
  for (size_t slice = 0; slice < num_slices; ++slice) {
    slices.slices.push_back({"slice", kRowsOfSlice, 1});
    slices.groups[0].slices_of_cell.push_back({0, static_cast<uint32_t>(slice + 1)});
    slices.groups[0].cell_of_row.insert(slices.groups[0].cell_of_row.end(), kRowsOfSlice, static_cast<uint32_t>(slice));
  }
  return slices;
}

/// The share of `gates` that refuse.
double ShareRefused(size_t num_slices, double harm, int gates) {
  const std::vector<const NamedMetric*> metrics{*evaluate::FindMetric(predict::Task::kBinary, "log_loss"),
                                                *evaluate::FindMetric(predict::Task::kBinary, "accuracy")};
  const GateOptions options{.rules = {{.metric = "log_loss", .intent = Intent::kMaxRegression},
                                      {.metric = "log_loss", .intent = Intent::kMaxRegression, .each_slice = true},
                                      {.metric = "accuracy", .intent = Intent::kMaxRegression, .each_slice = true}}};
  const evaluate::SliceSet slices = SlicesOf(num_slices);
  ThreadPool pool(1);
  std::mt19937_64 random(20'140'101);
  int refused = 0;
  for (int gate = 0; gate < gates; ++gate) {
    const Rows rows = Draw(num_slices, harm, random);
    const evaluate::ModelScores models[] = {{rows.version}, {rows.champion}};
    const auto figures = evaluate::MeasureSlices({.task = predict::Task::kBinary, .targets = rows.targets}, models,
                                                 slices, {.metrics = metrics, .pairs = {{0, 1}}, .resamples = 100},
                                                 {.pool = &pool, .seed = static_cast<uint64_t>(gate)});
    const auto verdict = Judge({.task = predict::Task::kBinary,
                                .metrics = metrics,
                                .slices = slices.slices,
                                .figures = *figures,
                                .has_champion = true},
                               options);
    refused += verdict->blessed ? 0 : 1;
  }
  return static_cast<double>(refused) / gates;
}

TEST(GateSimulation, FromRowsOnAVersionAsGoodAsTheChampionIsRefusedInAtMost5Percent) {
  constexpr int kGates = 1'000;
  // At exactly 5 % a greater share comes once in 10,000 times (binomial).
  const double most = 0.05 + 3.72 * std::sqrt(0.05 * 0.95 / kGates);
  for (const size_t slices : {1, 30}) EXPECT_LE(ShareRefused(slices, 0, kGates), most) << slices << " slices";
}

TEST(GateSimulation, FromRowsOnGreatHarmOnOneSliceOfThirtyIsSeen) { EXPECT_GE(ShareRefused(30, 12, 100), 0.9); }

}  // namespace
}  // namespace roost::judge
