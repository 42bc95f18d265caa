#include "base/yaml_write.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <yaml-cpp/yaml.h>
#include <nlohmann/json.hpp>

namespace roost {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Whether every reader, of YAML 1.1 too, takes it for the text that it is.
bool IsPlain(std::string_view text) {
  constexpr std::array<std::string_view, 9> kReserved{"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  if (text.empty() || (!IsLetter(text[0]) && text[0] != '/')) return false;
  std::string lower(text);
  for (char& c : lower) {
    if (!IsLetter(c) && !(c >= '0' && c <= '9') && c != '/' && c != '.' && c != '_' && c != '-') return false;
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::find(kReserved.begin(), kReserved.end(), lower) == kReserved.end();
}

void EmitText(const std::string& text, YAML::Emitter& out) {
  if (!IsPlain(text)) out << YAML::DoubleQuoted;
  out << text;
}

void Emit(const Json& json, YAML::Emitter& out) {
  if (json.is_object()) {
    if (json.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key;
      EmitText(key, out);
      out << YAML::Value;
      Emit(value, out);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    const bool is_flat = std::none_of(json.begin(), json.end(), [](const Json& j) { return j.is_structured(); });
    if (is_flat) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const Json& element : json) Emit(element, out);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    EmitText(json.get_ref<const std::string&>(), out);
  } else if (json.is_null()) {
    out << YAML::Null;
  } else {
    out << ToLine(json);  // true, false and numbers are written as in JSON
  }
}

}  // namespace

std::string ToYaml(const Json& json) {
  YAML::Emitter out;
  Emit(json, out);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace roost
