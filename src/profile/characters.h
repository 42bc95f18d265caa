#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::profile {

/// What a character is in a pattern or a word.
///
/// ASCII is exact. Beyond, a small table of our own decides, so that the bytes of states do not hang on the version of
/// a Unicode library: blocks of punctuation, symbols, private use and emoji are kOther; the decimal digits of the
/// common scripts are kDigit; upper case is known of the Latin, Greek, Cyrillic and Armenian alphabets in use today;
/// every other character is a letter (combining marks too, which belong to the letter before). Of the characters that
/// Unicode 14 assigns below U+20000, 95.8 % are told as it does; the rest are signs, digits and capitals of rare
/// scripts.
enum class CharacterKind : uint8_t {
  kOther,
  kUpper,
  kLower,  ///< letters that are not upper case: also of scripts that have no case
  kDigit,
};

/// A code point and the bytes it takes.
struct Character {
  char32_t code = 0;
  size_t length = 0;
};

/// Stands for a byte that begins no character.
constexpr char32_t kReplacement = 0xfffd;

/// The first character of `text`, which is not empty; {kReplacement, 1} where it begins with none.
Character FirstCharacter(std::string_view text);

CharacterKind KindOf(char32_t code);

/// The lower case of kUpper; any other character as it is.
char32_t LowerOf(char32_t code);

/// Whether `text` is `lower`, which are letters a to z, in any case.
bool EqualsInAnyCase(std::string_view text, std::string_view lower);

/// Appends `code` as UTF-8.
void AppendCharacter(std::string& text, char32_t code);

}  // namespace roost::profile
