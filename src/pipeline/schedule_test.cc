#include "pipeline/schedule.h"

#include <string>

#include <gtest/gtest.h>

#include "base/format.h"

namespace roost::pipeline {
namespace {

using Unit = Schedule::Unit;

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

std::string Next(const Schedule& schedule, const std::string& last) { return FormatUtc(NextTime(schedule, At(last))); }

TEST(Schedule, DaysHaveATimeOfTheDay) {
  const Schedule nightly{.minute = 180};
  EXPECT_EQ(Next(nightly, "2013-06-30T02:59:59Z"), "2013-06-30T03:00:00Z");
  EXPECT_EQ(Next(nightly, "2013-06-30T03:00:00Z"), "2013-07-01T03:00:00Z");
  EXPECT_EQ(Next(nightly, "2013-06-30T23:00:00Z"), "2013-07-01T03:00:00Z");
}

TEST(Schedule, MinutesAndHoursAreThoseOfTheClock) {
  const Schedule quarters{.every = 15, .unit = Unit::kMinute};
  EXPECT_EQ(Next(quarters, "2013-06-30T23:46:00Z"), "2013-07-01T00:00:00Z");
  const Schedule hours{.every = 6, .unit = Unit::kHour};
  EXPECT_EQ(Next(hours, "2013-06-30T06:00:00Z"), "2013-06-30T12:00:00Z");
}

TEST(Schedule, WeeksHaveAWeekday) {
  const Schedule fridays{.unit = Unit::kWeek, .minute = 60, .day = 5};
  EXPECT_EQ(Next(fridays, "2013-06-28T00:59:00Z"), "2013-06-28T01:00:00Z");  // a Friday
  EXPECT_EQ(Next(fridays, "2013-06-28T01:00:00Z"), "2013-07-05T01:00:00Z");
  EXPECT_EQ(Next({.unit = Unit::kWeek}, "2013-06-28T01:00:00Z"), "2013-07-01T00:00:00Z");
}

TEST(Schedule, AMonthThatHasNoSuchDayTakesItsLastOne) {
  const Schedule last{.unit = Unit::kMonth, .day = 31};
  EXPECT_EQ(Next(last, "2013-01-31T00:00:00Z"), "2013-02-28T00:00:00Z");
  EXPECT_EQ(Next(last, "2012-02-01T00:00:00Z"), "2012-02-29T00:00:00Z");
  EXPECT_EQ(Next(last, "2013-12-31T00:00:00Z"), "2014-01-31T00:00:00Z");
  EXPECT_EQ(Next({.every = 3, .unit = Unit::kMonth}, "2013-04-01T00:00:00Z"), "2013-07-01T00:00:00Z");
}

TEST(Schedule, TheLastTimeIsTheOneBeforeTheNext) {
  const absl::Time begin = At("1969-01-01T00:00:00Z");
  for (const Unit unit : {Unit::kMinute, Unit::kHour, Unit::kDay, Unit::kWeek, Unit::kMonth}) {
    for (const int64_t every : {1, 2, 7}) {
      for (const int64_t day : {1, 7, 31}) {
        if (unit == Unit::kWeek && day > 7) continue;
        const Schedule schedule{.every = every, .unit = unit, .minute = 1439, .day = day};
        absl::Time time = NextTime(schedule, begin);
        for (int i = 0; i < 40; ++i) {
          const absl::Time next = NextTime(schedule, time);
          ASSERT_GT(next, time);
          ASSERT_EQ(LastTime(schedule, time), time);
          ASSERT_EQ(LastTime(schedule, next - absl::Seconds(1)), time);
          ASSERT_EQ(NextTime(schedule, next - absl::Seconds(1)), next);
          ASSERT_EQ(NextTime(schedule, time + (next - time) / 2), next);
          time = next;
        }
      }
    }
  }
}

}  // namespace
}  // namespace roost::pipeline
