// What a person should look at in roost.yaml.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/configuration.h"
#include "api/schema.h"
#include "api/training.h"
#include "base/format.h"
#include "base/status.h"
#include "config/columns.h"
#include "config/resolved.h"
#include "config/training_order.h"
#include "config/unused.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

using Kind = ConfigFinding::Kind;

// "roost.yaml:7: unknown key 'lable'" in its parts; a message without a line is about a key that it begins with.
ConfigFinding ErrorOf(const absl::Status& status, const std::string& file, const DeclaredValues& values) {
  ConfigFinding finding{.kind = Kind::kError, .file = file, .message = std::string(status.message())};
  finding.hint = HintOf(status);
  std::string_view rest = finding.message;
  if (!rest.starts_with(file) || rest.size() <= file.size() || rest[file.size()] != ':') return finding;
  rest.remove_prefix(file.size() + 1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), finding.line);
  if (error == std::errc()) rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (finding.line == 0) finding.line = config::LineOf(values, std::string(rest.substr(0, rest.find(':'))));
  finding.message = std::string(rest);
  return finding;
}

// All that the declaration tells of the text, with what only the reader knows.
std::vector<ConfigFinding> ErrorsIn(const DeclaredValues& values, const absl::Status& read) {
  std::vector<ConfigFinding> errors;
  if (!read.ok()) errors.push_back(ErrorOf(read, kConfigName, values));
  for (const absl::Status& status : values.errors) {
    ConfigFinding error = ErrorOf(status, kConfigName, values);
    // The reader's own word of the same place is more to the point.
    if (!read.ok() && error.line == errors.front().line) continue;
    errors.push_back(std::move(error));
  }
  return errors;
}

void Sort(std::vector<ConfigFinding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const ConfigFinding& a, const ConfigFinding& b) {
    return std::pair(a.kind, a.line) < std::pair(b.kind, b.line);
  });
}

class Checker {
 public:
  Checker(Project& project, const DeclaredValues& values) : project_(project), values_(values) {}

  absl::StatusOr<ConfigCheck> Check() {
    CheckSchema();
    TRY(CheckColumns());
    TRY(CheckScores());
    TRY(CheckServedModels());
    CheckFiles();
    return std::move(check_);
  }

 private:
  void Add(Kind kind, const std::string& key, std::string message, std::string hint = "") {
    check_.findings.push_back({.kind = kind,
                               .line = config::LineOf(values_, key),
                               .key = key,
                               .message = std::move(message),
                               .hint = std::move(hint)});
  }

  void CheckSchema() {
    const std::string& dataset = project_.config().dataset;
    const absl::StatusOr<std::optional<schema::Schema>> schema = FindSchema(project_, dataset);
    const std::string file = std::filesystem::path(project_.SchemaPath(dataset)).filename().string();
    if (!schema.ok()) {
      check_.findings.push_back(ErrorOf(schema.status(), file, {}));
    } else if (!schema->has_value() && config::FindValue(values_.values, "data.gate") != nullptr &&
               config::LineOf(values_, "data.gate") != config::LineOf(values_, "data")) {
      Add(Kind::kUnused, "data.gate", fmt::format("{} has no schema that rows could break", dataset));
    }
  }

  absl::Status CheckColumns() {
    if (project_.config().models.empty()) return absl::OkStatus();
    const absl::StatusOr<store::CommitInfo> version = ResolveDataset(project_, "");
    if (absl::IsNotFound(version.status())) {
      check_.unchecked.push_back(fmt::format("columns: the dataset {} has no version yet", project_.config().dataset));
      return absl::OkStatus();
    }
    TRY(version.status());
    std::vector<std::string> names;
    for (const store::ColumnInfo& column : version->columns) names.push_back(column.name);
    const Json* times = config::FindValue(values_.values, "watch.window.column");
    if (times != nullptr) AddMissingColumn("watch.window.column", times->get<std::string>(), version->Name(), names);
    for (const config::ModelConfig& model : project_.config().models) {
      const bool is_named = project_.config().has_models_by_name;
      AddMissingColumns(model, is_named ? fmt::format("models.{}", model.name) : "model", version->Name(), names);
    }
    return absl::OkStatus();
  }

  void AddMissingColumn(const std::string& key, const std::string& column, const std::string& dataset,
                        const std::vector<std::string>& names) {
    if (std::find(names.begin(), names.end(), column) != names.end()) return;
    const std::string_view closest = ClosestName(column, names);
    Add(Kind::kError, key, fmt::format("{} has no column '{}'", dataset, column),
        closest.empty() ? "" : fmt::format("did you mean '{}'?", closest));
  }

  void AddMissingColumns(const config::ModelConfig& model, const std::string& above, const std::string& dataset,
                         const std::vector<std::string>& names) {
    std::set<std::pair<std::string, std::string>> told;
    for (const config::NamedColumn& named : config::ColumnsNamed(model)) {
      if (!told.insert({named.key, named.column}).second) continue;
      AddMissingColumn(fmt::format("{}.{}", above, named.key), named.column, dataset, names);
    }
  }

