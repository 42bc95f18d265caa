#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "transform/choose.h"

namespace roost::api {

struct ChooseFeaturesRequest {
  std::string reference;  ///< a dataset version; empty: the latest one of the project's dataset
  bool write = false;     ///< into roost.yaml, in place of `features: auto`
};

struct ChooseFeaturesResponse {
  std::string dataset;
  std::vector<transform::ChosenFeature> features;
  std::vector<transform::LeftOutColumn> left_out;
  std::string yaml;     ///< the block of roost.yaml
  std::string written;  ///< the file that was edited; empty: none
};

/// What `features: auto` chooses for the project's model, from the statistics of its training rows, each with its
/// reason. With `write`, roost.yaml gets the list in place of `auto`: InvalidArgument where it does not say `auto`.
absl::StatusOr<ChooseFeaturesResponse> ChooseModelFeatures(Project& project, const ChooseFeaturesRequest& request,
                                                           const Context& context);

}  // namespace roost::api
