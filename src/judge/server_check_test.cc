#include "judge/server_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::judge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kMiB = int64_t{1} << 20;

ServerFigures Figures(double row_us, int64_t mib) {
  return {.load = absl::Milliseconds(3), .row = absl::Nanoseconds(row_us * 1'000), .memory_bytes = mib * kMiB};
}

ServerCheck Check(ServerFigures version, ServerFigures champion, ServerLimits limits = {}) {
  return CheckServer(version, std::optional<absl::StatusOr<ServerFigures>>(champion), limits);
}

TEST(ServerCheck, AVersionLikeTheChampionPasses) {
  const ServerCheck check = Check(Figures(20, 300), Figures(20, 300));
  EXPECT_TRUE(check.passed());
  EXPECT_THAT(check.ToText(), HasSubstr("a row in 20 µs, 315 MB of memory; the champion: loaded in 3 ms"));
}

TEST(ServerCheck, EachLimitIsHeldByItself) {
  EXPECT_THAT(Check(Figures(41, 300), Figures(20, 300)).broken, ElementsAre(HasSubstr("max_row_ratio allows 2 times")));
  EXPECT_THAT(Check(Figures(20, 601), Figures(20, 300)).broken,
              ElementsAre(HasSubstr("max_memory_ratio allows 2 times")));
  EXPECT_THAT(
      Check(Figures(41, 601), Figures(20, 300), {.max_row_us = 40}).broken,
      ElementsAre(HasSubstr("max_row_us allows 40 µs"), HasSubstr("max_row_ratio"), HasSubstr("max_memory_ratio")));
  EXPECT_THAT(Check(Figures(40, 600), Figures(20, 300)).broken, IsEmpty()) << "a limit is what may be";
}

TEST(ServerCheck, WhatIsSmallIsNotToldApart) {
  EXPECT_TRUE(Check(Figures(4.9, 60), Figures(0.1, 1)).passed());
  EXPECT_FALSE(Check(Figures(5.2, 60), Figures(0.1, 1)).passed());
  EXPECT_FALSE(Check(Figures(4.9, 66), Figures(0.1, 1)).passed());
}

TEST(ServerCheck, WithoutAChampionOnlyTheLimitsOfTheVersionHold) {
  EXPECT_TRUE(CheckServer(Figures(900, 9'000), std::nullopt, {}).passed());
  EXPECT_FALSE(CheckServer(Figures(900, 9'000), std::nullopt, {.max_row_us = 800}).passed());
}

TEST(ServerCheck, AVersionThatCannotBeServedIsRefused) {
  const ServerCheck check = CheckServer(absl::InternalError("loading it crashes"),
                                        std::optional<absl::StatusOr<ServerFigures>>(Figures(1, 1)), {});
  EXPECT_THAT(check.broken, ElementsAre("it cannot be served: loading it crashes"));
  EXPECT_EQ(check.ToJson()["version"], nullptr);
  EXPECT_EQ(check.ToJson()["passed"], false);
}

TEST(ServerCheck, AChampionThatCannotBeTriedIsToldAndRefusesNobody) {
  const ServerCheck check =
      CheckServer(Figures(1, 1), std::optional<absl::StatusOr<ServerFigures>>(absl::InternalError("gone")), {});
  EXPECT_TRUE(check.passed());
  EXPECT_THAT(check.ToText(), HasSubstr("the champion cannot be tried: gone"));
}

}  // namespace
}  // namespace roost::judge
