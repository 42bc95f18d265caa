#include "config/resolved.h"

#include <map>

#include "base/status.h"
#include "base/yaml.h"
#include "config/project.h"

namespace roost::config {
namespace {

constexpr int64_t kFormatVersion = 1;

}  // namespace

absl::StatusOr<DeclaredValues> ResolveProject(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path));
  return ResolveValues(*DeclareProject().keys(), root);
}

std::string WriteResolved(const Json& values) {
  return ToText(Json{{"version", kFormatVersion}, {"configuration", values}});
}

absl::StatusOr<Json> ReadResolved(std::string_view text) {
  const absl::Status damaged = absl::DataLossError("what is kept of a configuration cannot be read");
  const absl::StatusOr<Json> json = ParseJson(text, "config.json");
  if (!json.ok() || !json->is_object()) return damaged;
  const Json version = json->value("version", Json());
  Json values = json->value("configuration", Json());
  if (!version.is_number_integer() || !values.is_object()) return damaged;
  if (version.get<int64_t>() > kFormatVersion) {
    return WithHint(absl::DataLossError("what is kept of the configuration was written by a newer Roost"),
                    "use the Roost that trained the version, or a newer one");
  }
  return values;
}

std::vector<ConfigDifference> CompareResolved(const Json& before, const Json& after) {
  const std::map<std::string, std::string> first = FlatValues(before);
  const std::map<std::string, std::string> second = FlatValues(after);
  std::map<std::string, std::string> all = first;
  all.insert(second.begin(), second.end());
  std::vector<ConfigDifference> differences;
  for (const auto& [key, ignored] : all) {
    const auto was = first.find(key);
    const auto is = second.find(key);
    ConfigDifference difference{.key = key};
    if (was != first.end()) difference.before = was->second;
    if (is != second.end()) difference.after = is->second;
    if (difference.before != difference.after) differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace roost::config
