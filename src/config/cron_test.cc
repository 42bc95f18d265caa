#include "config/cron.h"

#include <gtest/gtest.h>

namespace roost::config {
namespace {

using Unit = ScheduleConfig::Unit;

TEST(Cron, SaysWhatAScheduleSays) {
  EXPECT_EQ(CronOf({.every = 1, .unit = Unit::kMinute}), "* * * * *");
  EXPECT_EQ(CronOf({.every = 15, .unit = Unit::kMinute}), "*/15 * * * *");
  EXPECT_EQ(CronOf({.every = 60, .unit = Unit::kMinute}), "0 * * * *");
  EXPECT_EQ(CronOf({.every = 1, .unit = Unit::kHour}), "0 * * * *");
  EXPECT_EQ(CronOf({.every = 6, .unit = Unit::kHour}), "0 */6 * * *");
  EXPECT_EQ(CronOf({.every = 24, .unit = Unit::kHour}), "0 0 * * *");
  EXPECT_EQ(CronOf({.every = 1, .unit = Unit::kDay, .minute = 210}), "30 3 * * *");
  EXPECT_EQ(CronOf({.every = 1, .unit = Unit::kWeek, .minute = 60, .day = 1}), "0 1 * * 1");
  EXPECT_EQ(CronOf({.every = 1, .unit = Unit::kWeek, .day = 7}), "0 0 * * 0");
  EXPECT_EQ(CronOf({.every = 1, .unit = Unit::kMonth, .minute = 1439, .day = 28}), "59 23 28 * *");
  EXPECT_EQ(CronOf({.every = 3, .unit = Unit::kMonth}), "0 0 1 */3 *");
  EXPECT_EQ(CronOf({.every = 12, .unit = Unit::kMonth}), "0 0 1 1 *");
}

TEST(Cron, HasNoWordForTheRest) {
  for (const ScheduleConfig& schedule :
       {ScheduleConfig{.every = 7, .unit = Unit::kMinute}, ScheduleConfig{.every = 90, .unit = Unit::kMinute},
        ScheduleConfig{.every = 5, .unit = Unit::kHour}, ScheduleConfig{.every = 48, .unit = Unit::kHour},
        ScheduleConfig{.every = 2, .unit = Unit::kDay}, ScheduleConfig{.every = 2, .unit = Unit::kWeek},
        ScheduleConfig{.every = 5, .unit = Unit::kMonth}, ScheduleConfig{.every = 24, .unit = Unit::kMonth},
        ScheduleConfig{.every = 1, .unit = Unit::kMonth, .day = 29}}) {
    EXPECT_EQ(CronOf(schedule), std::nullopt) << schedule.every << " of unit " << static_cast<int>(schedule.unit);
  }
}

}  // namespace
}  // namespace roost::config
