#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/learned_until.h"
#include "api/measure.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"

namespace roost::api {

struct StalenessRequest {
  std::string model;      ///< its name
  std::string reference;  ///< a dataset version; empty: the latest one of the dataset that the newest was trained on
  int64_t versions = 20;  ///< the newest so many at most; 1 or more
};

/// What a version has lost by its age, on the newest rows.
struct AgedVersion {
  registry::ModelVersion version;
  LearnedUntil learned;
  absl::Duration age;           ///< by how much it has learned less far than the freshest version
  bool other_config = false;    ///< it was configured otherwise than the freshest one: age is not all that differs
  std::optional<double> value;  ///< of the metric
  evaluate::Estimate loss;      ///< by how much it is worse than the freshest version; its own is 0
  bool is_clear = false;        ///< the loss is above 0 beyond chance
};

struct VersionLeftOut {
  std::string version;
  std::string reason;
};

struct StalenessResponse {
  std::string dataset;
  std::string rows;  ///< which rows were measured
  int64_t num_rows = 0;
  const evaluate::NamedMetric* metric = nullptr;
  double confidence = 0.95;
  std::vector<AgedVersion> versions;  ///< the freshest first, by rising age
  std::vector<VersionLeftOut> left_out;
  /// The age from which on every version is clearly worse than the freshest; none where none is.
  std::optional<absl::Duration> clear_from;
};

Json ToJson(const StalenessResponse& response);

/// Measures the versions of a model, those that are not retired, on the newest rows that none of them was trained with,
/// beside the one that has learned the furthest: how much an older one loses. Versions that cannot be held against the
/// newest one (another split, another task, trained elsewhere) are left out with the reason.
/// NotFound where there is no such model; InvalidArgument where no version can be measured. Errors as Measure.
absl::StatusOr<StalenessResponse> MeasureStaleness(Project& project, const StalenessRequest& request,
                                                   const config::EvaluationConfig& evaluation, const Context& context);

}  // namespace roost::api
