#include "profile/text_kinds.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/number_text.h"
#include "profile/characters.h"
#include "profile/time_formats.h"

namespace roost::profile {
namespace {

bool IsBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 10> kNames = {"true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [text](std::string_view name) { return EqualsInAnyCase(text, name); });
}

bool IsSpace(char32_t code) { return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0 || code == 0x3000; }

bool IsWords(std::string_view text) {
  constexpr int kCharacters = 100;
  constexpr int kLeastWords = 3;
  int words = 0;
  int total = 0;   // characters in them
  int length = 0;  // of the word that is being read
  bool has_letter = false;
  const auto end_word = [&] {
    words += has_letter ? 1 : 0;
    total += has_letter ? length : 0;
    length = 0;
    has_letter = false;
  };
  for (int i = 0; i < kCharacters && !text.empty(); ++i) {
    const Character character = FirstCharacter(text);
    text.remove_prefix(character.length);
    if (IsSpace(character.code)) {
      end_word();
      continue;
    }
    const CharacterKind kind = KindOf(character.code);
    length += kind == CharacterKind::kOther ? 0 : 1;
    has_letter = has_letter || kind == CharacterKind::kUpper || kind == CharacterKind::kLower;
  }
  end_word();
  return words >= kLeastWords && 2 * total >= 5 * words && total <= 8 * words;
}

}  // namespace

std::optional<TextKinds> KindsOf(std::span<const WeightedText> texts) {
  double total = 0;
  TextKinds kinds;
  std::map<uint64_t, double> time_weights;  // by the formats that a text fits; sums in one order
  for (const auto& [text, weight] : texts) {
    if (text.empty()) continue;
    total += weight;
    const bool is_integer = IntegerIn(text).has_value();
    const bool is_number = is_integer || IsNumber(text);
    if (is_integer) kinds.integer += weight;
    if (is_number) kinds.number += weight;
    if (IsBoolean(text)) kinds.boolean += weight;
    // Of numbers only whole ones can be times.
    const uint64_t formats = is_number && !is_integer ? 0 : TimeFormatsOf(text);
    if (formats != 0) {
      time_weights[formats] += weight;
    } else if (!is_number && IsWords(text)) {
      kinds.words += weight;
    }
  }
  if (total == 0) return std::nullopt;
  std::array<double, kTimeFormats> weights{};
  double times = 0;
  for (const auto& [formats, weight] : time_weights) {
    times += weight;
    for (size_t i = 0; i < kTimeFormats; ++i) weights[i] += (formats >> i & 1) != 0 ? weight : 0;
  }
  if (times > 0) {
    const auto best = std::max_element(weights.begin(), weights.end());
    kinds.time_format = TimeFormat(static_cast<size_t>(best - weights.begin()));
    kinds.time = *best / total;
    kinds.other_times = (times - *best) / total;
  }
  for (double* share : {&kinds.integer, &kinds.number, &kinds.boolean, &kinds.words}) *share /= total;
  return kinds;
}

}  // namespace roost::profile
