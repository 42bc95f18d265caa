#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/json.h"
#include "config/model.h"

namespace roost::api {

/// Somebody who calls a model, or may.
struct Consumer {
  std::string name;
  std::optional<config::ModelConsumer> declared;  ///< what roost.yaml says of it under model.consumers
  std::vector<std::string> roles;                 ///< of its active tokens and its certificate; empty: it cannot call
};

/// Who and what hangs on a model.
struct ModelUse {
  std::string model;
  std::vector<Consumer> consumers;  ///< by name: those that are declared, and those with a token or a certificate
  /// Versions of other models that were trained from this one's, or take their scores (api/lineage.h), by name and
  /// number.
  std::vector<std::string> dependents;
};

/// NotFound, with a hint, where there is no such model.
absl::StatusOr<ModelUse> UseOfModel(Project& project, const std::string& model, absl::Time now);

/// Whom and what a change of a version touches: the declared consumers of its model, and the
/// versions of other models that came of it.
struct Touched {
  std::vector<Consumer> consumers;
  std::vector<std::string> dependents;

  bool empty() const { return consumers.empty() && dependents.empty(); }
};

absl::StatusOr<Touched> TouchedBy(Project& project, const registry::ModelVersion& version);

Json ToJson(const Consumer& consumer);
Json ToJson(const Touched& touched);

}  // namespace roost::api
