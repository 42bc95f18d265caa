#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/data.h"
#include "api/project.h"
#include "base/context.h"
#include "config/project.h"
#include "ingest/ingest.h"
#include "profile/profile.h"
#include "schema/find_rows.h"
#include "schema/schema.h"
#include "schema/validate.h"

namespace roost::api {

/// Holds rows against a schema while they pass: the statistics and the samples of one pass become a report.
/// Threads: one at a time.
class RowsCheck {
 public:
  explicit RowsCheck(schema::Schema schema) : schema_(std::move(schema)) {}

  /// Looks at the next rows; `first_row` is the number of the first of them, from 1. Enough broken rows are kept to
  /// name five for each rule of each column.
  absl::Status See(const arrow::RecordBatch& batch, int64_t first_row);

  /// The verdict on all rows that were seen and whose statistics `profile` has.
  schema::Report Verdict(const profile::Profile& profile) const;

 private:
  schema::Schema schema_;
  std::vector<schema::RowFinding> findings_;
};

/// What rows have to pass to become a version.
struct Gate {
  schema::Schema schema;
  config::DataGate mode = config::DataGate::kRefuse;
  std::string quarantine;  ///< the dataset that bad rows go to (bad_rows.h); empty: none
};

/// ingest::Ingest behind a gate, as AddData tells it; `options.check` is replaced.
absl::StatusOr<AddDataResponse> IngestThroughGate(Project& project, const ingest::Source& source,
                                                  ingest::IngestOptions options, const Gate& gate,
                                                  const Context& context);

}  // namespace roost::api
