#include "evaluate/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <nlohmann/json.hpp>

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::HasSubstr;

constexpr Task kTasks[] = {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking};
constexpr size_t kClasses = 4;

struct Rows {
  std::vector<double> scores;
  std::vector<double> targets;
  std::vector<double> weights;
  std::vector<int64_t> groups;
  size_t num_outputs = 1;

  // The given rows, in this order.
  Rows At(std::span<const size_t> order) const {
    Rows rows{.num_outputs = num_outputs};
    for (const size_t row : order) {
      for (size_t i = 0; i < num_outputs; ++i) rows.scores.push_back(scores[row * num_outputs + i]);
      rows.targets.push_back(targets[row]);
      rows.weights.push_back(weights[row]);
      rows.groups.push_back(groups[row]);
    }
    return rows;
  }
};

// Scores of few values, so that many are equal, that know something of the targets; whole weights from 0 to 3.
Rows RandomRows(Task task, size_t num_rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  Rows rows{.num_outputs = task == Task::kClasses ? kClasses : 1};
  for (size_t row = 0; row < num_rows; ++row) {
    const auto value = static_cast<double>(random() % 20) / 19;
    const auto noise = static_cast<double>(random() % 1000) / 1000;
    rows.groups.push_back(static_cast<int64_t>(random() % 10));
    rows.weights.push_back(static_cast<double>(random() % 4));
    if (task == Task::kClasses) {
      const size_t truth = random() % kClasses;
      for (size_t i = 0; i < kClasses; ++i) rows.scores.push_back((1 - value) / kClasses + (i == truth ? value : 0));
      rows.targets.push_back(noise < 0.1 ? kUnseenClass
                                         : static_cast<double>(noise < 0.6 ? truth : random() % kClasses));
    } else {
      rows.scores.push_back(value);
      const bool is_whole = task != Task::kNumber;
      rows.targets.push_back(is_whole ? (noise < value ? 1 : 0) : value + noise);
    }
  }
  return rows;
}

ScoringOptions OptionsOf(Task task) {
  ScoringOptions options{.baseline = {.task = task, .rows = 100, .outputs = {0.375}}};
  if (task == Task::kClasses) options.baseline.outputs = {0.4, 0.3, 0.2, 0.1};
  return options;
}

Evaluation Evaluate(Task task, const Rows& rows) {
  return EvaluateScores(task,
                        {.scores = rows.scores,
                         .num_outputs = static_cast<int32_t>(rows.num_outputs),
                         .targets = rows.targets,
                         .weights = rows.weights,
                         .groups = rows.groups},
                        OptionsOf(task))
      .value();
}

// The figures of model and dummy that are no counts.
std::vector<double> FiguresOf(const Evaluation& evaluation) {
  const Json json = ToJson(evaluation);
  std::vector<double> figures;
  for (const char* of : {"model", "dummy"}) {
    const Json flat = json[of].flatten();
    for (const auto& [path, value] : flat.items()) {
      // Calibration bins are cut by rows.
      if (value.is_number_float() && path != "/calibration_error") figures.push_back(value.get<double>());
    }
  }
  return figures;
}

class EachTask : public testing::TestWithParam<Task> {};

TEST_P(EachTask, TheOrderOfRowsChangesNoBit) {
  Rows rows = RandomRows(GetParam(), 500, 1);
  std::mt19937_64 random(2);
  for (double& weight : rows.weights) weight = static_cast<double>(random() % 1000) / 999;
  const Evaluation expected = Evaluate(GetParam(), rows);
  std::vector<size_t> order(500);
  std::iota(order.begin(), order.end(), size_t{0});
  for (int round = 0; round < 10; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    EXPECT_EQ(Evaluate(GetParam(), rows.At(order)), expected);
  }
}

TEST_P(EachTask, ARowOfWeightZeroIsAsIfItWereNotThere) {
  const Rows rows = RandomRows(GetParam(), 300, 3);
  std::vector<size_t> kept;
  for (size_t row = 0; row < 300; ++row) {
    if (rows.weights[row] > 0) kept.push_back(row);
  }
  ASSERT_LT(kept.size(), 300u);
  EXPECT_EQ(Evaluate(GetParam(), rows), Evaluate(GetParam(), rows.At(kept)));
}

TEST_P(EachTask, JsonReadsBackToTheSameBits) {
  for (const bool has_weights : {true, false}) {
    Rows rows = RandomRows(GetParam(), 100, 5);
    if (!has_weights) rows.weights.clear();
    const Evaluation evaluation = Evaluate(GetParam(), rows);
    const Json json = ToJson(evaluation);
    EXPECT_EQ(json.contains("task"), GetParam() != Task::kBinary);
    EXPECT_EQ(json.contains("total_weight"), has_weights);
    EXPECT_EQ(EvaluationFromJson(ParseJson(ToLine(json), "evaluation").value()).value(), evaluation);
  }
}

TEST_P(EachTask, JsonWithoutAnyOneMemberOrWithAnotherKindIsRefused) {
  const Json json = ToJson(Evaluate(GetParam(), RandomRows(GetParam(), 50, 6)));
  const Json flat = json.flatten();
  int refused = 0;
  for (const auto& [path, value] : flat.items()) {
    Json damaged = json;
    damaged[Json::json_pointer(path)] = Json::object();
    EXPECT_EQ(EvaluationFromJson(damaged).status().code(), absl::StatusCode::kInvalidArgument) << path;
    ++refused;
  }
  EXPECT_GT(refused, 10);
  for (const auto& [name, value] : json.items()) {
    if (name == "task" || name == "total_weight") continue;
    Json damaged = json;
    damaged.erase(name);
    EXPECT_THAT(std::string(EvaluationFromJson(damaged).status().message()), HasSubstr("no '" + name + "'"));
  }
}

