#include "transform/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::transform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> WordsOf(std::string_view text, bool lower = true) {
  Words words;
  words.Take("what was there before", lower);
  words.Take(text, lower);
  std::vector<std::string> all;
  for (size_t i = 0; i < words.size(); ++i) all.emplace_back(words.Run(i, 1));
  return all;
}

TEST(Words, AreRunsOfLettersAndDigits) {
  EXPECT_THAT(WordsOf("Hello, world 42x -- a_b"), ElementsAre("hello", "world", "42x", "a", "b"));
  EXPECT_THAT(WordsOf("Hello", false), ElementsAre("Hello"));
  EXPECT_THAT(WordsOf(""), IsEmpty());
  EXPECT_THAT(WordsOf(" .,;\t\n"), IsEmpty());
}

TEST(Words, OfOtherScripts) {
  EXPECT_THAT(WordsOf("Z\u00dcRICH\u2014\u041c\u043e\u0441\u043a\u0432\u0430 \u6771\u4eac\u3001\u0663"),
              ElementsAre("z\u00fcrich", "\u043c\u043e\u0441\u043a\u0432\u0430", "\u6771\u4eac", "\u0663"));
  // A mark belongs to the letter before it, and begins no word.
  EXPECT_THAT(WordsOf("e\u0301a \u0301"), ElementsAre("e\u0301a"));
}

TEST(Words, WhatIsNotUtf8PartsThem) {
  EXPECT_THAT(WordsOf("ab\xff"
                      "cd\xc3"),
              ElementsAre("ab", "cd"));
  EXPECT_THAT(WordsOf("\xed\xa0\x80x"), ElementsAre("x"));
}

TEST(Words, RunsHaveOneSpaceBetween) {
  Words words;
  words.Take("one, two --three", true);
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(words.Run(0, 2), "one two");
  EXPECT_EQ(words.Run(1, 2), "two three");
  EXPECT_EQ(words.Run(0, 3), "one two three");
}

}  // namespace
}  // namespace roost::transform
