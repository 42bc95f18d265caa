#include "predict/model.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <new>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "predict/logistic.h"
#include "transform/test_data.h"

namespace {
std::atomic<int64_t> num_allocations{0};
}  // namespace

// The whole test program counts its allocations, so that a test can show that scoring a row makes none.
[[gnu::noinline]] void* operator new(size_t size) {
  ++num_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++num_allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace roost::predict {
namespace {

using transform::FeatureVector;
using transform::GeneratedRows;
using transform::RawColumn;
using transform::Threads;
using transform::Transform;

ScoringModel FlightsModel(uint32_t seed = 1) {
  Transform transform = *transform::FitSummary(transform::FlightsFeatures(), transform::FlightsSummary());
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> weights(static_cast<size_t>(transform.num_features()));
  for (double& weight : weights) weight = normal(random);
  return *ScoringModel::Make(std::move(transform), *LogisticPredictor::Make(normal(random), std::move(weights)));
}

std::vector<uint64_t> Bits(const std::vector<double>& values) {
  std::vector<uint64_t> bits;
  for (const double value : values) bits.push_back(std::bit_cast<uint64_t>(value));
  return bits;
}

std::vector<double> ScoreBatch(const ScoringModel& model, const column::BatchView& batch, size_t threads = 1) {
  Threads pool(threads);
  auto scores = model.ScoreBatch(batch, pool.context);
  EXPECT_TRUE(scores.ok()) << scores.status();
  return *std::move(scores);
}

std::vector<double> ScoreRows(const ScoringModel& model, const column::BatchView& batch) {
  FeatureVector scratch;
  std::vector<double> scores;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    scores.push_back(model.ScoreRow(RowOf(batch, model.inputs(), row), scratch));
  }
  return scores;
}

TEST(ScoringModel, BatchAndRowsGiveTheSameBits) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    const ScoringModel model = FlightsModel(seed);
    std::vector<RawColumn> columns = GeneratedRows(seed * 2'000, seed).Columns();
    const column::BatchView batch = BatchOf(columns);
    const std::vector<double> scores = ScoreBatch(model, batch);
    EXPECT_EQ(Bits(scores), Bits(ScoreRows(model, batch)));
    for (const double score : scores) ASSERT_TRUE(score >= 0 && score <= 1) << score;
  }
}

TEST(ScoringModel, EveryEncodingGivesTheSameBits) {
  const ScoringModel model = FlightsModel();
  GeneratedRows rows(3'000, 7);
  for (auto& distance : rows.distance) {
    if (distance.has_value()) distance = std::isfinite(*distance) ? std::fmod(std::trunc(*distance), 3e4) : 7;
  }
  std::vector<RawColumn> columns = rows.Columns();
  const std::vector<double> wanted = ScoreBatch(model, BatchOf(columns));
  std::vector<std::optional<int16_t>> narrow;
  std::vector<std::optional<float>> floats;
  for (const auto& value : rows.distance) {
    narrow.push_back(value.has_value() ? std::optional<int16_t>(static_cast<int16_t>(*value)) : std::nullopt);
    floats.push_back(value.has_value() ? std::optional<float>(static_cast<float>(*value)) : std::nullopt);
  }
  columns[2] = RawColumn::Fixed<int16_t>("distance", "s", narrow);
  columns[3] = transform::DictionaryOf("origin", rows.origin);
  columns[4] = RawColumn::Text<int64_t>("destination", rows.destination);
  const column::BatchView encoded = BatchOf(columns);
  EXPECT_EQ(Bits(ScoreBatch(model, encoded)), Bits(wanted));
  EXPECT_EQ(Bits(ScoreRows(model, encoded)), Bits(wanted));
  columns[2] = RawColumn::Fixed<float>("distance", "f", floats);
  EXPECT_EQ(Bits(ScoreBatch(model, BatchOf(columns))), Bits(wanted));
}

TEST(ScoringModel, AnyNumberOfThreadsGivesTheSameBits) {
  const ScoringModel model = FlightsModel();
  std::vector<RawColumn> columns = GeneratedRows(20'000, 8).Columns();
  const column::BatchView batch = BatchOf(columns);
  const std::vector<double> one = ScoreBatch(model, batch);
  for (const size_t threads : {2, 5}) EXPECT_EQ(Bits(ScoreBatch(model, batch, threads)), Bits(one));
}

TEST(ScoringModel, JsonKeepsTheBits) {
  const ScoringModel model = FlightsModel();
  const std::string text = ToLine(model.ToJson());
  const auto again = ScoringModel::FromJson(*ParseJson(text, "model"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ToLine(again->ToJson()), text);
  std::vector<RawColumn> columns = GeneratedRows(2'000, 9).Columns();
  const column::BatchView batch = BatchOf(columns);
  const auto wanted = Bits(ScoreBatch(model, batch));
  EXPECT_EQ(Bits(ScoreBatch(*again, batch)), wanted);
  EXPECT_EQ(Bits(ScoreRows(*again, batch)), wanted);
}

TEST(ScoringModel, ScoringARowAllocatesNothingAfterTheFirst) {
  const ScoringModel model = FlightsModel();
  std::vector<RawColumn> columns = GeneratedRows(1'000, 10).Columns();
  const column::BatchView batch = BatchOf(columns);
  std::vector<std::vector<column::Value>> rows;
  for (int64_t row = 0; row < batch.num_rows(); ++row) rows.push_back(RowOf(batch, model.inputs(), row));
  FeatureVector scratch;
  double sum = model.ScoreRow(rows.front(), scratch);
  const int64_t before = num_allocations;
  for (const auto& row : rows) sum += model.ScoreRow(row, scratch);
  EXPECT_EQ(num_allocations - before, 0);
  EXPECT_GT(before, 0);
  EXPECT_GT(sum, 0);
}

TEST(ScoringModel, AMissingColumnIsNotFound) {
  std::vector<RawColumn> columns = GeneratedRows(3, 1).Columns();
  columns.pop_back();
  Threads threads;
  EXPECT_EQ(FlightsModel().ScoreBatch(BatchOf(columns), threads.context).status().code(), absl::StatusCode::kNotFound);
}

TEST(ScoringModel, APredictorOfOtherFeaturesIsRefused) {
  const Transform transform = *transform::FitSummary(transform::FlightsFeatures(), transform::FlightsSummary());
  const absl::Status status = ScoringModel::Make(transform, *LogisticPredictor::Make(0, {1, 2})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()),
            "model: its logistic predictor takes 2 features, and its transform gives 70");
}

std::string ErrorAfter(const std::function<void(Json&)>& edit) {
  Json json = FlightsModel().ToJson();
  edit(json);
  const absl::Status status = ScoringModel::FromJson(json).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(ScoringModel, WhatIsWrongInItsJsonIsNamed) {
  EXPECT_EQ(ErrorAfter([](Json& json) { json = 1; }), "model: must be an object");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["version"] = 2; }), "model: 'version' must be an integer from 1 to 1");
  EXPECT_EQ(ErrorAfter([](Json& json) { json.erase("predictor"); }), "model: 'predictor' is missing");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["transform"] = 1; }), "model: transform: must be an object");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["predictor"]["weights"][0] = "1"; }),
            "model: predictor: 'weights' must hold finite numbers; element 0 is none");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["predictor"]["weights"].erase(0); }),
            "model: its logistic predictor takes 69 features, and its transform gives 70");
}

TEST(ScoringModel, NoMutationOfItsTextCrashes) {
  const std::string text = ToLine(FlightsModel().ToJson());
  std::mt19937 random(3);
  std::vector<RawColumn> columns = GeneratedRows(20, 1).Columns();
  const column::BatchView batch = BatchOf(columns);
  Threads threads;
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = text;
    const size_t position = random() % text.size();
    switch (random() % 3) {
      case 0: mutated[position] = static_cast<char>(random() % 128); break;
      case 1: mutated.erase(position, 1 + random() % 20); break;
      case 2: mutated.insert(position, text.substr(random() % text.size(), 1 + random() % 20)); break;
    }
    const auto json = ParseJson(mutated, "model");
    if (!json.ok()) continue;
    const auto model = ScoringModel::FromJson(*json);
    if (!model.ok()) {
      ASSERT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
      continue;
    }
    ++accepted;
    const auto scores = model->ScoreBatch(batch, threads.context);
    for (const double score : scores.ok() ? *scores : std::vector<double>()) ASSERT_TRUE(score >= 0 && score <= 1);
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace roost::predict