TEST_P(EachTask, TheDummyStandsBesideThePrimaryMetricAndTheModelIsBetter) {
  const Evaluation evaluation = Evaluate(GetParam(), RandomRows(GetParam(), 500, 7));
  EXPECT_EQ(TaskOf(evaluation), GetParam());
  const Figure figure = PrimaryMetric(evaluation);
  if (GetParam() != Task::kClasses) {
    EXPECT_GT(figure.BetterBy(figure.dummy), 0) << figure.name << " " << figure.value << " " << figure.dummy;
  }
  EXPECT_THAT(ToText(evaluation), HasSubstr("metric                    model        dummy\n"));
}

TEST_P(EachTask, RefusesTheBaselineOfAnotherTaskAndRowsThatDoNotFit) {
  const Task other = GetParam() == Task::kNumber ? Task::kCounts : Task::kNumber;
  const std::vector<double> none;
  const auto refuses = [](Task task, const ScoredRows& rows, const ScoringOptions& options) {
    return EvaluateScores(task, rows, options).status().code() == absl::StatusCode::kInvalidArgument;
  };
  const std::vector<double> scores{0.5, 0.5};
  const std::vector<double> targets{1, 0};
  const std::vector<int64_t> groups{1, 1};
  EXPECT_TRUE(refuses(GetParam(), {.scores = scores, .targets = targets, .groups = groups}, OptionsOf(other)));
  EXPECT_TRUE(refuses(GetParam(), {.scores = none, .targets = none}, OptionsOf(GetParam())));
  EXPECT_TRUE(refuses(GetParam(), {.scores = scores, .num_outputs = 2, .targets = targets}, OptionsOf(GetParam())));
  EXPECT_TRUE(refuses(GetParam(), {.scores = scores, .num_outputs = 0, .targets = none}, OptionsOf(GetParam())));
  ScoringOptions no_outputs = OptionsOf(GetParam());
  no_outputs.baseline.outputs.clear();
  EXPECT_TRUE(refuses(GetParam(), {.scores = scores, .targets = targets, .groups = groups}, no_outputs));
}

INSTANTIATE_TEST_SUITE_P(Evaluation, EachTask, testing::ValuesIn(kTasks),
                         [](const auto& task) { return std::string(predict::TaskName(task.param)); });

TEST(Evaluation, PrimaryMetricsHaveTheirNames) {
  std::vector<std::string> names;
  for (const Task task : kTasks) {
    const Figure figure = PrimaryMetric(Evaluate(task, RandomRows(task, 50, 8)));
    names.push_back(figure.name);
    EXPECT_EQ(figure.higher_is_better, task == Task::kRanking);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"log loss", "log loss", "RMSE", "Poisson deviance", "NDCG@10"}));
}

// In a ranking weights are those of groups: ranking_test.cc.
TEST(Evaluation, ARowOfWeightTwoIsAsTwoRows) {
  for (const Task task : {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts}) {
    const Rows rows = RandomRows(task, 300, 4);
    std::vector<size_t> repeated;
    for (size_t row = 0; row < 300; ++row) repeated.insert(repeated.end(), static_cast<size_t>(rows.weights[row]), row);
    Rows without_weights = rows.At(repeated);
    without_weights.weights.clear();
    const std::vector<double> weighted = FiguresOf(Evaluate(task, rows));
    const std::vector<double> expected = FiguresOf(Evaluate(task, without_weights));
    ASSERT_EQ(weighted.size(), expected.size());
    ASSERT_GT(weighted.size(), 4u);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(weighted[i], expected[i], 1e-12) << i;
  }
}

TEST(Evaluation, RefusesJsonOfAnUnknownTask) {
  EXPECT_THAT(std::string(EvaluationFromJson(Json{{"task", "best"}}).status().message()), HasSubstr("no task 'best'"));
  EXPECT_THAT(std::string(EvaluationFromJson(Json{{"task", 1}}).status().message()), HasSubstr("'task' must be"));
  EXPECT_THAT(std::string(EvaluationFromJson(Json(1)).status().message()), HasSubstr("must be an object"));
}

TEST(Evaluation, RefusesJsonWhoseTablesDoNotFit) {
  Json json = ToJson(Evaluate(Task::kClasses, RandomRows(Task::kClasses, 50, 9)));
  for (const char* path : {"/names", "/baseline", "/model/classes", "/dummy/classes", "/dummy/top_k",
                           "/model/confusion", "/model/confusion/0"}) {
    Json damaged = json;
    Json& list = damaged[Json::json_pointer(path)];
    list.erase(list.size() - 1);
    EXPECT_EQ(EvaluationFromJson(damaged).status().code(), absl::StatusCode::kInvalidArgument) << path;
  }
  json = ToJson(Evaluate(Task::kNumber, RandomRows(Task::kNumber, 50, 9)));
  json["dummy"]["error_quantiles"].erase(0);
  EXPECT_EQ(EvaluationFromJson(json).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::evaluate
