#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/object_store.h"
#include "store/pack.h"

namespace roost::store {

/// The index at the end of the pack `key`, read without its records. NotFound where there is no such object, DataLoss,
/// naming it, where it does not end as a pack does. Cost: two small reads.
absl::StatusOr<std::vector<PackEntry>> LoadPackIndex(ObjectStore& objects, const std::string& key);

}  // namespace roost::store
