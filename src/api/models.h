#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "predict/model.h"
#include "registry/registry.h"

namespace roost::api {

/// One version of a model with what its package says of itself.
struct ModelDescription {
  registry::ModelVersion version;
  std::string lineage;     ///< JSON: dataset, configuration, code (docs/formats/model.md); null where it has none
  std::string evaluation;  ///< JSON: as evaluate::ToJson; null where it has none
  std::string model;       ///< JSON: transform and predictor
  std::vector<registry::AliasMove> aliases;      ///< the last moves of those that point at it
  std::optional<registry::StateChange> retired;  ///< who retired it, and why; absent: it may serve
};

/// All versions of all models, or of the one named; by name, then by number.
absl::StatusOr<std::vector<ModelDescription>> ListModels(Project& project, const std::string& name);

/// "late-flights", "late-flights@2", "late-flights@latest".
absl::StatusOr<ModelDescription> ShowModel(Project& project, const std::string& reference);

struct LoadedModel {
  registry::ModelVersion version;
  predict::ScoringModel model;
};

/// What serves and scores. `reference` empty: the latest version of the project's model. FailedPrecondition where it is
/// not trusted (api/signing.h).
absl::StatusOr<LoadedModel> LoadModel(Project& project, const std::string& reference);

struct PredictRequest {
  std::string model;   ///< as LoadModel
  std::string source;  ///< a dataset version, or files
  int64_t limit = -1;  ///< rows at most; -1: all
};

/// The rows of `source` with a column more for each output of the model (ScoringModel::OutputNames); they are scored as
/// they are read, so what `project` and `context` refer to must outlive the reader. InvalidArgument where they have a
/// column of that name.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Predict(Project& project, const PredictRequest& request,
                                                                  const Context& context);

}  // namespace roost::api
