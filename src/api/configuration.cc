#include "api/configuration.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "config/project.h"
#include "config/resolved.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<Configuration> ReadText(const std::string& text, const std::string& name) {
  TRY(config::ParseProject(text, name).status());
  TRY_ASSIGN(DeclaredValues values, config::ResolveProject(text, name));
  return Configuration{.name = name, .values = std::move(values.values)};
}

absl::StatusOr<Configuration> ReadFile(const fs::path& path, const std::string& name) {
  TRY_ASSIGN(const std::string text, table::ReadTextFile(path.string()));
  return ReadText(text, name);
}

bool LooksLikeAFile(const std::string& reference) {
  return reference.find('/') != std::string::npos || reference.ends_with(".yaml") || reference.ends_with(".yml");
}

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(const std::string& folder, const std::string& reference) {
  if (reference == ".") {
    TRY_ASSIGN(const std::string root, FindProjectFolder(folder));
    return ReadFile(fs::path(root) / kConfigName, kConfigName);
  }
  std::error_code error;
  if (fs::is_directory(reference, error)) {
    const fs::path path = fs::path(reference) / kConfigName;
    return ReadFile(path, path.string());
  }
  if (fs::exists(reference, error) || LooksLikeAFile(reference)) return ReadFile(reference, reference);
  TRY_ASSIGN(Project project, Project::Open(folder));
  absl::StatusOr<registry::ModelVersion> version = project.registry().Resolve(reference);
  if (!version.ok()) {
    return WithHint(Annotate(version.status(), fmt::format("'{}' is no file and no model version", reference)),
                    "want a roost.yaml, a model version (late-flights@2, late-flights@champion), or . for the "
                    "project's own");
  }
  return ConfigurationOf(project, *version);
}

absl::StatusOr<Configuration> ConfigurationOf(Project& project, const registry::ModelVersion& version) {
  const std::string name = version.ToString();
  const absl::StatusOr<std::string> kept = project.registry().LoadPart(version, registry::kResolvedConfigPart);
  if (kept.ok()) {
    absl::StatusOr<Json> values = config::ReadResolved(*kept);
    if (!values.ok()) return Annotate(values.status(), name);
    return Configuration{.name = name, .values = *std::move(values)};
  }
  if (!absl::IsNotFound(kept.status())) return kept.status();
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, registry::kConfigPart);
  if (absl::IsNotFound(text.status())) {
    return absl::InvalidArgumentError(
        fmt::format("{} was trained elsewhere: by which configuration is not known", name));
  }
  TRY(text.status());
  TRY_ASSIGN(Configuration configuration, ReadText(*text, fmt::format("the roost.yaml of {}", name)));
  configuration.name = name;
  return configuration;
}

std::map<std::string, std::string> KeysOfModel(const Json& values, const std::string& model) {
  constexpr std::string_view kModels = "models.";
  const std::string prefix = fmt::format("{}{}.", kModels, model);
  std::map<std::string, std::string> keys;
  for (const auto& [key, value] : FlatValues(values)) {
    if (key.starts_with(prefix)) keys["model." + key.substr(prefix.size())] = value;
    if (!key.starts_with(kModels)) keys[key] = value;
  }
  return keys;
}

}  // namespace roost::api
