#pragma once

#include <string>

#include "transform/choose.h"
#include "transform/transform.h"

namespace roost::transform {

/// An entry of `features:` of roost.yaml: "{column: distance, use: bucketize, buckets: 20}". Keys stand in the order of
/// FeatureSpec; those that have their default are left out.
std::string ToYaml(const FeatureSpec& spec);

/// The block of roost.yaml for what was chosen: "features:", a line an entry with its reason as a comment, and the
/// columns that were left out as comments. Each line begins with `indent`; ends with a line feed.
std::string ToYaml(const FeatureChoice& choice, std::string_view indent);

}  // namespace roost::transform
