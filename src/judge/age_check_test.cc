#include "judge/age_check.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::judge {
namespace {

AgeCheck Check(absl::Duration age) {
  const absl::Time judged = absl::FromUnixSeconds(1'000'000'000);
  return {.learned_until = judged - age,
          .source = "the last of its training rows",
          .judged = judged,
          .limit = 24 * 30 * absl::Hours(1)};
}

TEST(AgeCheck, TheLimitIsWhatMayBe) {
  EXPECT_TRUE(Check(24 * 30 * absl::Hours(1)).passed());
  EXPECT_FALSE(Check(24 * 30 * absl::Hours(1) + absl::Microseconds(1)).passed());
}

TEST(AgeCheck, DataOfTimesToComeIsNotOld) {
  const AgeCheck check = Check(-absl::Hours(100));
  EXPECT_TRUE(check.passed());
  EXPECT_EQ(check.ToText().find('-'), check.ToText().find("2001-") + 4) << "no negative age";
}

TEST(AgeCheck, SaysWhatWasCompared) {
  const AgeCheck check = Check(24 * 40 * absl::Hours(1));
  EXPECT_EQ(check.ToText(),
            "the newest training data is 40 days old (the last of its training rows: 2001-07-31T01:46:40Z); max_age "
            "allows 30 days");
  EXPECT_EQ(check.ToJson()["passed"], false);
  EXPECT_EQ(check.ToJson()["age_seconds"], 40 * 86'400);
  EXPECT_EQ(check.ToJson()["max_age_seconds"], 30 * 86'400);
}

}  // namespace
}  // namespace roost::judge
