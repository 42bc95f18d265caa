#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "ingest/source.h"
#include "profile/profile.h"
#include "store/store.h"

namespace roost::ingest {

/// The name under which the statistics of a version's rows are attached to its commit.
inline constexpr char kProfileAttachment[] = "profile";

struct IngestOptions {
  std::string dataset;
  store::CommitRequest::Mode mode = store::CommitRequest::Mode::kSnapshot;
  std::string message;
  std::string author;
  int append_tries = 50;  ///< how often an append is tried while other writers are faster
};

/// Commits the rows of `source` as a new version of a dataset and attaches the profile of all of that version's rows:
/// for an append it is the profile of the version before, merged with the one of the new rows, so that nothing is read
/// twice. Errors of the source, the store (which then is as it was), and Cancelled.
///
/// Where another writer makes a version meanwhile, an append is done again upon that version, reading `source` from its
/// beginning, up to append_tries times, and context.progress says so; a snapshot, which would undo what the other one
/// did, is refused as Aborted.
absl::StatusOr<store::CommitInfo> Ingest(store::Store& store, const Source& source, const IngestOptions& options,
                                         const Context& context);

/// The profile attached to a version. DataLoss where it is missing or damaged.
absl::StatusOr<profile::Profile> ProfileOf(store::Store& store, const store::CommitInfo& version);

}  // namespace roost::ingest
