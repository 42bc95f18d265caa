#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "profile/profile.h"
#include "store/store.h"

namespace roost::api {

/// `newest` and the versions that it came from, each the first parent of the next one: oldest first, at most `most`
/// (at least 1). It begins behind a version that is not kept any more.
std::vector<store::CommitInfo> HistoryOf(store::Store& store, const store::CommitInfo& newest, size_t most);

/// The statistics of the rows that a version brought: of an append those that it added to its parent, as the gate saw
/// them, else of all its rows. Versions that grow by appends are so compared month by month and not sum by sum.
///
/// A version is taken for an append where the rows of its parent stand unchanged before others. That is seen from the
/// parent's tiles, all but the last without reading rows; a table that is not stored in the order in which it was
/// handed in, as one with a key may be, counts as a whole.
/// Cost: for an append its rows are read, else that of ingest::ProfileOf.
absl::StatusOr<profile::Profile> ProfileOfNewRows(store::Store& store, const store::CommitInfo& version,
                                                  const Context& context);

}  // namespace roost::api
