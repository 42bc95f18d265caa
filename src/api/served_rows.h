#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/models.h"
#include "api/profile_sources.h"
#include "api/project.h"
#include "base/context.h"
#include "config/evaluation.h"
#include "judge/serving_check.h"

namespace roost::api {

/// Rows that were served, where there are any.
struct ServedRows {
  std::optional<ProfileSources> sources;
  std::string absent;  ///< without them: why
};

/// What `served.source` names: a dataset version, else files, whose paths are relative to roost.yaml.
absl::StatusOr<ServedRows> FindServedRows(Project& project, const config::ServedConfig& served, const Context& context);

/// Holds the rows that were served against those that a version was trained with, column by column of the model: their
/// distributions by the limits of `skew` in the schema, else by those of text (L-infinity and Jensen-Shannon) and of
/// numbers (Jensen-Shannon) that stand in schema::DefaultDriftLimit; shares of missing values; and with `join` value by
/// value with the rows of the dataset version that it was trained on. A difference counts beyond chance only
/// (schema::FindDrift). Where `served` is none, or there are no such rows, the check says that nothing was compared.
absl::StatusOr<judge::ServingCheck> CheckServing(Project& project, const LoadedModel& loaded,
                                                 const std::optional<config::ServedConfig>& served,
                                                 const Context& context);

}  // namespace roost::api
