#include "serving/infer.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "predict/three_classes.h"
#include "serving/test_model.h"

namespace roost::serving {
namespace {

using testing::HasSubstr;

constexpr int64_t kNoon = 988'718'400'000'000;  // 2001-05-01T12:00Z

Tensor Doubles(std::string name, const std::vector<double>& values) {
  Tensor tensor{.name = std::move(name), .datatype = Datatype::kFp64, .shape = {static_cast<int64_t>(values.size())}};
  for (const double value : values) tensor.Append(value);
  return tensor;
}

Tensor Integers(std::string name, const std::vector<int64_t>& values) {
  Tensor tensor{.name = std::move(name), .datatype = Datatype::kInt64, .shape = {static_cast<int64_t>(values.size())}};
  for (const int64_t value : values) tensor.Append(value);
  return tensor;
}

Tensor Texts(std::string name, std::vector<std::string> values) {
  Tensor tensor{.name = std::move(name), .datatype = Datatype::kBytes, .shape = {static_cast<int64_t>(values.size())}};
  tensor.texts = std::move(values);
  return tensor;
}

InferRequest TwoRows() {
  return {
      .model_name = "delay",
      .id = "42",
      .inputs = {Integers("date", {kNoon, 0}), Texts("origin", {"SFO", "nowhere"}), Doubles("distance", {418, 1e9})}};
}

class InferTest : public testing::Test {
 protected:
  InferTest() { EXPECT_TRUE(models_.Load("delay", 3, TestModelJson()).ok()); }

  std::vector<double> Scores(const InferRequest& request) {
    const auto response = Infer(models_, request);
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    std::vector<double> scores;
    for (int64_t i = 0; i < response->outputs[0].size(); ++i) scores.push_back(response->outputs[0].At<double>(i));
    return scores;
  }

