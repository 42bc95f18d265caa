#include "base/number_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(NumberText, OneSignOrNoneAndNothingElse) {
  EXPECT_EQ(NumberIn("-2"), -2);
  EXPECT_EQ(NumberIn("+1.5"), 1.5);
  EXPECT_EQ(NumberIn("1e3"), 1000);
  EXPECT_TRUE(IsNumber("inf"));
  EXPECT_TRUE(IsNumber("nan"));
  for (const char* text : {"", " ", "x", "1x", " 1", "1 ", "1,5", "+-5", "-+5", "--5", "+", "-", ".", "0x1f"}) {
    EXPECT_FALSE(IsNumber(text)) << text;
    EXPECT_FALSE(NumberIn(text).has_value()) << text;
    EXPECT_FALSE(WholeNumberIn(text).has_value()) << text;
  }
}

TEST(NumberText, WhatADoubleDoesNotHoldIsANumberWithoutAValue) {
  for (const char* text : {"1e999", "-1e999", "1e-999"}) {
    EXPECT_TRUE(IsNumber(text)) << text;
    EXPECT_FALSE(NumberIn(text).has_value()) << text;
  }
}

TEST(NumberText, IntegersAreDigitsOf64Bits) {
  EXPECT_EQ(IntegerIn("0042"), 42);
  EXPECT_EQ(IntegerIn("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(IntegerIn("+9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(IntegerIn("9223372036854775808").has_value());
  EXPECT_FALSE(IntegerIn("7.0").has_value());
}

TEST(NumberText, WholeNumbersInAnyNotationKeepTheirValue) {
  EXPECT_EQ(WholeNumberIn("7.0"), 7);
  EXPECT_EQ(WholeNumberIn("+1e1"), 10);
  EXPECT_EQ(WholeNumberIn("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(WholeNumberIn("9007199254740991.0"), 9'007'199'254'740'991);
  for (const char* text : {"7.5", "9007199254740993.0", "9223372036854775808", "1e30", "inf", "nan"}) {
    EXPECT_FALSE(WholeNumberIn(text).has_value()) << text;
  }
}

TEST(NumberText, SpacesAreTakenOffBothEnds) {
  EXPECT_EQ(WithoutSpaces("  1 2 "), "1 2");
  EXPECT_EQ(WithoutSpaces("   "), "");
}

}  // namespace
}  // namespace roost
