#include "predict/model.h"

#include <bit>
#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/allocation_counter.h"
#include "predict/linear.h"
#include "predict/three_classes.h"
#include "transform/test_data.h"

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
  return *ScoringModel::Make(std::move(transform), *LinearPredictor::Make(Link::kLogistic, {normal(random)}, weights));
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
    std::vector<double> outputs(static_cast<size_t>(model.num_outputs()));
    EXPECT_TRUE(model.ScoreRow(RowOf(batch, model.inputs(), row), scratch, outputs).ok());
    scores.insert(scores.end(), outputs.begin(), outputs.end());
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
  double score = 0;
  ASSERT_TRUE(model.ScoreRow(rows.front(), scratch, {&score, 1}).ok());
  double sum = score;
  const int64_t before = num_allocations;
  for (const auto& row : rows) {
    if (model.ScoreRow(row, scratch, {&score, 1}).ok()) sum += score;
  }
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
  const absl::Status status =
      ScoringModel::Make(transform, *LinearPredictor::Make(Link::kLogistic, {0}, std::vector<double>{1, 2})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "model: its linear predictor takes 2 features, and its transform gives 70");
}

std::string ErrorAfter(const std::function<void(Json&)>& edit) {
  Json json = FlightsModel().ToJson();
  edit(json);
  const absl::Status status = ScoringModel::FromJson(json).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(ScoringModel, HasAThresholdOfItsOwn) {
  ScoringModel model = FlightsModel();
  EXPECT_EQ(model.threshold(), 0.5);
  EXPECT_FALSE(model.ToJson().contains("threshold"));
  ASSERT_TRUE(model.SetThreshold(0.25).ok());
  const auto again = ScoringModel::FromJson(model.ToJson());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->threshold(), 0.25);
  EXPECT_EQ(ToLine(again->ToJson()), ToLine(model.ToJson()));
}

TEST(ScoringModel, WhatIsWrongInItsJsonIsNamed) {
  EXPECT_EQ(ErrorAfter([](Json& json) { json = 1; }), "model: must be an object");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["version"] = 3; }), "model: 'version' must be an integer from 1 to 2");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["task"] = "sort"; }),
            "model: no task 'sort'; there are binary, classes, number, counts, ranking");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["task"] = "classes"; }), "model: 'classes' is missing");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["threshold"] = 1.5; }),
            "model: its threshold is 1.5; it must be from 0 to 1");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["threshold"] = "high"; }), "model: 'threshold' must be a finite number");
  EXPECT_EQ(ErrorAfter([](Json& json) {
              json["task"] = "number";
              json["threshold"] = 0.5;
            }),
            "model: a threshold is for the task 'binary', and its task is 'number'");
  EXPECT_EQ(ErrorAfter([](Json& json) { json.erase("predictor"); }), "model: 'predictor' is missing");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["transform"] = 1; }), "model: transform: must be an object");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["predictor"]["weights"][0][0] = "1"; }),
            "model: predictor: 'weights' row 0 must hold finite numbers");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["predictor"]["weights"][0].erase(0); }),
            "model: its linear predictor takes 69 features, and its transform gives 70");
}

ScoringModel ThreeClassModel() {
  Transform transform = *transform::FitSummary(transform::FlightsFeatures(), transform::FlightsSummary());
  auto predictor = std::make_shared<const ThreeClasses>(transform.num_features());
  return *ScoringModel::Make(std::move(transform), std::move(predictor), Task::kClasses, {"a", "b", "c"});
}

