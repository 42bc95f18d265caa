#include "transform/tokenizer.h"

#include <cstdint>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/utf8.h"

namespace roost::transform {
namespace {

constexpr uint32_t kStarts = U_GC_L_MASK | U_GC_ND_MASK;
constexpr uint32_t kContinues = kStarts | U_GC_M_MASK;

// The character of `text`, which is not empty, and the bytes that it takes. A byte that begins none is a space.
struct Character {
  UChar32 code = ' ';
  size_t length = 1;
};

Character FirstCharacter(std::string_view text) {
  const auto first = static_cast<uint8_t>(text.front());
  if (first < 0x80) return {first, 1};
  const size_t length = CharacterLength(text);
  if (length == 0) return {};
  UChar32 code = 0;
  size_t position = 0;
  U8_NEXT_UNSAFE(reinterpret_cast<const uint8_t*>(text.data()), position, code);
  return {code, length};
}

bool IsOf(UChar32 code, uint32_t categories) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9');
  return (U_GET_GC_MASK(code) & categories) != 0;
}

UChar32 LowerOf(UChar32 code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code;
  return u_tolower(code);
}

void Append(std::string& bytes, UChar32 code) {
  if (code < 0x80) {
    bytes.push_back(static_cast<char>(code));
    return;
  }
  uint8_t encoded[4];
  size_t length = 0;
  U8_APPEND_UNSAFE(encoded, length, code);
  bytes.append(reinterpret_cast<const char*>(encoded), length);
}

}  // namespace

void Words::Take(std::string_view text, bool lower) {
  bytes_.clear();
  begins_.clear();
  bool in_word = false;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    text.remove_prefix(character.length);
    if (!IsOf(character.code, in_word ? kContinues : kStarts)) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      if (!begins_.empty()) bytes_.push_back(' ');
      begins_.push_back(bytes_.size());
      in_word = true;
    }
    Append(bytes_, lower ? LowerOf(character.code) : character.code);
  }
}

}  // namespace roost::transform
