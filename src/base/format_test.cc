#include "base/format.h"

#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(Format, CountsAndBytesReadWell) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.00 kB");
  EXPECT_EQ(FormatBytes(999'999), "1.00 MB");
  EXPECT_EQ(FormatBytes(13'493'022), "13.5 MB");
}

TEST(Format, DurationsChangeTheirUnit) {
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(35)), "35 ms");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(1234)), "1.2 s");
  EXPECT_EQ(FormatElapsed(absl::Seconds(125)), "2 min 05 s");
  EXPECT_EQ(FormatElapsed(absl::Seconds(7260)), "2 h 01 min");
}

TEST(Format, ExactNumbersReadBack) {
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1e300})
    EXPECT_EQ(std::strtod(FormatExact(value).c_str(), nullptr), value);
  EXPECT_EQ(FormatNumber(0.25), "0.25");
}

TEST(Format, TimesAreUtc) {
  EXPECT_EQ(FormatUtc(absl::FromUnixMicros(988'724'700'000'000)), "2001-05-01T13:45:00Z");
  EXPECT_EQ(FormatUtc(absl::FromUnixMicros(988'724'700'250'000)), "2001-05-01T13:45:00.25Z");
  EXPECT_EQ(FormatUtcSeconds(absl::FromUnixMicros(988'724'700'250'000)), "2001-05-01T13:45:00Z");
}

TEST(Format, RoughSharesAreNeverRoundedToNoneOrAll) {
  EXPECT_EQ(FormatRoughShare(0.0), "0 %");
  EXPECT_EQ(FormatRoughShare(1e-9), "≤0.01 %");
  EXPECT_EQ(FormatRoughShare(0.0002), "0.02 %");
  EXPECT_EQ(FormatRoughShare(0.05), "5.0 %");
  EXPECT_EQ(FormatRoughShare(0.37), "37 %");
  EXPECT_EQ(FormatRoughShare(0.995), "99.5 %");
  EXPECT_EQ(FormatRoughShare(0.99999), "≥99.9 %");
  EXPECT_EQ(FormatRoughShare(1.0), "100 %");
  EXPECT_EQ(FormatRoughShare(0, 0), "0 %");
  EXPECT_EQ(FormatRoughShare(1, 3), "33 %");
}

TEST(Format, SharesInSentencesHaveThreeDigits) {
  EXPECT_EQ(FormatShare(0.0241), "2.41 %");
  EXPECT_EQ(FormatShare(0.00025), "0.025 %");
  EXPECT_EQ(FormatShare(1), "100 %");
}

TEST(Format, LinesThatATerminalIsSentKeepTheirEnds) {
  EXPECT_EQ(PrintableLines("a\x1b[2J\nb\r\n\xc2\x9b"), "a\\x1b[2J\nb\\x0d\n\\xc2\\x9b");
  EXPECT_EQ(PrintableLines(PrintableLines("\x1b")), "\\x1b");
  EXPECT_EQ(PrintableLines("\n"), "\n");
  EXPECT_EQ(PrintableLines("a\xc2\n\xc2"), "a\\xc2\n\\xc2");
}

TEST(Format, WidthsAreThoseOfATerminal) {
  EXPECT_EQ(DisplayWidth("Zürich…"), 7u);
  EXPECT_EQ(WithoutControls("a\tb\nc\x7f\x1b[m"), "a b c  [m");
}

TEST(ClosestName, FindsTheMisspeltAndLeavesTheRest) {
  const std::vector<std::string> names{"origin", "destination", "distance", "delay"};
  EXPECT_EQ(ClosestName("orgin", names), "origin");
  EXPECT_EQ(ClosestName("distnce", names), "distance");
  EXPECT_EQ(ClosestName("weather", names), "");
}

}  // namespace
}  // namespace roost
