#include "judge/serving_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::judge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ServingCheck Check() {
  return {
      .source = "served@1",
      .served_rows = 1'000,
      .training_rows = 12'000,
      .distances = {
          {.column = "origin", .measure = "l_infinity", .value = 0.02, .limit = 0.1, .limit_from = "the default"},
          {.column = "origin", .measure = "jensen_shannon", .value = 0.02, .limit = 0.3, .limit_from = "the default"}}};
}

TEST(ServingCheck, RowsLikeThoseOfTheTrainingPass) {
  const ServingCheck check = Check();
  EXPECT_TRUE(check.passed());
  EXPECT_EQ(check.ToText(), "1,000 rows of served@1 beside 12,000 training rows, 1 column compared");
  EXPECT_EQ(check.ToJson()["passed"], true);
}

TEST(ServingCheck, WhatWasNotComparedIsNoPass) {
  const ServingCheck check{.absent = "no served rows are named (model.gate.serving)"};
  EXPECT_FALSE(check.judged());
  EXPECT_EQ(check.ToJson()["passed"], nullptr);
  EXPECT_EQ(check.ToText(), "no served rows are named (model.gate.serving)");
}

TEST(ServingCheck, EachBrokenLimitIsASentence) {
  ServingCheck check = Check();
  check.distances[1].value = 0.4;
  check.distances[1].broken = true;
  check.gone = {"'distance' is not among the served columns"};
  check.joined = JoinedRows{.joined = 200, .max_skewed = 0.01, .columns = {{"origin", 3}, {"date", 2}}};
  EXPECT_THAT(check.Broken(),
              ElementsAre("'distance' is not among the served columns",
                          "'origin': jensen_shannon 0.4 from the training rows, the default allows 0.3",
                          "'origin' has another value at serving in 3 of 200 joined rows; max_skewed allows 1 %"));
  EXPECT_FALSE(check.passed());
}

TEST(ServingCheck, WithoutOneKeyInCommonThatIsSaid) {
  ServingCheck check = Check();
  check.joined = JoinedRows{.columns = {{"origin", 0}}};
  EXPECT_THAT(check.Broken(), IsEmpty());
  EXPECT_THAT(check.ToText(), HasSubstr("no served row has the key of a training row"));
}

TEST(ServingCheck, TheTestOfMissingValuesIsThatOfTwoShares) {
  // By hand, with erfc of the C library: z = 3.0728521813.
  EXPECT_NEAR(MissingPValue(30, 1'000, 200, 12'000), 0.002120234843233345, 1e-15);
  EXPECT_EQ(MissingPValue(0, 10, 0, 10), 1);
  EXPECT_EQ(MissingPValue(10, 10, 10, 10), 1);
  EXPECT_EQ(MissingPValue(0, 0, 3, 10), 1);
}

}  // namespace
}  // namespace roost::judge
