#include "serving/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::serving {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const MemoryUse kOld{.name = "old", .version = 3, .bytes = 400, .last_used_ms = 10};
const MemoryUse kMiddle{.name = "middle", .version = 1, .bytes = 300, .last_used_ms = 20};
const MemoryUse kNew{.name = "new", .version = 2, .bytes = 200, .last_used_ms = 30};

TEST(MemoryBudget, WhatFitsPushesNothingOut) {
  EXPECT_THAT(*MakeRoom({kNew, kOld, kMiddle}, "x", 100, 1'000, true), IsEmpty());
  EXPECT_THAT(*MakeRoom({}, "x", 1'000, 1'000, false), IsEmpty());
}

TEST(MemoryBudget, TheLeastRecentlyUsedGoFirstAndAsFewAsItTakes) {
  EXPECT_THAT(*MakeRoom({kNew, kOld, kMiddle}, "x", 101, 1'000, true), ElementsAre(kOld));
  EXPECT_THAT(*MakeRoom({kNew, kOld, kMiddle}, "x", 501, 1'000, true), ElementsAre(kOld, kMiddle));
  EXPECT_THAT(*MakeRoom({kNew, kOld, kMiddle}, "x", 1'000, 1'000, true), ElementsAre(kOld, kMiddle, kNew));
}

TEST(MemoryBudget, VersionsOfTheSameModelStay) {
  EXPECT_THAT(*MakeRoom({kNew, kOld, kMiddle}, "old", 101, 1'000, true), ElementsAre(kMiddle));
  EXPECT_FALSE(MakeRoom({kOld}, "old", 601, 1'000, true).ok());
}

TEST(MemoryBudget, ARefusalHasTheFigures) {
  const absl::Status refused = MakeRoom({kNew, kOld, kMiddle}, "x", 101, 1'000, false).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("takes 101 B of memory, and 900 B of the budget of 1.00 kB"));
  EXPECT_THAT(HintOf(refused), HasSubstr("serve.memory_mb"));
  EXPECT_FALSE(MakeRoom({kNew, kOld, kMiddle}, "x", 1'001, 1'000, true).ok());
}

}  // namespace
}  // namespace roost::serving
