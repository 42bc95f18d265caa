#include "schema/wording.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"

namespace roost::schema {

std::string ShareText(double share) { return FormatNumber(100 * share, 3) + " %"; }

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
      escaped += fmt::format("\\x{:02x}", code);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 40;
  size_t size = std::min(text.size(), kShown);
  // Not within a character of UTF-8.
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return fmt::format("'{}{}'", Escaped(text.substr(0, size)), size < text.size() ? "..." : "");
}

std::string SampleText(std::span<const profile::ValueCount> samples, size_t total) {
  constexpr size_t kShown = 5;
  std::string text;
  const size_t shown = std::min(samples.size(), kShown);
  for (size_t i = 0; i < shown; ++i) {
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", Quoted(samples[i].value), FormatCount(samples[i].count));
  }
  if (total > shown) text += fmt::format(" and {} more", FormatCount(static_cast<int64_t>(total - shown)));
  return text;
}

bool ReadsAs(Type type, std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  return type != Type::kInteger || (std::isfinite(value) && std::floor(value) == value);
}

bool Fits(Type wanted, Type seen) {
  return wanted == Type::kAny || seen == Type::kAny || wanted == seen ||
         (wanted == Type::kNumber && seen == Type::kInteger);
}

}  // namespace roost::schema
