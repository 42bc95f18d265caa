#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/store_location.h"

namespace roost::store {

class Store;

struct RecoverReport {
  int64_t versions = 0;
  int64_t packs = 0;
  int64_t records = 0;
  std::vector<std::string> damages;  ///< versions that cannot be read wholly, objects that are damaged
  int64_t unnamed_commits = 0;       ///< commits without a name record: of writers that failed, or of deleted versions
  std::string moved_to;              ///< where the damaged database file lies now; empty where there was none
};

/// Makes the database of a workspace anew from its objects: the index from the ends of the packs, the versions from
/// the records of the names' moves and the commits (docs/formats/store.md §9). In one transaction: killed, it can be
/// run again. A damaged SQLite file is kept beside the new one.
///
/// Of a record that lies in several packs a sound one is chosen, and of a tile its full leaves rather than a patch, so
/// that no patch stands upon itself.
///
/// A version whose commit is lost is kept as a deleted one, so that its number is not given again, and names that meant
/// it go back to where they were before; records of names that are damaged are left out, but a version whose deletion
/// has a damaged record stays deleted. All of it is told in `damages`.
///
/// FailedPrecondition where the database is there, sound and not empty, where there is no workspace, or one of a newer
/// version. Not beside writers. Memory: about 300 bytes for each record. Cost: reads the ends of the packs, tables,
/// lists and patches.
absl::StatusOr<RecoverReport> Recover(const StoreLocation& location, const Context& context);

/// The same for a store that is open over a database that holds nothing (Store::OpenEmpty), without a trace in the
/// objects: what was lost may come there yet, as in a backup.
absl::StatusOr<RecoverReport> RecoverInto(Store& store, const Context& context);

}  // namespace roost::store
