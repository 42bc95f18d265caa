#include "api/diff.h"

#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "api/data.h"
#include "base/status.h"
#include "store/history.h"
#include "table/arrow_status.h"

namespace roost::api {

absl::StatusOr<VersionPair> ResolveDiff(Project& project, const DiffDataRequest& request) {
  VersionPair versions;
  TRY_ASSIGN(versions.before, ShowData(project, request.before));
  if (request.after.empty()) {
    versions.after = std::move(versions.before);
    if (versions.after.parents.empty()) {
      return WithHint(absl::FailedPreconditionError(
                          fmt::format("{} is the first version: there is none before it", versions.after.Name())),
                      "Name the version to compare it with.");
    }
    TRY_ASSIGN(versions.before, store::LoadCommitAt(project.store().objects(), versions.after.parents.front()));
    return versions;
  }
  TRY_ASSIGN(versions.after, ShowData(project, request.after));
  if (versions.before.dataset != versions.after.dataset) {
    return WithHint(absl::InvalidArgumentError(fmt::format("{} and {} are versions of two datasets",
                                                           versions.before.Name(), versions.after.Name())),
                    "Name two versions of one dataset.");
  }
  return versions;
}

absl::StatusOr<DataDiff> DiffData(Project& project, const VersionPair& versions, int64_t samples,
                                  const Context& context) {
  DataDiff diff{.versions = versions};
  TRY_ASSIGN(const auto rows, store::DiffRows(project.store(), versions.before, versions.after,
                                              {.rows_of_each_kind = samples}, context, &diff.changes));
  TRY_ARROW_ASSIGN(diff.samples, rows->ToTable());
  return diff;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadDiff(Project& project, const VersionPair& versions,
                                                                   const Context& context) {
  return store::DiffRows(project.store(), versions.before, versions.after, {}, context, nullptr);
}

absl::StatusOr<store::TreeDiff> DiffFiles(Project& project, const VersionPair& versions, const Context& context) {
  return store::DiffTrees(project.store(), versions.before, versions.after, context);
}

}  // namespace roost::api
