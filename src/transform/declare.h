#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "transform/fitted.h"

namespace roost::transform {

/// The columns as people read them: "origin, destination".
std::string LabelOf(const FeatureSpec& spec);

/// The feature with what is declared of it, nothing being learned. InvalidArgument for a parameter out of range, or one
/// that the operation has no use for.
absl::StatusOr<FittedFeature> Declare(const FeatureSpec& spec);

}  // namespace roost::transform
