#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "expr/functions.h"

// What the functions of texts do with one value: Evaluate and EvaluateRow share it, so they give the same bits. Private
// to this folder.
namespace roost::expr {

inline bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Characters of UTF-8: bytes that continue none.
inline int64_t Length(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !ContinuesCharacter(c); });
}

// The byte at which character `index` (from 0) begins, or the end.
inline size_t ByteOf(std::string_view text, int64_t index) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!ContinuesCharacter(text[i]) && index-- == 0) return i;
  }
  return text.size();
}

inline std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

inline bool IsWhole(double number) { return std::trunc(number) == number && std::abs(number) < 1e15; }

inline std::optional<std::string_view> Substring(std::string_view text, double first, std::optional<double> count) {
  const double most = count.value_or(0);
  if (!IsWhole(first) || first == 0 || !IsWhole(most) || most < 0) return std::nullopt;
  auto begin = static_cast<int64_t>(first);
  begin = begin > 0 ? begin - 1 : std::max<int64_t>(Length(text) + begin, 0);
  text.remove_prefix(ByteOf(text, begin));
  return count.has_value() ? text.substr(0, ByteOf(text, static_cast<int64_t>(most))) : text;
}

// What number() reads: the numbers of the language with a sign, nothing around them.
inline std::optional<double> NumberOf(std::string_view text) {
  const bool has_sign = text.starts_with('+') || text.starts_with('-');
  const std::string_view digits = has_sign ? text.substr(1) : text;
  if (digits.empty() || (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9'))) return std::nullopt;
  double number = 0;
  const char* const text_end = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), text_end, number);
  if (error != std::errc() || end != text_end) return std::nullopt;
  return text[0] == '-' ? -number : number;
}

/// ASCII's letters in small or capital; other bytes stay as they are.
inline void AppendLower(std::string_view text, std::string& bytes) {
  const size_t begin = bytes.size();
  bytes.append(text);
  for (size_t i = begin; i < bytes.size(); ++i) {
    if (bytes[i] >= 'A' && bytes[i] <= 'Z') bytes[i] += 'a' - 'A';
  }
}
inline void AppendUpper(std::string_view text, std::string& bytes) {
  const size_t begin = bytes.size();
  bytes.append(text);
  for (size_t i = begin; i < bytes.size(); ++i) {
    if (bytes[i] >= 'a' && bytes[i] <= 'z') bytes[i] -= 'a' - 'A';
  }
}

// A text that replace() makes longer than it was may have this many bytes: replacements inside one another grow like
// powers. Evaluate takes fewer rows at a time for it.
inline constexpr size_t kMaxReplaced = 1 << 20;

// False, with nothing written, where the text would become too long.
inline bool AppendReplaced(std::string_view text, std::string_view from, std::string_view to, std::string& bytes) {
  const auto next = [&](size_t at) { return from.empty() ? std::string_view::npos : text.find(from, at); };
  size_t pieces = 0;
  for (size_t at = next(0); at != std::string_view::npos; at = next(at + from.size())) ++pieces;
  const size_t kept = text.size() - pieces * from.size();
  const size_t most = std::max(kMaxReplaced, text.size());
  if (pieces > 0 && to.size() > (most - kept) / pieces) return false;
  size_t begin = 0;
  for (size_t at = next(0); at != std::string_view::npos; at = next(begin)) {
    bytes.append(text.substr(begin, at - begin)).append(to);
    begin = at + from.size();
  }
  bytes.append(text.substr(begin));
  return true;
}

/// visit(f), f being what `function` asks of two texts: contains, starts_with and ends_with.
template <typename Visit>
auto VisitTextTest(Function function, const Visit& visit) {
  switch (function) {
    case Function::kContains:
      return visit([](std::string_view x, std::string_view y) { return x.find(y) != std::string_view::npos; });
    case Function::kStartsWith: return visit([](std::string_view x, std::string_view y) { return x.starts_with(y); });
    case Function::kEndsWith: return visit([](std::string_view x, std::string_view y) { return x.ends_with(y); });
    default: break;
  }
  ROOST_CHECK(false, "no function of a text");
}

}  // namespace roost::expr
