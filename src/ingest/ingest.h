#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "ingest/source.h"
#include "profile/profile.h"
#include "store/store.h"

namespace roost::ingest {

/// What looks at rows while they pass into a version, for one try to make it.
struct RowCheck {
  std::shared_ptr<arrow::Schema> schema;  ///< of what `pass` returns; null: that of the rows handed in
  /// Sees each batch in turn and returns what is to be stored of it: the batch, or a part of its rows. `first_row` is
  /// the number of its first row, from 1. May be empty: all is stored.
  std::function<absl::StatusOr<std::shared_ptr<arrow::RecordBatch>>(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                                    int64_t first_row)>
      pass;
  /// Called after the last batch with the profile of the rows that are to be stored, before the version is visible. An
  /// error refuses it. It is called as well where the dataset's columns are others, so that no version can be made:
  /// what it says is told first then.
  std::function<absl::Status(const profile::Profile& handed_in)> approve;
  /// Called once all rows are stored and approved, as the last thing before the version is visible; an error refuses
  /// it. May be empty.
  std::function<absl::Status()> finish;
};

struct IngestOptions {
  std::string dataset;
  std::string branch;  ///< empty: main
  store::CommitRequest::Mode mode = store::CommitRequest::Mode::kSnapshot;
  std::vector<std::string> key;  ///< columns that tell rows apart; empty: as declared before, if at all
  std::string message;
  std::string author;
  std::optional<int64_t> expected_version;  ///< the head that the rows are made for; another one is Aborted
  int append_tries = 50;                    ///< how often an append is tried while other writers are faster
  /// Called for each try with the schema of the rows; empty: all rows are taken.
  std::function<RowCheck(const std::shared_ptr<arrow::Schema>& schema)> check;
};

/// Commits the rows of `source` as a new version of a dataset (for kDeleteKeys they are keys), and counts them into the
/// profile of that version in the same pass (profiles.h): for an append it is the profile of the version before, merged
/// with the one of the new rows, so that nothing is read twice. The profile after an upsert or a deletion is computed
/// when it is asked for. Errors of the source, of the check, the store (which then is as it was), and Cancelled.
///
/// Where a CSV column's later values are not of the type that its beginning had, the source is read again with that
/// column as numbers with fractions or as text. Values that are not of the dataset's own type are an error of the
/// source, unless there is a check, which sees them as text.
///
/// Where another writer makes a version meanwhile, an append, upsert or deletion is done again upon that version,
/// reading `source` from its beginning, up to append_tries times, and context.progress says so; a snapshot, which would
/// undo what the other one did, is refused as Aborted.
absl::StatusOr<store::CommitInfo> Ingest(store::Store& store, const Source& source, const IngestOptions& options,
                                         const Context& context);

}  // namespace roost::ingest
