#include "mlflow/registry_json.h"

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace roost::mlflow {
namespace {

Json TagsOf(const std::map<std::string, std::string>& tags) {
  Json json = Json::array();
  for (const auto& [key, value] : tags) json.push_back({{"key", key}, {"value", value}});
  return json;
}

// "tags.dataset" -> "dataset"; absent: the field is no tag.
std::optional<std::string> TagName(const std::string& field) {
  for (const std::string_view prefix : {"tags.", "tag."}) {
    if (field.starts_with(prefix)) return field.substr(prefix.size());
  }
  return std::nullopt;
}

std::optional<std::string> TagIn(const VersionView& version, const std::string& name) {
  // MLflow keeps prompts among its models, and its client asks for models by those that are none.
  if (name == "mlflow.prompt.is_prompt") return "false";
  const auto found = version.tags.find(name);
  return found == version.tags.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

const VersionView* ModelView::Latest() const {
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (!version->retired) return &*version;
  }
  return nullptr;
}

std::string SourceOf(const VersionView& version) {
  return fmt::format("mlflow-artifacts:/models/{}/{}", version.name, version.version);
}

Json ToJson(const VersionView& version) {
  std::map<std::string, std::string> tags = version.tags;
  if (version.retired) tags["retired"] = "true";
  return {{"name", version.name},
          {"version", fmt::to_string(version.version)},
          {"creation_timestamp", absl::ToUnixMillis(version.created)},
          {"last_updated_timestamp", absl::ToUnixMillis(version.created)},
          {"user_id", version.author},
          {"current_stage", "None"},
          {"description", ""},
          {"source", SourceOf(version)},
          {"run_id", ""},
          {"status", "READY"},
          {"tags", TagsOf(tags)},
          {"aliases", version.aliases}};
}

Json ToJson(const ModelView& model) {
  Json aliases = Json::array();
  for (const VersionView& version : model.versions) {
    for (const std::string& alias : version.aliases) {
      aliases.push_back({{"alias", alias}, {"version", fmt::to_string(version.version)}});
    }
  }
  Json latest = Json::array();
  if (const VersionView* version = model.Latest(); version != nullptr) latest.push_back(ToJson(*version));
  return {{"name", model.name},
          {"creation_timestamp", absl::ToUnixMillis(model.versions.front().created)},
          {"last_updated_timestamp", absl::ToUnixMillis(model.versions.back().created)},
          {"description", ""},
          {"latest_versions", std::move(latest)},
          {"tags", Json::array()},
          {"aliases", std::move(aliases)}};
}

std::optional<std::string> FieldOf(const VersionView& version, const std::string& field) {
  if (field == "name") return version.name;
  if (field == "version_number") return fmt::to_string(version.version);
  if (field == "run_id") return "";
  if (field == "source_path") return SourceOf(version);
  const std::optional<std::string> tag = TagName(field);
  return tag.has_value() ? TagIn(version, *tag) : std::nullopt;
}

std::optional<std::string> FieldOf(const ModelView& model, const std::string& field) {
  if (field == "name") return model.name;
  const std::optional<std::string> tag = TagName(field);
  return tag.has_value() && model.Latest() != nullptr ? TagIn(*model.Latest(), *tag) : std::nullopt;
}

}  // namespace roost::mlflow
