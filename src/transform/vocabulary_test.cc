#include "transform/vocabulary.h"

#include <chrono>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "transform/calendar.h"

namespace roost::transform {
namespace {

TEST(Vocabulary, KnownWordsHaveTheirPositionAndOthersTheBucketOfTheirHash) {
  const Vocabulary vocabulary({"SFO", "", "LAX"}, 5);
  EXPECT_EQ(vocabulary.num_slots(), 8);
  EXPECT_EQ(vocabulary.SlotOf("SFO"), 0);
  EXPECT_EQ(vocabulary.SlotOf(""), 1);
  EXPECT_EQ(vocabulary.SlotOf("LAX"), 2);
  for (const std::string_view word : {"sfo", "SFO ", "X", "\xff"}) {
    EXPECT_EQ(vocabulary.SlotOf(word), 3 + static_cast<int32_t>(Hash64(word) % 5)) << word;
  }
}

TEST(Vocabulary, ACopyStandsByItself) {
  auto first = std::make_unique<Vocabulary>(std::vector<std::string>{"a", "b"}, 1);
  const Vocabulary copy = *first;
  first.reset();
  EXPECT_EQ(copy.SlotOf("b"), 1);
  EXPECT_EQ(copy.SlotOf("c"), 2);
}

TEST(Utf8, OnlyWellFormedTextIsTaken) {
  for (const std::string_view good : {"", "SFO", "Z\xc3\xbcrich", "\xe2\x82\xac", "\xf0\x9f\x90\x93", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  EXPECT_TRUE(IsUtf8(std::string("a\0b", 3)));
  for (const std::string_view bad :
       {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xc3(", "\xf0\x9f\x90"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Calendar, HandMadeTimes) {
  constexpr int64_t kSecond = 1'000'000;
  EXPECT_EQ(HourOf(988'724'700 * kSecond), 13);  // 2001-05-01T13:45:00Z, a Tuesday
  EXPECT_EQ(WeekdayOf(988'724'700 * kSecond), 1);
  EXPECT_EQ(MonthOf(988'724'700 * kSecond), 4);
  EXPECT_EQ(HourOf(0), 0);
  EXPECT_EQ(WeekdayOf(0), 3);
  EXPECT_EQ(MonthOf(0), 0);
  EXPECT_EQ(HourOf(-1), 23);  // 1969-12-31T23:59:59.999999Z, a Wednesday
  EXPECT_EQ(WeekdayOf(-1), 2);
  EXPECT_EQ(MonthOf(-1), 11);
  EXPECT_EQ(MonthOf(951'782'400 * kSecond), 1);     // 2000-02-29
  EXPECT_EQ(MonthOf(951'868'800 * kSecond), 2);     // 2000-03-01
  EXPECT_EQ(MonthOf(-2'203'891'200 * kSecond), 2);  // 1900-03-01: 1900 had no 29 February
}

TEST(Calendar, AgreesWithTheStandardLibraryWhereItsYearsReach) {
  using std::chrono::days;
  using std::chrono::sys_days;
  for (int64_t day = -1'500'000; day <= 1'500'000; day += 7) {
    const sys_days date{days(day)};
    const int64_t micros = day * 86'400'000'000 + (day % 2 == 0 ? 0 : 86'399'999'999);
    EXPECT_EQ(MonthOf(micros), static_cast<int32_t>(unsigned{std::chrono::year_month_day(date).month()}) - 1) << day;
    EXPECT_EQ(WeekdayOf(micros), static_cast<int32_t>(std::chrono::weekday(date).iso_encoding()) - 1) << day;
  }
}

TEST(Calendar, EveryTimeHasAnHourAWeekdayAndAMonth) {
  std::mt19937_64 random(1);
  std::vector<int64_t> times = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  for (int i = 0; i < 10'000; ++i) times.push_back(static_cast<int64_t>(random()));
  for (const int64_t time : times) {
    EXPECT_TRUE(HourOf(time) >= 0 && HourOf(time) < 24) << time;
    EXPECT_TRUE(WeekdayOf(time) >= 0 && WeekdayOf(time) < 7) << time;
    EXPECT_TRUE(MonthOf(time) >= 0 && MonthOf(time) < 12) << time;
  }
}

}  // namespace
}  // namespace roost::transform