  // A model of roost.yaml that has no version yet is trained before those that take its score.
  absl::Status CheckScores() {
    for (const config::ModelConfig& model : project_.config().models) {
      const std::string above = project_.config().has_models_by_name ? "models." + model.name : "model";
      for (const auto& [column, reference] : model.scores) {
        const std::string below(config::ModelNameIn(reference));
        const std::string key = fmt::format("{}.scores.{}", above, column);
        TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project_.registry().List(below));
        if (!versions.empty()) {
          const absl::Status found = project_.registry().Resolve(reference).status();
          if (!found.ok() && reference != below) Add(Kind::kError, key, std::string(found.message()), HintOf(found));
        } else if (!IsDeclared(below)) {
          Add(Kind::kError, key, fmt::format("there is no model '{}'", below));
        }
      }
    }
    return absl::OkStatus();
  }

  bool IsDeclared(const std::string& name) const {
    const std::vector<config::ModelConfig>& models = project_.config().models;
    return std::any_of(models.begin(), models.end(), [&name](const auto& model) { return model.name == name; });
  }

  void CheckFiles() {
    const config::SigningConfig& signing = project_.config().signing;
    CheckFile(Kind::kError, "signing.key", signing.key);
    for (const std::string& key : signing.public_keys) CheckFile(Kind::kError, "signing.public_keys", key);
    for (size_t i = 0; i < project_.config().hooks.size(); ++i) {
      const config::HookConfig& hook = project_.config().hooks[i];
      CheckFile(Kind::kWarning, fmt::format("hooks[{}].secret", i), hook.secret);
      CheckFile(Kind::kWarning, fmt::format("hooks[{}].ca", i), hook.ca);
      // A program without a folder is looked for in PATH, when it is run.
      const bool has_folder = !hook.run.empty() && hook.run.front().find('/') != std::string::npos;
      if (has_folder) CheckFile(Kind::kWarning, fmt::format("hooks[{}].run", i), hook.run.front());
    }
  }

  void CheckFile(Kind kind, const std::string& key, const std::string& file) {
    std::error_code error;
    if (file.empty() || std::filesystem::exists(std::filesystem::path(project_.folder()) / file, error)) return;
    Add(kind, key, fmt::format("there is no file '{}'", file));
  }

  absl::Status CheckServedModels() {
    for (const auto& [name, served] : project_.config().serve.models) {
      const std::string key = fmt::format("serve.models.{}", name);
      TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project_.registry().List(name));
      if (versions.empty()) {
        Add(Kind::kWarning, key, fmt::format("there is no model '{}'", name));
        continue;
      }
      for (const int64_t number : served.versions.versions) {
        const bool is_there = std::any_of(versions.begin(), versions.end(),
                                          [number](const auto& version) { return version.version == number; });
        if (!is_there) Add(Kind::kWarning, key + ".versions", fmt::format("there is no {}@{}", name, number));
      }
      for (const std::string& alias : served.versions.aliases) {
        TRY_ASSIGN(const std::optional<int64_t> target, project_.registry().aliases().Target(name, alias));
        if (!target.has_value()) Add(Kind::kWarning, key + ".versions", fmt::format("there is no {}@{}", name, alias));
      }
    }
    return absl::OkStatus();
  }

  Project& project_;
  const DeclaredValues& values_;
  ConfigCheck check_;
};

}  // namespace

std::string_view KindName(ConfigFinding::Kind kind) {
  switch (kind) {
    case Kind::kError: return "error";
    case Kind::kWarning: return "warning";
    case Kind::kUnused: return "unused";
    case Kind::kDefault: break;
  }
  return "default";
}

int64_t ConfigCheck::Count(ConfigFinding::Kind kind) const {
  return std::count_if(findings.begin(), findings.end(),
                       [kind](const ConfigFinding& finding) { return finding.kind == kind; });
}

absl::StatusOr<ConfigCheck> CheckConfig(const std::string& folder) {
  TRY_ASSIGN(const std::string root, FindProjectFolder(folder));
  TRY_ASSIGN(const std::string text, table::ReadTextFile((std::filesystem::path(root) / kConfigName).string()));
  ConfigCheck check;
  const absl::StatusOr<DeclaredValues> values = config::ResolveProject(text, kConfigName);
  if (!values.ok()) {
    check.findings.push_back(ErrorOf(values.status(), kConfigName, {}));
    return check;
  }
  check.keys = static_cast<int64_t>(values->written.size());
  const absl::StatusOr<config::ProjectConfig> config = config::ParseProject(text, kConfigName);
  check.findings = ErrorsIn(*values, config.status());
  if (!config.ok()) {
    check.unchecked.emplace_back("what has no effect, and what the workspace knows: mend the errors first");
    Sort(check.findings);
    return check;
  }
  absl::StatusOr<Project> project = Project::Open(root);
  if (project.ok()) {
    TRY_ASSIGN(ConfigCheck found, Checker(*project, *values).Check());
    std::move(found.findings.begin(), found.findings.end(), std::back_inserter(check.findings));
    check.unchecked = std::move(found.unchecked);
  } else {
    check.unchecked.push_back(fmt::format("what the workspace knows: {}", std::string(project.status().message())));
  }
  for (config::UnusedKey& unused : config::FindUnused(*values, *config)) {
    check.findings.push_back({.kind = unused.is_default ? Kind::kDefault : Kind::kUnused,
                              .line = unused.line,
                              .key = std::move(unused.key),
                              .message = std::move(unused.reason)});
  }
  Sort(check.findings);
  return check;
}

}  // namespace roost::api
