#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/context.h"

namespace roost::store {

class Store;

struct CopyReport {
  int64_t copied = 0;    ///< objects
  int64_t bytes = 0;     ///< of those
  int64_t versions = 0;  ///< that the other workspace has now
};

/// Makes the workspace `to` what `from` is: objects, versions, names with their histories, deletions. Only what is
/// missing there is copied; killed, it can be run again. `to` is empty, or an earlier state of `from`; where it has
/// something of its own, FailedPrecondition names it and nothing is changed. What is there afterwards is one moment of
/// `from`, and at least all that was there when the call began; it appears in one transaction.
///
/// Safe beside writers and garbage collection in `from`. Beside a writer in `to`: Aborted. DataLoss where an object of
/// `from` that a version may need is damaged; the others are copied. Models: their objects are copied; the registry's
/// Restore makes them visible. Memory: a pack for each thread, and 300 bytes for each record.
absl::StatusOr<CopyReport> CopyWorkspace(Store& from, Store& to, const Context& context);

}  // namespace roost::store
