#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "profile/profile.h"
#include "store/store.h"

namespace roost::ingest {

/// The statistics of a version's rows. They follow from the rows alone, so they are not part of a version: the newest
/// version's lie beside the packs, as the object "profiles/<id of the table>", and any other's are computed again when
/// they are asked for. Versions of older programs have theirs attached.
///
/// A table of several runs of tiles (64 MiB to 2 GiB each) whose rows lie in the order in which they were handed in is
/// computed run by run. The runs' profiles are kept too, as "profiles/<id of the run>", where they take less than 1/100
/// of what the rows take in memory (of many narrow columns they take more): so after an upsert, a deletion or a merge
/// only the runs that changed are read. Runs of a parent version that this one does not have lose theirs. A smaller
/// unit would not pay: a tile's profile takes up to 1 % of its 8 MiB and would be written anew with every edit, whose
/// own bytes are fewer than that.
///
/// DataLoss and the other errors of Store::Read. Memory: that of ProfileRows.
absl::StatusOr<profile::Profile> ProfileOf(store::Store& store, const store::CommitInfo& version,
                                           const Context& context);

/// Keeps `profile`, that of `version`, and lets that of `before` go (its dataset's version until now; its digest is
/// zero where there was none). Best done after the commit: what is lost here is computed again.
absl::Status KeepProfile(store::Store& store, const store::CommitInfo& version, const store::CommitInfo& before,
                         const profile::Profile& profile);

}  // namespace roost::ingest
