#include "profile/characters.h"

#include <string>

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace roost::profile {
namespace {

std::string KindsOfAll(std::string_view text) {
  std::string kinds;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    text.remove_prefix(character.length);
    kinds += ".Aa9"[static_cast<int>(KindOf(character.code))];
  }
  return kinds;
}

std::string Lower(std::string_view text) {
  std::string lower;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    text.remove_prefix(character.length);
    AppendCharacter(lower, LowerOf(character.code));
  }
  return lower;
}

TEST(Characters, EveryCodePointIsReadAsItWasWritten) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code == 0xd800) code = 0xe000;  // surrogates are no characters
    std::string text;
    AppendCharacter(text, code);
    ASSERT_TRUE(IsUtf8(text)) << static_cast<uint32_t>(code);
    const Character read = FirstCharacter(text + "x");
    ASSERT_EQ(read.code, code);
    ASSERT_EQ(read.length, text.size());
  }
}

TEST(Characters, ABrokenByteIsAReplacementByItself) {
  for (const std::string_view text : {"\xff", "\xc3", "\xed\xa0\x80", "\x80"}) {
    EXPECT_EQ(FirstCharacter(text).code, kReplacement);
    EXPECT_EQ(FirstCharacter(text).length, 1u);
  }
  EXPECT_EQ(KindOf(kReplacement), CharacterKind::kOther);
}

TEST(Characters, LettersDigitsAndSignsOfManyScripts) {
  EXPECT_EQ(KindsOfAll("Az09_ \t@[`{\x7f"), "Aa99........");
  EXPECT_EQ(KindsOfAll("ÄäßÉŁłŻŸ"), "AaaAAaAA");
  EXPECT_EQ(KindsOfAll("ΩωςΆЖжЁ"), "AaaAAaA");
  EXPECT_EQ(KindsOfAll("ƠơẾế"), "AaAa");
  EXPECT_EQ(KindsOfAll("漢字かな한글"), "aaaaaa");
  EXPECT_EQ(KindsOfAll("٣۴५๙３"), "99999");
  EXPECT_EQ(KindsOfAll("×÷§°«»–—…€™→□😀、。！"), std::string(17, '.'));
}

TEST(Characters, UpperCaseHasALowerCase) {
  EXPECT_EQ(Lower("AZ az 09 [`"), "az az 09 [`");
  EXPECT_EQ(Lower("ÀÖØÞ×÷ÿŸ"), "àöøþ×÷ÿÿ");
  EXPECT_EQ(Lower("ĀĶĹŇŊŶŹŽİ"), "āķĺňŋŷźži");
  EXPECT_EQ(Lower("ΆΈΌΏΑΡΣΫ"), "άέόώαρσϋ");
  EXPECT_EQ(Lower("ЀЏАЯѠҀҊӀӁӐԮ"), "ѐџаяѡҁҋӏӂӑԯ");
  EXPECT_EQ(Lower("ԱՖẀẞẠỾＡＺ"), "աֆẁßạỿａｚ");
}

TEST(Characters, LowerCaseIsFinal) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    const char32_t lower = LowerOf(code);
    ASSERT_EQ(LowerOf(lower), lower) << static_cast<uint32_t>(code);
    ASSERT_EQ(lower != code, KindOf(code) == CharacterKind::kUpper) << static_cast<uint32_t>(code);
    if (lower != code) {
      ASSERT_EQ(KindOf(lower), CharacterKind::kLower) << static_cast<uint32_t>(code);
    }
  }
}

TEST(Characters, NamesAreEqualInAnyCase) {
  EXPECT_TRUE(EqualsInAnyCase("True", "true"));
  EXPECT_TRUE(EqualsInAnyCase("", ""));
  EXPECT_FALSE(EqualsInAnyCase("tru", "true"));
  EXPECT_FALSE(EqualsInAnyCase("truE ", "true"));
  EXPECT_FALSE(EqualsInAnyCase("\x14rue", "true"));
}

}  // namespace
}  // namespace roost::profile
