#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace roost::ingest {

/// Tells whether files were added, removed or written to since, without reading them: SHA-256 of their paths, relative
/// to `folder`, their sizes and the times of their last change. NotFound where one is not there. Cost: one look at each
/// file.
absl::StatusOr<Digest> StampOf(const std::string& folder, const std::vector<std::string>& paths);

}  // namespace roost::ingest
