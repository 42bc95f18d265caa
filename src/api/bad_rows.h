#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "api/rows_check.h"
#include "base/context.h"
#include "base/hash.h"
#include "base/json.h"
#include "ingest/source.h"
#include "schema/row_scan.h"
#include "schema/schema.h"

namespace roost::api {

/// The rows that break rules of severity error, kept aside with their reasons: in memory up to 64 MiB and in a
/// temporary file beyond. A rule that a share of the rows may break makes no row bad (schema::RowScan). Threads: one.
class BadRows {
 public:
  static constexpr const char* kReasonsColumn = "_roost_reasons";  ///< "delay: type 'late'; origin: missing"
  static constexpr const char* kRowColumn = "_roost_row";          ///< the number of the row in its source, from 1

  /// Both outlive it.
  BadRows(const schema::Schema& schema, const ForeignKeys& foreign_keys);
  ~BadRows();

  /// The schema of the rows that Take returns for rows of `read`: columns of text that are to be numbers are numbers.
  /// The scan that judges texts and the one that reads them share a reader (base/number_text.h), so that no value is
  /// lost.
  std::shared_ptr<arrow::Schema> GoodSchema(const std::shared_ptr<arrow::Schema>& read) const;

  /// Takes the bad rows out of the next batch and returns the others, of GoodSchema; `bad` tells of each row whether it
  /// was taken. InvalidArgument where the rows have a column of one of the names above; Cancelled.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Take(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                           std::vector<uint8_t>& bad, const Context& context);

  int64_t count() const { return count_; }

  /// All rows that were taken, as a source of a dataset of their own. Its provenance has what `about` says, and the
  /// hash of the rows with their numbers and reasons: that of the same rows is the same. Legal where there are any. The
  /// source lives no longer than this.
  std::unique_ptr<ingest::Source> AsSource(Json about);

 private:
  struct Kept;

  absl::Status Keep(const std::shared_ptr<arrow::RecordBatch>& rows);

  const schema::Schema& schema_;
  schema::RowScan scan_;
  int64_t count_ = 0;
  Sha256Stream hash_;           // of the rows in kept_
  std::unique_ptr<Kept> kept_;  // null until there are any
};

}  // namespace roost::api
