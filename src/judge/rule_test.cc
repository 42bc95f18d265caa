#include "judge/rule.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::judge {
namespace {

using testing::HasSubstr;

constexpr auto kTask = predict::Task::kBinary;

absl::Status Check(std::string metric, Intent intent, double bound) {
  return CheckRule(kTask, {.metric = std::move(metric), .intent = intent, .bound = bound});
}

TEST(Rule, HasNoSign) {
  for (const Intent intent : {Intent::kMaxRegression, Intent::kMinGain, Intent::kMaxSuspiciousGain}) {
    EXPECT_TRUE(Check("auc", intent, 0.01).ok());
    EXPECT_TRUE(Check("log_loss", intent, 0).ok());
    const absl::Status refused = Check("log_loss", intent, -0.01);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(refused.message()), HasSubstr(std::string(IntentName(intent))));
  }
}

TEST(Rule, NamesAMetricOfTheTask) {
  const absl::Status refused = Check("log_los", Intent::kAtMost, 1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(HintOf(refused), HasSubstr("log_loss"));
  EXPECT_FALSE(Check("rmse", Intent::kAtMost, 1).ok());
}

TEST(Rule, OfAMetricThatShouldBeNearAValueBoundsTheDistance) {
  EXPECT_TRUE(Check("calibration_ratio", Intent::kAtMost, 0.1).ok());
  EXPECT_FALSE(Check("calibration_ratio", Intent::kAtMost, -0.1).ok());
  EXPECT_FALSE(Check("calibration_ratio", Intent::kAtLeast, 0.9).ok());
  EXPECT_FALSE(Check("bias", Intent::kMaxRegression, 0.1).ok());
}

TEST(Rule, OfAMetricThatOnlyDescribesIsABound) {
  EXPECT_TRUE(Check("positive_rate", Intent::kAtMost, 0.3).ok());
  EXPECT_TRUE(Check("positive_rate", Intent::kAtLeast, 0.1).ok());
  EXPECT_FALSE(Check("positive_rate", Intent::kMinGain, 0.1).ok());
}

TEST(Rule, HasAFiniteBound) {
  EXPECT_FALSE(Check("auc", Intent::kAtLeast, std::numeric_limits<double>::quiet_NaN()).ok());
  EXPECT_FALSE(Check("auc", Intent::kAtLeast, std::numeric_limits<double>::infinity()).ok());
}

TEST(Rule, ReadsAsItIsWritten) {
  EXPECT_EQ(ToText({.metric = "auc", .intent = Intent::kAtLeast, .bound = 0.7}), "auc: at_least 0.7");
  EXPECT_EQ(
      ToText(
          {.metric = "log_loss", .intent = Intent::kMaxRegression, .bound = 0.002, .each_slice = true, .proven = true}),
      "log_loss: max_regression 0.002, proven, of each slice");
}

}  // namespace
}  // namespace roost::judge
