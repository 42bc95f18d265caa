#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "ingest/source.h"
#include "store/store.h"

namespace roost::ingest {

struct IngestOptions {
  std::string dataset;
  std::string branch;  ///< empty: main
  store::CommitRequest::Mode mode = store::CommitRequest::Mode::kSnapshot;
  std::vector<std::string> key;  ///< columns that tell rows apart; empty: as declared before, if at all
  std::string message;
  std::string author;
  int append_tries = 50;  ///< how often an append is tried while other writers are faster
};

/// Commits the rows of `source` as a new version of a dataset (for kDeleteKeys they are keys), and counts them into the
/// profile of that version in the same pass (profiles.h): for an append it is the profile of the version before, merged
/// with the one of the new rows, so that nothing is read twice. The profile after an upsert or a deletion is computed
/// when it is asked for. Errors of the source, the store (which then is as it was), and Cancelled.
///
/// Where another writer makes a version meanwhile, an append, upsert or deletion is done again upon that version,
/// reading `source` from its beginning, up to append_tries times, and context.progress says so; a snapshot, which would
/// undo what the other one did, is refused as Aborted.
absl::StatusOr<store::CommitInfo> Ingest(store::Store& store, const Source& source, const IngestOptions& options,
                                         const Context& context);

}  // namespace roost::ingest