  ModelManager models_;
};

TEST_F(InferTest, AnswersWithOneProbabilityPerRow) {
  const auto response = Infer(models_, TwoRows());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->model_name, "delay");
  EXPECT_EQ(response->model_version, 3);
  EXPECT_EQ(response->id, "42");
  ASSERT_EQ(response->outputs.size(), 1u);
  EXPECT_EQ(response->outputs[0].name, "probability");
  EXPECT_EQ(response->outputs[0].shape, std::vector<int64_t>{2});
}

TEST_F(InferTest, ScoresToTheBitAsABatch) {
  std::mt19937_64 random(7);
  const std::vector<std::string> origins{"SFO", "JFK", "OAK", ""};
  std::vector<std::optional<double>> distances;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<int64_t>> times;
  InferRequest request{.model_name = "delay",
                       .inputs = {Doubles("distance", {}), Texts("origin", {}), Integers("date", {})}};
  for (Tensor& input : request.inputs) input.shape = {1000};
  for (int row = 0; row < 1000; ++row) {
    distances.push_back(static_cast<double>(random() % 100'000) / 7.0);
    texts.push_back(origins[random() % origins.size()]);
    times.push_back(static_cast<int64_t>(random() % 2'000'000'000) * 1'000'000);
    request.inputs[0].Append(*distances.back());
    request.inputs[1].texts.push_back(*texts.back());
    request.inputs[2].Append(*times.back());
    if (random() % 5 == 0) distances.back() = std::nullopt;
    if (random() % 5 == 0) texts.back() = std::nullopt;
    if (random() % 5 == 0) times.back() = std::nullopt;
    request.inputs[0].nulls.push_back(!distances.back().has_value());
    request.inputs[1].nulls.push_back(!texts.back().has_value());
    request.inputs[2].nulls.push_back(!times.back().has_value());
  }
  column::BatchBuilder builder;
  const column::OwnedBatch batch =
      builder.Numbers("distance", distances).Texts("origin", texts).Times("date", times).Build();
  ThreadPool pool(1);
  Context context;
  context.pool = &pool;
  const auto expected = (*models_.Find("delay", 3))->model().ScoreBatch(batch.view(), context);
  ASSERT_TRUE(expected.ok()) << expected.status();
  const std::vector<double> served = Scores(request);
  ASSERT_EQ(served.size(), expected->size());
  for (size_t i = 0; i < served.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint64_t>(served[i]), std::bit_cast<uint64_t>((*expected)[i])) << "row " << i;
  }
}

TEST_F(InferTest, TheFormOfAValueMakesNoDifference) {
  const std::vector<double> wanted = Scores(TwoRows());
  InferRequest request = TwoRows();
  request.inputs[0] = Texts("date", {"2001-05-01T14:00:00+02:00", "1970-01-01"});
  EXPECT_EQ(Scores(request), wanted);
  request.inputs[2] = Integers("distance", {418, 1'000'000'000});
  EXPECT_EQ(Scores(request), wanted);
  for (Tensor& input : request.inputs) input.shape = {2, 1};
  EXPECT_EQ(Scores(request), wanted);
  std::swap(request.inputs[0], request.inputs[2]);
  EXPECT_EQ(Scores(request), wanted);
  request.outputs = {"probability"};
  request.model_version = 3;
  EXPECT_EQ(Scores(request), wanted);
}

TEST_F(InferTest, SeveralClassesAreOneTensorAndTheMostProbable) {
  const predict::ScoringModel& binary = (*models_.Find("delay", 3))->model();
  auto predictor = std::make_shared<const predict::ThreeClasses>(binary.transform()->num_features());
  auto model = predict::ScoringModel::Make(*binary.transform(), std::move(predictor), predict::Task::kClasses,
                                           {"early", "in time", "late"});
  ASSERT_TRUE(model.ok()) << model.status();
  models_.Publish(std::make_shared<const Servable>("classes", 1, *model));
  InferRequest request = TwoRows();
  request.model_name = "classes";
  const auto response = Infer(models_, request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->outputs.size(), 2u);
  const Tensor& probabilities = response->outputs[0];
  const Tensor& best = response->outputs[1];
  EXPECT_EQ(probabilities.name, "probabilities");
  EXPECT_EQ(probabilities.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(best.name, "class");
  EXPECT_EQ(best.shape, std::vector<int64_t>{2});
  for (int64_t row = 0; row < 2; ++row) {
    const double p[] = {probabilities.At<double>(row * 3), probabilities.At<double>(row * 3 + 1),
                        probabilities.At<double>(row * 3 + 2)};
    EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-12);
    const auto highest = static_cast<size_t>(std::max_element(p, p + 3) - p);
    EXPECT_EQ(best.texts[static_cast<size_t>(row)], model->classes()[highest]);
  }
  request.outputs = {"class"};
  EXPECT_EQ(Infer(models_, request)->outputs[0].texts, best.texts);
  request.outputs = {"class", "probabilities"};
  EXPECT_EQ(Infer(models_, request)->outputs[1].bytes, probabilities.bytes);
  request.outputs = {"probability"};
  EXPECT_THAT(std::string(Infer(models_, request).status().message()),
              HasSubstr("has no output 'probability'; it has: probabilities, class"));
}

TEST_F(InferTest, OneTensorMayHoldAllColumnsOfNumbers) {
  ASSERT_TRUE(models_.Load("sum", 1, TestNumbersJson()).ok());
  InferRequest matrix{.model_name = "sum", .inputs = {Doubles("anything", {1, 2, 3, 4, 5, 6})}};
  matrix.inputs[0].shape = {3, 2};
  EXPECT_THAT(Scores(matrix), testing::ElementsAre(21, 43, 65));
  matrix.inputs[0].nulls = {false, true, false, false, false, false};
  EXPECT_THAT(Scores(matrix), testing::ElementsAre(1, 43, 65));
  InferRequest integers{.model_name = "sum", .inputs = {Integers("a", {7, 8})}};
  integers.inputs[0].shape = {1, 2};
  EXPECT_THAT(Scores(integers), testing::ElementsAre(87));
  const auto refusal = [&](std::vector<int64_t> shape, const std::string& model) {
    matrix.model_name = model;
    matrix.inputs[0].shape = std::move(shape);
    return std::string(Infer(models_, matrix).status().message());
  };
  EXPECT_THAT(refusal({2, 3}, "sum"), HasSubstr("has no input 'anything'; it has: a, b"));
  EXPECT_THAT(refusal({2, 2}, "sum"), HasSubstr("shape [2,2] means 4 values"));
  EXPECT_THAT(refusal({-3, 2}, "sum"), HasSubstr("shape [-3,2]"));
  EXPECT_THAT(refusal({2, 3}, "delay"), HasSubstr("has no input 'anything'"));
}

TEST_F(InferTest, NoRowsGiveNoProbabilities) {
  EXPECT_TRUE(
      Scores({.model_name = "delay", .inputs = {Integers("date", {}), Texts("origin", {}), Doubles("distance", {})}})
          .empty());
}

TEST_F(InferTest, RefusesEachBadRequestByItsReason) {
  struct Case {
    std::function<void(InferRequest&)> spoil;
    std::string message;
  };
  const std::vector<Case> cases{
      {[](auto& r) { r.inputs[2].name = "distanze"; }, "has no input 'distanze'; it has: distance, origin, date"},
      {[](auto& r) { r.inputs.pop_back(); }, "needs the input 'distance'"},
      {[](auto& r) { r.inputs.push_back(r.inputs[0]); }, "'date' comes more than once"},
      {[](auto& r) {
         r.inputs[1] = Doubles("origin", {1, 2});
       },
       "it takes BYTES, not FP64"},
      {[](auto& r) {
         r.inputs[2] = Texts("distance", {"1", "2"});
       },
       "it takes FP64"},
      {[](auto& r) {
         r.inputs[0] = Doubles("date", {1, 2});
       },
       "it takes INT64 (microseconds"},
      {[](auto& r) {
         r.inputs[0] = Texts("date", {"yesterday", "1970-01-01"});
       },
       "'yesterday' in row 0"},
      {[](auto& r) { r.inputs[1].texts[1] = "\xff"; }, "the text of row 1 is not UTF-8"},
      {[](auto& r) {
         r.inputs[1].shape = {1, 2};
       },
       "shape [1,2] is not [N] or [N,1]"},
      {[](auto& r) { r.inputs[1].shape = {}; }, "shape [] is not"},
      {[](auto& r) { r.inputs[1].shape = {3}; }, "shape [3] means 3 values, and there are 2"},
      {[](auto& r) { r.inputs[1].shape = {-2}; }, "negative"},
      {[](auto& r) { r.inputs[1] = Texts("origin", {"SFO"}); }, "has 1 rows"},
      {[](auto& r) { r.outputs = {"label"}; }, "has no output 'label'"},
      {[](auto& r) {
         r.outputs = {"probability", "probability"};
       },
       "more than once"},
      {[](auto& r) { r.inputs.clear(); }, "needs the input"},
  };
  for (const Case& c : cases) {
    InferRequest request = TwoRows();
    c.spoil(request);
    const auto response = Infer(models_, request);
    ASSERT_FALSE(response.ok()) << c.message;
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument) << response.status();
    EXPECT_THAT(std::string(response.status().message()), HasSubstr(c.message));
  }
  InferRequest request = TwoRows();
  request.inputs[2].name = "distanze";
  EXPECT_EQ(HintOf(Infer(models_, request).status()), "did you mean 'distance'?");
  request.model_version = 4;
  EXPECT_EQ(Infer(models_, request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(InferTest, RefusesMoreRowsThanOneRequestTakes) {
  const int64_t rows = kMaxRows + 1;
  InferRequest request{.model_name = "delay",
                       .inputs = {{.name = "distance", .datatype = Datatype::kInt8, .shape = {rows}}}};
  request.inputs[0].bytes.assign(static_cast<size_t>(rows), '\1');
  EXPECT_THAT(std::string(Infer(models_, request).status().message()), HasSubstr("1,000,001 rows"));
}

TEST_F(InferTest, WhatIsAskedIsCounted) {
  const Statistics& statistics = (*models_.Find("delay", 3))->statistics();
  InferRequest request = TwoRows();
  ASSERT_TRUE(Infer(models_, request).ok());
  ASSERT_TRUE(Infer(models_, request).ok());
  request.inputs.pop_back();
  ASSERT_FALSE(Infer(models_, request).ok());
  const Statistics::Totals totals = statistics.Sum();
  EXPECT_EQ(totals.success.count, 2);
  EXPECT_EQ(totals.failure.count, 1);
  EXPECT_EQ(totals.inference_count, 4);
  EXPECT_EQ(totals.execution_count, 2);
  EXPECT_GT(totals.compute.nanoseconds, 0);
  EXPECT_GE(totals.success.nanoseconds, totals.compute.nanoseconds);
  EXPECT_GT(totals.failure.nanoseconds, 0);
}

}  // namespace
}  // namespace roost::serving
