#include "evaluate/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include <nlohmann/json.hpp>

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::ElementsAre;
using testing::HasSubstr;

std::string ErrorOf(Task task, const std::vector<double>& targets, const std::vector<double>& weights = {},
                    int32_t num_classes = 3) {
  const absl::Status status = MakeBaseline(task, targets, weights, num_classes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(TrainingBaseline, IsWhatADummyPredictsOfEachTask) {
  const std::vector<double> targets{0, 1, 1, 0};
  const std::vector<double> weights{1, 2, 0, 1};
  const auto outputs = [&](Task task, std::span<const double> some_weights, int32_t num_classes = 2) {
    return MakeBaseline(task, targets, some_weights, num_classes).value().outputs;
  };
  EXPECT_THAT(outputs(Task::kBinary, {}), ElementsAre(0.5));
  EXPECT_THAT(outputs(Task::kClasses, {}, 3), ElementsAre(0.5, 0.5, 0));
  EXPECT_THAT(outputs(Task::kClasses, weights, 3), ElementsAre(0.5, 0.5, 0));
  EXPECT_THAT(outputs(Task::kNumber, {}), ElementsAre(0.5));
  EXPECT_THAT(outputs(Task::kCounts, std::vector<double>{1, 3, 4, 0}), ElementsAre(0.875));
  EXPECT_THAT(outputs(Task::kRanking, {}), ElementsAre(0));
  EXPECT_EQ(MakeBaseline(Task::kBinary, targets, weights, 2).value().rows, 3);
}

TEST(TrainingBaseline, TheOrderOfRowsChangesNoBit) {
  std::mt19937_64 random(1);
  std::vector<double> targets;
  for (int row = 0; row < 1000; ++row) targets.push_back(std::ldexp(static_cast<double>(random()), -60));
  const TrainingBaseline expected = MakeBaseline(Task::kNumber, targets, {}, 0).value();
  for (int round = 0; round < 10; ++round) {
    std::shuffle(targets.begin(), targets.end(), random);
    EXPECT_EQ(MakeBaseline(Task::kNumber, targets, {}, 0).value(), expected);
  }
}

TEST(TrainingBaseline, JsonReadsBackToTheSameBits) {
  const TrainingBaseline baseline{.task = Task::kClasses, .rows = 7, .outputs = {1.0 / 7, 2.0 / 7, 4.0 / 7}};
  EXPECT_EQ(TrainingBaseline::FromJson(ParseJson(ToLine(baseline.ToJson()), "baseline").value()).value(), baseline);
}

TEST(TrainingBaseline, RefusesJsonThatIsNone) {
  for (const char* text :
       {R"({})", R"([])", R"({"task":"best","rows":1,"outputs":[1]})", R"({"task":"number","rows":1,"outputs":[1,2]})",
        R"({"task":"number","rows":0,"outputs":[1]})", R"({"task":"classes","rows":1,"outputs":[1]})",
        R"({"task":"number","rows":1,"outputs":"1"})"}) {
    EXPECT_EQ(TrainingBaseline::FromJson(ParseJson(text, "baseline").value()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(TrainingBaseline, RefusesTargetsThatTheTaskCannotHave) {
  EXPECT_THAT(ErrorOf(Task::kNumber, {}), HasSubstr("no training rows"));
  EXPECT_THAT(ErrorOf(Task::kBinary, {0, 2}), HasSubstr("training row 1: the target is 2; it must be 0 or 1"));
  EXPECT_THAT(ErrorOf(Task::kClasses, {3}), HasSubstr("a class from 0 to 2"));
  EXPECT_THAT(ErrorOf(Task::kClasses, {0.5}), HasSubstr("a class from 0 to 2"));
  EXPECT_THAT(ErrorOf(Task::kClasses, {0}, {}, 1), HasSubstr("1 classes"));
  EXPECT_THAT(ErrorOf(Task::kNumber, {NAN}), HasSubstr("a finite number"));
  EXPECT_THAT(ErrorOf(Task::kCounts, {-1}), HasSubstr("at least 0"));
  EXPECT_THAT(ErrorOf(Task::kNumber, {1, 2}, {1}), HasSubstr("2 rows have 1 weights"));
  EXPECT_THAT(ErrorOf(Task::kNumber, {1, 2}, {1, NAN}), HasSubstr("row 1: the weight is nan"));
  EXPECT_THAT(ErrorOf(Task::kNumber, {1, 2}, {-1, 1}), HasSubstr("row 0: the weight is -1"));
  EXPECT_THAT(ErrorOf(Task::kNumber, {1, 2}, {0, 0}), HasSubstr("all weights are 0"));
}

}  // namespace
}  // namespace roost::evaluate
