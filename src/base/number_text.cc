#include "base/number_text.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace roost {
namespace {

// Whether all of `text` is a number, and whether its type holds it.
template <typename Number>
struct Parsed {
  bool is_number = false;
  bool is_held = false;
  Number value = 0;
};

template <typename Number>
Parsed<Number> Parse(std::string_view text) {
  // std::from_chars knows no plus, and must not be given the sign behind one.
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Parsed<Number> parsed;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed.value);
  parsed.is_number = error != std::errc::invalid_argument && end == text.data() + text.size();
  parsed.is_held = parsed.is_number && error == std::errc();
  return parsed;
}

template <typename Number>
std::optional<Number> Held(std::string_view text) {
  const Parsed<Number> parsed = Parse<Number>(text);
  return parsed.is_held ? std::optional(parsed.value) : std::nullopt;
}

}  // namespace

bool IsNumber(std::string_view text) { return Parse<double>(text).is_number; }

std::optional<double> NumberIn(std::string_view text) { return Held<double>(text); }

std::optional<int64_t> IntegerIn(std::string_view text) { return Held<int64_t>(text); }

std::optional<int64_t> WholeNumberIn(std::string_view text) {
  constexpr double kExact = 9'007'199'254'740'992;  // 2^53
  if (const std::optional<int64_t> integer = IntegerIn(text)) return integer;
  const std::optional<double> number = NumberIn(text);
  if (!number.has_value() || !(std::abs(*number) < kExact) || std::floor(*number) != *number) return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::string_view WithoutSpaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace roost
