#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "profile/profile.h"
#include "schema/keys.h"
#include "schema/row_scan.h"
#include "schema/schema.h"
#include "schema/validate.h"
#include "schema/word_scan.h"

namespace roost::api {

/// What the foreign keys of a schema refer to. Memory: that of schema::KeySet for each.
class ForeignKeys {
 public:
  /// Reads the key columns of the newest version of each dataset. Where that has no such dataset or column the rule is
  /// reported as not checked. Errors of reading.
  static absl::StatusOr<ForeignKeys> Read(Project& project, const schema::Schema& schema, const Context& context);

  /// One for each of the schema's foreign keys, for schema::RowScanOptions.
  std::vector<const schema::KeySet*> keys() const;

 private:
  std::vector<std::unique_ptr<schema::KeySet>> keys_;
};

/// Whether rows are looked at in the pass that profiles them: where the profile may lack what a rule asks for, or pass
/// what rows break. Else they are looked at only where the profile shows anomalies, to count and name those at fault.
bool IsAboutRows(const schema::Schema& schema);

/// The profile of so many rows without columns: what ratios of rows need of another version (schema::Controls).
absl::StatusOr<profile::Profile> ProfileOfRows(int64_t rows);

/// Holds rows against a schema while they pass: the statistics and the broken rules of one pass become a report
/// (Judge). Threads: one at a time.
class RowsCheck {
 public:
  /// `schema` and `foreign_keys` outlive it.
  RowsCheck(const schema::Schema& schema, const ForeignKeys& foreign_keys);

  /// Looks at the next rows. Errors: those of columns that cannot be read, and Cancelled.
  absl::Status See(const arrow::RecordBatch& batch, const Context& context);

  /// Says that of the next rows to be seen the first `rows` follow each other in their source, and that a row after
  /// them is left out: the report numbers rows as the source does. Rows behind the first 100,000 that were left out are
  /// not numbered.
  void LeaveOutAfter(int64_t rows);

  /// What was found in the rows that were seen, for schema::Controls.
  schema::RowCounts Counts() const;
  /// The words of the rows that were seen, for schema::Controls.
  schema::WordCounts Words() const { return words_.Counts(); }

 private:
  schema::RowScan scan_;
  schema::WordScan words_;
  int64_t rows_ = 0;               // that were seen
  std::vector<int64_t> left_out_;  // for each row that was left out, how many rows were seen before it; ascending
  bool all_numbered_ = true;
};

/// The verdict on rows whose statistics are `profile`. `seen` has seen them all; where it is null the statistics alone
/// decide, and only where they show anomalies `see` is asked for a check that has, to count and name the rows at fault.
/// `controls` says what else the rows are held against; its `now` and `rows` are replaced. Errors of `see`.
absl::StatusOr<schema::Report> Judge(const schema::Schema& schema, const profile::Profile& profile,
                                     schema::Controls controls, const RowsCheck* seen,
                                     const std::function<absl::StatusOr<const RowsCheck*>()>& see);

/// Hands all rows to `check`. `total_rows`, for progress, is 0 where it is not known. Errors of the reader, of See.
absl::Status SeeAll(arrow::RecordBatchReader& rows, int64_t total_rows, RowsCheck& check, const Context& context);

}  // namespace roost::api
