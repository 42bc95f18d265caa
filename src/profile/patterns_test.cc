#include "profile/patterns.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace roost::profile {
namespace {

TEST(Patterns, LettersAndDigitsAreShownByTheirKind) {
  EXPECT_EQ(PatternOf("SF-2001"), "AA-9999");
  EXPECT_EQ(PatternOf("N123UA"), "A999AA");
  EXPECT_EQ(PatternOf("a1 B2"), "a9 A9");
  EXPECT_EQ(PatternOf("Zürich, Ελλάδα"), "Aa+, Aa+");
  EXPECT_EQ(PatternOf("東京"), "aa");
  EXPECT_EQ(PatternOf("€ 12,50"), "€ 99,99");
  EXPECT_EQ(PatternOf(""), "");
}

TEST(Patterns, MoreThanFourOfAKindAreARun) {
  EXPECT_EQ(PatternOf("1234"), "9999");
  EXPECT_EQ(PatternOf("12345"), "9+");
  EXPECT_EQ(PatternOf("123456789012"), "9+");
  EXPECT_EQ(PatternOf("----"), "----");
  EXPECT_EQ(PatternOf("-----x"), "-+a");
  EXPECT_EQ(PatternOf("----_----"), "----_----");
  EXPECT_EQ(PatternOf("ABCDEfghij"), "A+a+");
}

TEST(Patterns, WhatIsNotUtf8IsAReplacement) {
  EXPECT_EQ(PatternOf("a\xff\xfe"), "a\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_TRUE(IsUtf8(PatternOf(std::string(100, '\xc3'))));
}

TEST(Patterns, LongPatternsAreCutAtACharacter) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "€ ";
  const std::string pattern = PatternOf(text);
  EXPECT_TRUE(IsUtf8(pattern));
  EXPECT_LE(pattern.size(), kMaxPatternBytes + 3);
  EXPECT_TRUE(pattern.ends_with("..."));
  std::string fits;
  for (int i = 0; i < 32; ++i) fits += "a-";
  EXPECT_EQ(PatternOf(fits), fits);
  EXPECT_EQ(PatternOf(fits + "-"), fits.substr(0, 62) + "a-...");
}

TEST(Patterns, SharesAreOfTheWeightAndFall) {
  const std::vector<WeightedText> texts = {{"SFO", 30}, {"OAK", 50}, {"12", 10}, {"", 5}, {"99", 5}};
  const std::vector<PatternShare> patterns = PatternsOf(texts);
  ASSERT_EQ(patterns.size(), 3u);
  EXPECT_EQ(patterns[0].pattern, "AAA");
  EXPECT_EQ(patterns[0].share, 0.8);
  EXPECT_EQ(patterns[0].example, "OAK");
  EXPECT_EQ(patterns[1].pattern, "99");
  EXPECT_EQ(patterns[1].share, 0.15);
  EXPECT_EQ(patterns[1].example, "12");
  EXPECT_EQ(patterns[2].pattern, "");
}

TEST(Patterns, AtMostTenAreToldAndEqualSharesStandInOrder) {
  std::vector<WeightedText> texts;
  for (const char sign : {',', '+', '*', ')', '(', '\'', '&', '%', '$', '#', '"', '!'}) {
    texts.push_back({std::string(1, sign) + "x", 1});
  }
  texts.push_back({"many", 1});
  texts.push_back({"once", 1});
  const std::vector<PatternShare> patterns = PatternsOf(texts);
  ASSERT_EQ(patterns.size(), kMaxPatterns);
  EXPECT_EQ(patterns[0].pattern, "aaaa");
  EXPECT_EQ(patterns[0].share, 2.0 / 14);
  EXPECT_EQ(patterns[1].pattern, "!a");
  EXPECT_EQ(patterns[9].pattern, ")a");
}

TEST(Patterns, OfEqualWeightTheLesserTextIsTheExample) {
  for (const std::vector<WeightedText>& texts :
       {std::vector<WeightedText>{{"b", 1}, {"a", 1}}, std::vector<WeightedText>{{"a", 1}, {"b", 1}}}) {
    EXPECT_EQ(PatternsOf(texts)[0].example, "a");
  }
  EXPECT_TRUE(PatternsOf({}).empty());
}

}  // namespace
}  // namespace roost::profile
