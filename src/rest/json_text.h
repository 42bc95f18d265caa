#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace roost::rest {

/// Appends `text`, which is UTF-8, in quotes and escaped.
void AppendJsonString(std::string_view text, std::string& json);

/// Appends an integer, or a finite number in the shortest form that reads back to the same bits.
template <typename T>
  requires std::integral<T> || std::floating_point<T>
void AppendJsonNumber(T value, std::string& json) {
  char digits[32];
  json.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace roost::rest
