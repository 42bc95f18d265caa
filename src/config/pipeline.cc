#include "config/pipeline.h"

#include <optional>

#include "base/declared_keys.h"
#include "base/status.h"
#include "base/yaml.h"

namespace roost::config {
namespace {

std::optional<YamlNode> Find(const YamlNode& map, std::string_view name) {
  if (!map.IsMap()) return std::nullopt;
  for (const YamlNode::Member& member : map.Members()) {
    if (member.name == name) return member.value;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<PipelineConfig> ParsePipeline(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path));
  PipelineConfig config;
  const std::optional<YamlNode> data = Find(root, "data");
  if (!data.has_value()) return config;
  if (const std::optional<YamlNode> source = Find(*data, "source")) {
    TRY_ASSIGN(config.source, ReadTexts(*source));
  }
  return config;
}

}  // namespace roost::config
