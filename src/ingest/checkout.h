#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/store.h"

namespace roost::ingest {

struct CheckoutOptions {
  std::string folder;  ///< is made where it is missing
  /// Files that stand there with other contents, links and types, are replaced also where they are not known to be as
  /// some version had them.
  bool replace = false;
  /// What the version does not hold is removed; `replace` is needed too in a folder that was never exported to.
  bool remove_others = false;
  std::string caches;                 ///< the folder of the stat caches; empty: none is kept
  std::vector<std::string> left_out;  ///< folders below that are not touched: the workspace
};

struct CheckoutReport {
  int64_t written = 0;  ///< files, links and empty folders
  int64_t bytes_written = 0;
  int64_t same = 0;  ///< stood there already
  int64_t removed = 0;
  int64_t others = 0;  ///< are not of the version and stay
};

/// Makes a folder hold the files of a version: writes what is missing or differs, each file under another name first
/// and then renamed. Times and owners are the new files' own; the executable bit is the version's.
/// InvalidArgument, naming the first, and before anything is changed, where a file stands in the way that is neither
/// the version's nor as the last export to or add from this folder left it (unless `replace`); where a folder or a link
/// stands in the way of the other. What is outside of the folder is never touched, through links neither.
/// Threads: the context's pool. Memory: about 600 bytes a file.
absl::StatusOr<CheckoutReport> CheckOut(store::Store& store, const store::CommitInfo& version,
                                        const CheckoutOptions& options, const Context& context);

}  // namespace roost::ingest
