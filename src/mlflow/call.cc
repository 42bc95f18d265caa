#include "mlflow/call.h"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::mlflow {
namespace {

absl::StatusOr<std::string> Decode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus_is_blank && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) {
      return absl::InvalidArgumentError("a '%' of the URL is not followed by two hexadecimal digits");
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

absl::Status ReadQuery(std::string_view query, Call& call) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::string_view name = pair.substr(0, pair.find('='));
    TRY_ASSIGN(const std::string key, Decode(name, true));
    TRY_ASSIGN(std::string value, Decode(pair.substr(std::min(name.size() + 1, pair.size())), true));
    call.lists[key].push_back(value);
    call.one[key] = std::move(value);
  }
  return absl::OkStatus();
}

std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : ToLine(value); }

absl::Status ReadBody(std::string_view body, Call& call) {
  if (body.empty()) return absl::OkStatus();
  TRY_ASSIGN(const Json json, ParseJson(body, "the request"));
  if (!json.is_object()) return absl::InvalidArgumentError("the request is not a JSON object");
  for (const auto& [name, value] : json.items()) {
    if (value.is_null()) continue;
    if (!value.is_array()) {
      call.one[name] = TextOf(value);
      continue;
    }
    for (const Json& element : value) call.lists[name].push_back(TextOf(element));
  }
  return absl::OkStatus();
}

}  // namespace

std::string Call::Text(const std::string& name) const {
  const auto found = one.find(name);
  return found == one.end() ? std::string() : found->second;
}

absl::StatusOr<std::string> Call::Required(const std::string& name) const {
  std::string text = Text(name);
  if (text.empty()) return absl::InvalidArgumentError(fmt::format("the parameter '{}' is missing", name));
  return text;
}

absl::StatusOr<int64_t> Call::Integer(const std::string& name, int64_t otherwise, int64_t least, int64_t most) const {
  const std::string text = Text(name);
  if (text.empty()) return otherwise;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return absl::InvalidArgumentError(
        fmt::format("the parameter '{}' is '{}', not a whole number from {} to {}", name, text, least, most));
  }
  return number;
}

absl::StatusOr<Call> ReadCall(std::string_view method, std::string_view path, std::string_view query,
                              std::string_view body) {
  Call call{.method = std::string(method)};
  TRY_ASSIGN(call.path, Decode(path, false));
  TRY(ReadQuery(query, call));
  TRY(ReadBody(body, call));
  return call;
}

}  // namespace roost::mlflow
