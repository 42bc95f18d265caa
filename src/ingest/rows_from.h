#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "ingest/source.h"

namespace roost::ingest {

/// Rows from a time on.
struct RowsFrom {
  std::string column;  ///< a date or timestamp
  absl::Time time;
};

/// The rows of another source whose time is not before `from`; those without a time are left out. InvalidArgument where
/// the column is no time, NotFound where there is none. Both outlive it.
class LaterRows : public Source {
 public:
  LaterRows(const Source& source, RowsFrom from) : source_(source), from_(std::move(from)) {}

  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& types,
                                                                 const Context& context) const override;

  /// At most so many.
  int64_t NumRows() const override { return source_.NumRows(); }

  /// That of the source, with {"rows_from": {"column", "time"}}.
  Json Provenance() const override;

 private:
  const Source& source_;
  const RowsFrom from_;
};

/// The latest time in the column; empty where no row has one. Errors as above. Cost: reads the source.
absl::StatusOr<std::optional<absl::Time>> LatestTime(const Source& source, const std::string& column,
                                                     const Context& context);

}  // namespace roost::ingest
