#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "api/data.h"
#include "api/project.h"
#include "base/context.h"
#include "config/project.h"
#include "ingest/ingest.h"
#include "schema/schema.h"

namespace roost::api {

/// What rows have to pass to become a version.
struct Gate {
  schema::Schema schema;
  config::DataGate mode = config::DataGate::kRefuse;
  std::string quarantine;  ///< the dataset that bad rows go to (bad_rows.h); empty: none
};

/// ingest::Ingest behind a gate, as AddData tells it; `options.check` is replaced. What was decided on anomalies of the
/// dataset (decisions.h) holds here too: for a snooze the version is the next one. Rows of a snapshot are compared with
/// those of the branch's head where the schema limits their ratio or their drift, by the statistics that are kept of
/// it; appended rows with the rows that the head brought (ProfileOfNewRows). Bad rows that the quarantine got before
/// are not added to it again: those of the same snapshot or upsert, and of an append those that were meant for the same
/// head.
absl::StatusOr<AddDataResponse> IngestThroughGate(Project& project, const ingest::Source& source,
                                                  ingest::IngestOptions options, const Gate& gate,
                                                  const Context& context);

}  // namespace roost::api