TEST(ScoringModel, HasAnOutputForEachClass) {
  const ScoringModel model = ThreeClassModel();
  EXPECT_EQ(model.OutputNames(),
            (std::vector<std::string>{"probability of a", "probability of b", "probability of c"}));
  std::vector<RawColumn> columns = GeneratedRows(9'000, 11).Columns();
  const column::BatchView batch = BatchOf(columns);
  const std::vector<double> scores = ScoreBatch(model, batch, 3);
  ASSERT_EQ(scores.size(), 27'000u);
  EXPECT_EQ(Bits(scores), Bits(ScoreRows(model, batch)));
  for (size_t i = 0; i < scores.size(); i += 3) ASSERT_NEAR(scores[i] + scores[i + 1] + scores[i + 2], 1, 1e-12);
  EXPECT_NE(scores[0], scores[1]);
}

TEST(ScoringModel, SeveralRowsAtOnceScoreAsOneByOne) {
  const ScoringModel model = ThreeClassModel();
  std::vector<RawColumn> columns = GeneratedRows(50, 12).Columns();
  const column::BatchView batch = BatchOf(columns);
  std::vector<column::Value> values;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (const column::Value& value : RowOf(batch, model.inputs(), row)) values.push_back(value);
  }
  FeatureVector scratch;
  std::vector<double> outputs(150);
  ASSERT_TRUE(model.ScoreRows(values, scratch, outputs).ok());
  EXPECT_EQ(Bits(outputs), Bits(ScoreRows(model, batch)));
}

TEST(ScoringModel, TheTaskSaysHowManyOutputsThereAre) {
  const Transform transform = *transform::FitSummary(transform::FlightsFeatures(), transform::FlightsSummary());
  const auto error = [&](Task task, std::vector<std::string> classes) {
    const auto predictor = std::make_shared<const ThreeClasses>(transform.num_features());
    return std::string(ScoringModel::Make(transform, predictor, task, std::move(classes)).status().message());
  };
  EXPECT_EQ(error(Task::kClasses, {"a", "b", "c"}), "");
  EXPECT_EQ(error(Task::kNumber, {}),
            "model: its three_classes predictor has 3 outputs; for the task 'number' it must have 1");
  EXPECT_EQ(error(Task::kClasses, {"a", "b"}),
            "model: its three_classes predictor has 3 outputs; for the task 'classes' it must have 2");
  EXPECT_EQ(error(Task::kClasses, {"a", "b", "a"}), "model: it names the class 'a' twice");
  EXPECT_EQ(error(Task::kClasses, {"a", "b", "\xff"}), "model: the name of a class is not UTF-8");
  EXPECT_EQ(error(Task::kClasses, {"a"}), "model: it names 1 classes; it must be 2 to 10000");
  EXPECT_EQ(error(Task::kBinary, {"a", "b", "c"}), "model: it names 3 classes, and its task is 'binary'");
}

TEST(ScoringModel, JsonKeepsTheTask) {
  for (const Task task : {Task::kBinary, Task::kNumber, Task::kCounts, Task::kRanking}) {
    const ScoringModel binary = FlightsModel();
    const auto predictor = LinearPredictor::FromJson(binary.predictor()->ToJson());
    const ScoringModel model = *ScoringModel::Make(*binary.transform(), *predictor, task);
    const auto again = ScoringModel::FromJson(model.ToJson());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->task(), task);
    EXPECT_EQ(again->OutputNames(), model.OutputNames());
    EXPECT_EQ(again->OutputNames().size(), 1u);
  }
}

// What version 1 of the format wrote is read for ever: byte for byte a model.json of it, and its score.
TEST(ScoringModel, VersionOneIsReadAsBinary) {
  const auto json = ParseJson(R"({"version":1,"transform":{"version":1,
    "inputs":[{"name":"distance","kind":"number"},{"name":"origin","kind":"text"}],
    "features":[{"column":"distance","use":"standardize","mean":700.5,"standard_deviation":550.25},
      {"column":"origin","use":"one_hot","words":["SFO","JFK"],"unknown_buckets":1}]},
    "predictor":{"kind":"logistic","intercept":-1.25,"weights":[0.5,0.25,-0.75,1.5,-2]}})",
                              "model");
  const auto model = ScoringModel::FromJson(*json);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->task(), Task::kBinary);
  EXPECT_EQ(model->OutputNames(), std::vector<std::string>{"probability"});
  FeatureVector scratch;
  double score = 0;
  const std::vector<column::Value> row{1250.75, std::string_view("SFO")};
  ASSERT_TRUE(model->ScoreRow(row, scratch, {&score, 1}).ok());
  EXPECT_DOUBLE_EQ(score, 1 / (1 + std::exp(0.5)));  // the margin is -1.25 + 0.5 * 1 + 0.25
  EXPECT_EQ(model->ToJson()["version"], 2);
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
