#include "pipeline/trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum SpanState;

const absl::Time kNoon = absl::FromCivil(absl::CivilHour(2013, 7, 1, 12), absl::UTCTimeZone());
const Schedule kNightly{.minute = 180};

std::vector<std::string> SpansOf(const Outlook& outlook) {
  return outlook.due.has_value() ? outlook.due->spans : std::vector<std::string>{"nothing is due"};
}

TEST(Trigger, SpansAreRunInTheirOrder) {
  WatchFacts facts{.now = kNoon, .spans = {{"1", kDone}, {"2", kRefused}, {"3"}, {"4"}}};
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kEach)(facts)), ElementsAre("3"));
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kLatest)(facts)), ElementsAre("3", "4"));
  facts.spans[2].state = kRunning;
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kEach)(facts)), ElementsAre("3")) << "what was begun is ended";
}

TEST(Trigger, WhatWasRefusedTogetherIsRunOneByOne) {
  WatchFacts facts{.now = kNoon, .spans = {{"1", kApart}, {"2", kApart}, {"3"}}};
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kLatest)(facts)), ElementsAre("1"));
  facts.spans[0].state = kDone;
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kLatest)(facts)), ElementsAre("2"));
}

TEST(Trigger, NothingIsDueWhereNothingCame) {
  EXPECT_FALSE(OnSpans(CatchUp::kEach)({.now = kNoon, .spans = {{"1", kDone}, {"2", kOld}}}).due.has_value());
  EXPECT_FALSE(OnSpans(CatchUp::kEach)({.now = kNoon}).due.has_value());
}

TEST(Trigger, ASpanThatIsNotReadyIsWaitedForByThoseBehindIt) {
  const WatchFacts facts{
      .now = kNoon, .spans = {{"1"}, {.name = "2", .is_ready = false}, {"3"}}, .last_planned = kNoon - absl::Hours(24)};
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kLatest)(facts)), ElementsAre("1"));
  EXPECT_THAT(SpansOf(OnSchedule(kNightly, CatchUp::kLatest)(facts)), ElementsAre("1"));
  const WatchFacts waiting{.now = kNoon, .spans = {facts.spans[1]}, .last_planned = facts.last_planned};
  EXPECT_FALSE(OnSpans(CatchUp::kEach)(waiting).due.has_value());
  EXPECT_FALSE(OnSchedule(kNightly, CatchUp::kEach)(waiting).due.has_value());
}

TEST(Trigger, ABackfillIsRunByItsOwnTriggerOnly) {
  const WatchFacts facts{.now = kNoon, .spans = {{"1"}, {"2", kNew, true}, {"3", kNew, true}, {"4", kDone, true}}};
  EXPECT_THAT(SpansOf(OnBackfill()(facts)), ElementsAre("2"));
  EXPECT_THAT(SpansOf(OnSpans(CatchUp::kLatest)(facts)), ElementsAre("1"));
}

TEST(Trigger, AScheduleBeginsWithItsNextTime) {
  const Outlook outlook = OnSchedule(kNightly, CatchUp::kEach)({.now = kNoon});
  EXPECT_FALSE(outlook.due.has_value());
  EXPECT_EQ(outlook.next, kNoon + absl::Hours(15));
}

TEST(Trigger, TimesThatWereMissedAreMadeUpForOnce) {
  WatchFacts facts{.now = kNoon, .last_planned = kNoon - 7 * absl::Hours(24)};
  const Outlook outlook = OnSchedule(kNightly, CatchUp::kEach)(facts);
  ASSERT_TRUE(outlook.due.has_value());
  EXPECT_EQ(outlook.due->settles, kNoon - absl::Hours(9));
  EXPECT_THAT(outlook.due->spans, IsEmpty());
  facts.last_planned = outlook.due->settles;
  EXPECT_FALSE(OnSchedule(kNightly, CatchUp::kEach)(facts).due.has_value());
}

TEST(Trigger, AScheduleIsOverWithTheLastSpan) {
  WatchFacts facts{.now = kNoon, .spans = {{"1"}, {"2"}}, .last_planned = kNoon - absl::Hours(24)};
  const Trigger trigger = OnSchedule(kNightly, CatchUp::kEach);
  EXPECT_EQ(trigger(facts).due->settles, std::nullopt);
  facts.spans[0].state = kDone;
  EXPECT_THAT(trigger(facts).due->spans, ElementsAre("2"));
  EXPECT_EQ(trigger(facts).due->settles, kNoon - absl::Hours(9));
  EXPECT_EQ(OnSchedule(kNightly, CatchUp::kLatest)(
                {.now = kNoon, .spans = {{"1"}, {"2"}}, .last_planned = kNoon - absl::Hours(24)})
                .due->settles,
            kNoon - absl::Hours(9));
}

TEST(Trigger, AScheduleWhoseRunFailedRests) {
  const WatchFacts facts{.now = kNoon, .last_planned = kNoon - absl::Hours(24), .schedule_rests = true};
  EXPECT_FALSE(OnSchedule(kNightly, CatchUp::kEach)(facts).due.has_value());
}

TEST(Trigger, TheFirstThatFiresIsTakenAndTheEarliestTime) {
  const WatchFacts facts{.now = kNoon, .spans = {{"1"}}, .last_planned = kNoon};
  const Outlook outlook = LookAt({OnBackfill(), OnSpans(CatchUp::kEach), OnSchedule(kNightly, CatchUp::kEach),
                                  OnSchedule({.every = 1, .unit = Schedule::Unit::kHour}, CatchUp::kEach)},
                                 facts);
  EXPECT_EQ(outlook.due->trigger, "new span");
  EXPECT_EQ(outlook.next, kNoon + absl::Hours(1));
}

}  // namespace
}  // namespace roost::pipeline
