#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "profile/profile.h"
#include "store/store.h"

namespace roost::ingest {

/// The statistics of a version's rows. They follow from the rows alone, so they are not part of a version: the newest
/// version's lie beside the packs, as the object "profiles/<id of the table>", and any other's are computed again when
/// they are asked for, in one pass over its rows. DataLoss and the other errors of Store::Read.
/// Versions of older programs have theirs attached.
absl::StatusOr<profile::Profile> ProfileOf(store::Store& store, const store::CommitInfo& version,
                                           const Context& context);

/// Keeps `profile`, that of `version`, and lets that of `before` go (its dataset's version until now; its digest is
/// zero where there was none). Best done after the commit: what is lost here is computed again.
absl::Status KeepProfile(store::Store& store, const store::CommitInfo& version, const store::CommitInfo& before,
                         const profile::Profile& profile);

}  // namespace roost::ingest
