#include "config/written_keys.h"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "base/yaml.h"

namespace roost::config {
namespace {

void AddBelow(const YamlNode& node, const std::string& way, std::map<std::string, std::string>& keys) {
  if (node.IsMap()) {
    for (const YamlNode::Member& member : node.Members()) {
      AddBelow(member.value, way.empty() ? member.name : fmt::format("{}.{}", way, member.name), keys);
    }
    return;
  }
  if (node.IsList()) {
    const std::vector<YamlNode> elements = node.Elements();
    for (size_t i = 0; i < elements.size(); ++i) AddBelow(elements[i], fmt::format("{}[{}]", way, i), keys);
    return;
  }
  if (!node.IsScalar()) {
    keys[way] = "";
    return;
  }
  keys[way] = node.quoted() ? ToLine(Json(node.scalar())) : node.scalar();
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> WrittenKeys(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path));
  std::map<std::string, std::string> keys;
  if (root.IsMap()) AddBelow(root, "", keys);
  return keys;
}

}  // namespace roost::config
