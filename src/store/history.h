#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "base/hash.h"
#include "store/commit.h"
#include "store/object_store.h"

namespace roost::store {

/// The commit with this id. DataLoss where its object is missing or is not what was written.
absl::StatusOr<CommitInfo> LoadCommitAt(ObjectStore& objects, const Digest& digest);

/// The version from which both come that is nearest to them; one of the two where the other comes from it. Nothing
/// where they have none in common. Of several that are equally near (after crossed merges) the one with the highest
/// number, so that the answer does not depend on the order of the two.
/// Cost: reads the commits between it and the two.
absl::StatusOr<std::optional<CommitInfo>> CommonAncestor(ObjectStore& objects, const CommitInfo& a,
                                                         const CommitInfo& b);

}  // namespace roost::store
