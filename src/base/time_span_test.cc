#include "base/time_span.h"

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(TimeSpan, IsReadWithDays) {
  EXPECT_EQ(*ParseTimeSpan("90s"), absl::Seconds(90));
  EXPECT_EQ(*ParseTimeSpan("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseTimeSpan("3d"), absl::Hours(72));
  EXPECT_EQ(*ParseTimeSpan("0.5d"), absl::Hours(12));
}

TEST(TimeSpan, RefusesWhatIsNone) {
  for (const char* text : {"", "d", "3", "-3d", "3 days", "tomorrow"}) EXPECT_FALSE(ParseTimeSpan(text).ok()) << text;
}

TEST(TimeSpan, IsWrittenInTheUnitThatSuits) {
  EXPECT_EQ(FormatTimeSpan(absl::Seconds(45)), "45 s");
  EXPECT_EQ(FormatTimeSpan(absl::Minutes(90)), "90 minutes");
  EXPECT_EQ(FormatTimeSpan(absl::Hours(30)), "30 hours");
  EXPECT_EQ(FormatTimeSpan(absl::Hours(300)), "12.5 days");
  EXPECT_EQ(FormatTimeSpan(24 * absl::Hours(9371)), "9,371 days");
}

}  // namespace
}  // namespace roost
