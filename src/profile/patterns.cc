#include "profile/patterns.h"

#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "base/utf8.h"
#include "profile/characters.h"

namespace roost::profile {
namespace {

constexpr size_t kLongestRun = 4;

char32_t SymbolOf(char32_t code) {
  switch (KindOf(code)) {
    case CharacterKind::kUpper: return 'A';
    case CharacterKind::kLower: return 'a';
    case CharacterKind::kDigit: return '9';
    case CharacterKind::kOther: return code;
  }
  return code;
}

void AppendRun(std::string& pattern, char32_t symbol, size_t length) {
  if (length > kLongestRun) {
    AppendCharacter(pattern, symbol);
    pattern += '+';
    return;
  }
  for (size_t i = 0; i < length; ++i) AppendCharacter(pattern, symbol);
}

}  // namespace

std::string PatternOf(std::string_view text) {
  std::string pattern;
  char32_t symbol = 0;
  size_t length = 0;
  while (!text.empty() && pattern.size() <= kMaxPatternBytes) {
    const Character character = FirstCharacter(text);
    text.remove_prefix(character.length);
    const char32_t next = SymbolOf(character.code);
    if (length > 0 && next != symbol) {
      AppendRun(pattern, symbol, length);
      length = 0;
    }
    symbol = next;
    ++length;
  }
  AppendRun(pattern, symbol, length);
  if (pattern.size() <= kMaxPatternBytes) return pattern;
  return std::string(CutUtf8(pattern, kMaxPatternBytes)) + "...";
}

std::vector<PatternShare> PatternsOf(std::span<const WeightedText> texts) {
  struct Found {
    double weight = 0;
    const WeightedText* example = nullptr;
  };
  absl::flat_hash_map<std::string, Found> found;
  double total = 0;
  for (const WeightedText& text : texts) {
    Found& pattern = found[PatternOf(text.value)];
    pattern.weight += text.weight;
    total += text.weight;
    const auto rank = [](const WeightedText& a) { return std::tuple(-a.weight, std::string_view(a.value)); };
    if (pattern.example == nullptr || rank(text) < rank(*pattern.example)) pattern.example = &text;
  }
  std::vector<PatternShare> patterns;
  for (const auto& [pattern, one] : found) {
    patterns.push_back({.pattern = pattern, .share = one.weight / total, .example = one.example->value});
  }
  std::sort(patterns.begin(), patterns.end(), [](const PatternShare& a, const PatternShare& b) {
    return a.share != b.share ? a.share > b.share : a.pattern < b.pattern;
  });
  if (patterns.size() > kMaxPatterns) patterns.resize(kMaxPatterns);
  return patterns;
}

}  // namespace roost::profile
