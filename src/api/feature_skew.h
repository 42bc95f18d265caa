#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/profile_sources.h"
#include "base/context.h"
#include "schema/feature_skew.h"

namespace roost::api {

/// Compares the rows of `training` with those of `serving` that have the same values in the keys
/// (schema::FeatureSkewFinder). Both sides are read once, serving first; of a CSV column whose later values are of
/// another type than the first ones from the beginning again. Errors of reading, and InvalidArgument as
/// FeatureSkewFinder::Make.
absl::StatusOr<schema::FeatureSkew> FindFeatureSkew(const ProfileSources& training, const ProfileSources& serving,
                                                    const schema::FeatureSkewOptions& options, const Context& context);

}  // namespace roost::api
