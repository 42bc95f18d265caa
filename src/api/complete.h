#pragma once

#include <string>
#include <vector>

namespace roost::api {

/// The names of the datasets and models of the project in, or above, `folder`, sorted, for a shell that completes
/// words: those of roost.yaml, and those of the workspace unless it lies on servers or cannot be read at once.
std::vector<std::string> NamesNearby(const std::string& folder, bool datasets, bool models);

}  // namespace roost::api
