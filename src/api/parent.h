#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/json.h"
#include "predict/model.h"
#include "registry/registry.h"
#include "store/store.h"

namespace roost::api {

/// A version with what its package says of its making.
struct ParentVersion {
  registry::ModelVersion version;
  Json lineage;
};

/// The model version that a training starts from.
struct ParentModel {
  registry::ModelVersion version;
  predict::ScoringModel model;
  Json lineage;
};

struct ParentRequest {
  std::string model;           ///< the model's name
  std::string reference;       ///< "late-flights@2", "late-flights@champion"; empty: the newest that suits
  std::string dataset_digest;  ///< what is trained on
  std::string config_digest;
};

/// The version named by `reference`; else the newest one that is not retired and was made from other data or another
/// configuration: to train the same again starts from the same parent, and so gives the same bytes. Nothing where there
/// is none.
absl::StatusOr<std::optional<ParentVersion>> FindParentVersion(Project& project, const ParentRequest& request);

/// The same with its model.
absl::StatusOr<std::optional<ParentModel>> FindParent(Project& project, const ParentRequest& request);

}  // namespace roost::api
