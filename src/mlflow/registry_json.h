#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/json.h"

namespace roost::mlflow {

/// A version of a model with what MLflow's clients may see of it.
struct VersionView {
  std::string name;
  int64_t version = 0;
  std::string author;
  absl::Time created;
  bool retired = false;
  std::vector<std::string> aliases;
  std::map<std::string, std::string> tags;
};

/// A model: its versions, by number; at least one.
struct ModelView {
  std::string name;
  std::vector<VersionView> versions;

  /// The newest that may serve; null: none may.
  const VersionView* Latest() const;
};

/// Where MLflow's clients find the files of a version: "mlflow-artifacts:/models/late-flights/2".
std::string SourceOf(const VersionView& version);

/// MLflow's ModelVersion and RegisteredModel. Stages, which MLflow gave up for aliases, are "None".
Json ToJson(const VersionView& version);
Json ToJson(const ModelView& model);

/// What a filter may ask for: name, version_number, run_id, source_path, tags.KEY (tag.KEY); of models name and
/// tags.KEY, which are those of the latest version.
std::optional<std::string> FieldOf(const VersionView& version, const std::string& field);
std::optional<std::string> FieldOf(const ModelView& model, const std::string& field);

}  // namespace roost::mlflow
