#pragma once

#include <cstdint>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/data.h"
#include "api/project.h"
#include "base/context.h"
#include "config/project.h"
#include "ingest/ingest.h"
#include "schema/schema.h"
#include "schema/validate.h"

namespace roost::api {

/// Names rows at fault in the anomalies of `report`, which came from the statistics of `rows`: reads them until each
/// anomaly about rows names five, or to their end. So data without anomalies costs no look at single rows.
/// `total_rows`, for progress, is 0 where it is not known. Errors: those of the reader, and Cancelled.
absl::Status NameRowsAtFault(const schema::Schema& schema, arrow::RecordBatchReader& rows, int64_t total_rows,
                             schema::Report& report, const Context& context);

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
