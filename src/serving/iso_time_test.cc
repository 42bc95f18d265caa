#include "serving/iso_time.h"

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/format.h"

namespace roost::serving {
namespace {

constexpr int64_t kMay = 988'724'700;  // 2001-05-01T13:45:00Z

TEST(IsoTime, ReadsTheUsualForms) {
  EXPECT_EQ(ParseIsoTime("2001-05-01T13:45:00Z"), kMay * 1'000'000);
  EXPECT_EQ(ParseIsoTime("2001-05-01 13:45"), kMay * 1'000'000);
  EXPECT_EQ(ParseIsoTime("2001-05-01t13:45:00.25"), kMay * 1'000'000 + 250'000);
  EXPECT_EQ(ParseIsoTime("2001-05-01T13:45:00.123456789z"), kMay * 1'000'000 + 123'456);
  EXPECT_EQ(ParseIsoTime("2001-05-01T15:45:00+02:00"), kMay * 1'000'000);
  EXPECT_EQ(ParseIsoTime("2001-05-01T08:15:00-0530"), kMay * 1'000'000);
  EXPECT_EQ(ParseIsoTime("1970-01-01"), 0);
  EXPECT_EQ(ParseIsoTime("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_TRUE(ParseIsoTime("2000-02-29").has_value());
}

TEST(IsoTime, RefusesEverythingElse) {
  for (const char* text :
       {"", "2001", "2001-5-1", "2001-13-01", "2001-00-01", "2001-02-29", "2001-05-01T", "2001-05-01T24:00",
        "2001-05-01T13:60", "2001-05-01T13:45:60", "2001-05-01T13:45:00.", "2001-05-01T13:45:00.1234567890",
        "2001-05-01T13:45:00ZZ", "2001-05-01T13:45:00+2", "2001-05-01Z", " 2001-05-01", "2001-05-01 ", "1/5/2001"}) {
    EXPECT_FALSE(ParseIsoTime(text).has_value()) << text;
  }
}

TEST(IsoTime, ReadsBackWhatIsFormatted) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 10'000; ++round) {
    const int64_t micros = static_cast<int64_t>(random() % 200'000'000'000'000'000) - 30'000'000'000'000'000;
    const std::string text = FormatUtc(absl::FromUnixMicros(micros));
    ASSERT_EQ(ParseIsoTime(text), micros) << text;
  }
}

}  // namespace
}  // namespace roost::serving
