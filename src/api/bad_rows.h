#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "ingest/source.h"
#include "schema/schema.h"

namespace roost::api {

/// The rows that break rules of severity error, kept aside with their reasons: in memory up to 64 MiB and in a
/// temporary file beyond. A rule that a share of the rows may break makes no row bad. Threads: one.
class BadRows {
 public:
  static constexpr const char* kReasonsColumn = "_roost_reasons";  ///< "delay: type 'late'; origin: missing"
  static constexpr const char* kRowColumn = "_roost_row";          ///< the number of the row in its source, from 1

  explicit BadRows(const schema::Schema& schema);
  ~BadRows();

  /// The schema of the rows that Take returns for rows of `read`: columns of text that are to be numbers are numbers.
  std::shared_ptr<arrow::Schema> GoodSchema(const std::shared_ptr<arrow::Schema>& read) const;

  /// Takes the bad rows out of `batch` and returns the others, of GoodSchema. InvalidArgument where the rows have a
  /// column of one of the names above.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Take(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                           int64_t first_row);

  int64_t count() const { return count_; }

  /// All rows that were taken, as a source of a dataset of their own; `from` says in its provenance whose they are.
  /// Legal where there are any. The source lives no longer than this.
  std::unique_ptr<ingest::Source> AsSource(std::string from);

 private:
  struct Kept;

  const schema::Schema& schema_;
  int64_t count_ = 0;
  std::unique_ptr<Kept> kept_;  // null until there are any
};

}  // namespace roost::api
