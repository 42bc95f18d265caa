#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "api/training.h"
#include "base/context.h"
#include "base/json.h"
#include "config/model.h"
#include "predict/model.h"
#include "registry/registry.h"

namespace roost::api {

/// A linear model with the trainer's defaults, of features that are chosen from the statistics: what anybody gets of
/// the same rows without effort. A model of another kind that is no better has gained nothing for what it costs.
struct LinearBaseline {
  std::optional<predict::ScoringModel> model;
  std::string absent;  ///< without a model: why

  /// With FromJson: the same.
  Json ToJson() const;
  /// InvalidArgument where `json` is none.
  static absl::StatusOr<LinearBaseline> FromJson(const Json& json);
};

/// Trained on the training rows of `prepared` and on nothing else, from nothing: the same bits on any number of
/// threads. There is none for rankings, and where no feature can be made or the solver refuses the rows: `absent` says
/// why. Cancelled.
absl::StatusOr<LinearBaseline> TrainLinearBaseline(const config::ModelConfig& model, const PreparedTraining& prepared,
                                                   const Context& context);

/// What was kept of it with a version: nothing for linear models, which are what it is, and for versions that are older
/// than it or were made elsewhere. DataLoss where it cannot be read.
absl::StatusOr<std::optional<LinearBaseline>> LoadLinearBaseline(Project& project,
                                                                 const registry::ModelVersion& version);

}  // namespace roost::api
