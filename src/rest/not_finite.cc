#include "rest/not_finite.h"

#include <array>
#include <cmath>

#include "rest/json_text.h"

namespace roost::rest {
namespace {

constexpr std::array<std::string_view, 3> kTokens{"NaN", "Infinity", "-Infinity"};

/// The position after the string that begins with the quote at `begin`.
size_t AfterString(std::string_view json, size_t begin) {
  for (size_t i = begin + 1; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      return i + 1;
    }
  }
  return json.size();
}

std::string_view TokenAt(std::string_view rest) {
  for (const std::string_view token : kTokens) {
    if (rest.substr(0, token.size()) == token) return token;
  }
  return {};
}

}  // namespace

std::optional<std::string> MarkNotFinite(std::string_view json) {
  std::string marked;
  bool any = false;
  for (size_t i = 0; i < json.size();) {
    const std::string_view token = json[i] == 'N' || json[i] == 'I' || json[i] == '-' ? TokenAt(json.substr(i)) : "";
    if (!token.empty()) {
      marked.append("{\"").append(token).append("\":0}");
      any = true;
      i += token.size();
      continue;
    }
    const size_t end = json[i] == '"' ? AfterString(json, i) : i + 1;
    marked.append(json.substr(i, end - i));
    i = end;
  }
  return any ? std::optional(std::move(marked)) : std::nullopt;
}

void AppendTfNumber(double value, std::string& json) {
  if (std::isfinite(value)) {
    const size_t begin = json.size();
    AppendJsonNumber(value, json);
    if (json.find_first_of(".e", begin) == std::string::npos) json.append(".0");
    return;
  }
  json.append(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

}  // namespace roost::rest
