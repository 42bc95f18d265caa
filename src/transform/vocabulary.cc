#include "transform/vocabulary.h"

#include <utility>

#include "base/check.h"

namespace roost::transform {
namespace {

// How many bytes the well-formed character at the start of `text` takes; 0 where there is none.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&text](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto in = [&byte](size_t i, uint8_t low, uint8_t high) { return byte(i) >= low && byte(i) <= high; };
  const auto continues = [&in](size_t i) { return in(i, 0x80, 0xBF); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = in(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = in(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Vocabulary::Vocabulary(std::vector<std::string> words, int32_t unknown_buckets)
    : words_(std::move(words)), unknown_buckets_(unknown_buckets) {
  ROOST_CHECK(unknown_buckets_ >= 1, "got " << unknown_buckets_);
  slots_.reserve(words_.size());
  for (size_t i = 0; i < words_.size(); ++i) {
    const bool is_new = slots_.emplace(words_[i], static_cast<int32_t>(i)).second;
    ROOST_CHECK(is_new, "'" << words_[i] << "' comes twice");
  }
}

}  // namespace roost::transform
