#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/registry.h"

namespace roost::api {

/// Up to when a version knows the world.
struct LearnedUntil {
  absl::Time time;
  std::string source;  ///< what says so: "the last of its training rows", "flights@3"
};

/// Of a version whose rows were parted by time, the time of its last training row (where the dataset version is gone,
/// that from which on rows were kept back); of others, when the dataset version was made. InvalidArgument where nothing
/// is known of its training. Cost: by time, a pass over two columns of the dataset version.
absl::StatusOr<LearnedUntil> FindLearnedUntil(Project& project, const registry::ModelVersion& version,
                                              const Context& context);

}  // namespace roost::api
