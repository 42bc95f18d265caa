#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "store/table_diff.h"
#include "store/tree_diff.h"

namespace roost::api {

struct DiffDataRequest {
  std::string before;  ///< "flights@1"
  std::string after;   ///< "flights@2"; empty: `before` is compared with the version that it was made from
};

/// Two versions of one dataset.
struct VersionPair {
  store::CommitInfo before;
  store::CommitInfo after;
};

struct DataDiff {
  VersionPair versions;
  store::TableChanges changes;
  std::shared_ptr<arrow::Table> samples;  ///< rows as TableDiff hands them out
};

/// The versions that a request means. InvalidArgument where they are of two datasets; FailedPrecondition where there is
/// no version before the only one that is named.
absl::StatusOr<VersionPair> ResolveDiff(Project& project, const DiffDataRequest& request);

/// Of tables: what changed, counted, and the first `samples` rows of each kind.
absl::StatusOr<DataDiff> DiffData(Project& project, const VersionPair& versions, int64_t samples,
                                  const Context& context);

/// Of tables: all changed rows. `project`, and what `context` points to, outlive the reader.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadDiff(Project& project, const VersionPair& versions,
                                                                   const Context& context);

/// Of datasets of files: what became of the files.
absl::StatusOr<store::TreeDiff> DiffFiles(Project& project, const VersionPair& versions, const Context& context);

}  // namespace roost::api
