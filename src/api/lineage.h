#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/json.h"
#include "registry/registry.h"

namespace roost::api {

/// A version with what its package says of where it came from (docs/formats/model.md).
struct ModelOrigin {
  registry::ModelVersion version;
  Json lineage;  ///< an object; empty where the package has none

  /// "late-flights@1", which its training started from; "" where it started from nothing.
  std::string Parent() const;
};

absl::StatusOr<ModelOrigin> OriginOf(Project& project, const registry::ModelVersion& version);

/// Those of all versions, by name and number. Reads two objects a version.
absl::StatusOr<std::vector<ModelOrigin>> ModelOrigins(Project& project);

/// A version that takes the score of another model's version as a column (docs/several-models.md).
struct ScoreUse {
  registry::ModelVersion taker;
  std::string column;
  std::string score_of;  ///< "late-flights@2"
};

/// The scores that `origin` takes, by column.
std::vector<ScoreUse> ScoresIn(const ModelOrigin& origin);

/// A version that another one led to.
struct Descendant {
  ModelOrigin origin;
  int depth = 0;  ///< 1: trained from the version itself; 2: from one of those
  std::vector<std::string> aliases;
};

struct ModelLineage {
  ModelOrigin model;
  std::vector<std::string> aliases;
  std::vector<ModelOrigin> ancestors;   ///< the parent first; one that was deleted ends them, and is named by its child
  std::vector<ScoreUse> scores;         ///< that the version takes
  std::vector<ScoreUse> score_takers;   ///< versions that take its score
  Json environment;                     ///< of its training (api/environment.h); null where it is not known
  std::vector<int64_t> runs;            ///< of the pipeline that trained it, or took it as it was
  std::vector<Descendant> descendants;  ///< each after the one that it was trained from, by number
};

/// What a version came from and what came of it. `reference` as Registry::Resolve.
absl::StatusOr<ModelLineage> LineageOfModel(Project& project, const std::string& reference);

struct DatasetLineage {
  std::string dataset;              ///< "flights@3"
  std::vector<Descendant> trained;  ///< on it, with what was trained from them (on other versions of the data)
};

/// Versions of models that a schema, or a run, had to do with.
struct RelatedModels {
  std::string of;  ///< "the schema 7af3…", "run 3"
  std::vector<Descendant> models;
};

/// Which versions were trained while schema.yaml had the digest that begins with `digest` (6 digits or more).
/// InvalidArgument for what is no such beginning; NotFound where no version was.
absl::StatusOr<RelatedModels> LineageOfSchema(Project& project, const std::string& digest);

/// Which version a run of the pipeline trained, or took. NotFound, with a hint, where there is no such run.
absl::StatusOr<RelatedModels> LineageOfRun(Project& project, int64_t run);

/// Which versions of models came of a version of a dataset; also where rows were erased from it since.
absl::StatusOr<DatasetLineage> LineageOfDataset(Project& project, const std::string& reference);

}  // namespace roost::api
