#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "api/validate.h"
#include "base/context.h"
#include "schema/anomaly.h"
#include "schema/decisions.h"

namespace roost::api {

/// Where decisions on the anomalies of `dataset` stand, beside its schema: schema-decisions.yaml, or
/// schema-decisions.NAME.yaml where the schema is schema.NAME.yaml.
std::string DecisionsPath(const Project& project, const std::string& dataset);

/// The decisions in the order in which they were made; none where there is no such file. The errors of
/// schema::DecisionsFromYaml.
absl::StatusOr<std::vector<schema::Decision>> ReadDecisions(const Project& project, const std::string& dataset);

/// Today in UTC: days since 1970-01-01.
int64_t Today();

struct DecideRequest {
  ValidateRequest data;  ///< what shows the anomalies
  /// "COLUMN", "COLUMN:RULE" or "COLUMN:RULE:DETAIL", and of rules of all rows "RULE" or "RULE:DETAIL"; empty: all that
  /// nobody decided on, that is refused or snoozed ones are left as they are.
  std::vector<std::string> anomalies;
  schema::Action action = schema::Action::kAccept;
  std::string person;  ///< empty: Project::author()
  std::string reason;  ///< must be there to refuse and to snooze
  /// Of a snooze: "2001-05-31" or the number of a version, the last that it covers; empty: no end. Files have the
  /// number of the dataset's next version.
  std::string until;
};

struct DecideResponse {
  std::string schema_path;                   ///< was written where the action is kAccept and there was any anomaly
  std::string decisions_path;                ///< was written where there was any anomaly
  std::vector<schema::Decision> decisions;   ///< that were made now
  std::vector<schema::Anomaly> anomalies;    ///< on which, in the same order
  std::vector<schema::Anomaly> not_changed;  ///< of kAccept: those that no edit of the schema would make pass
  std::vector<schema::Decision> kept;        ///< where all were meant: decisions that hold, whose anomalies were left
};

/// Decides on anomalies that `data` shows. kAccept makes the edits that they propose, and writes the schema; comments
/// in it are lost. Every decision is added to the file of decisions, which validation and the gate follow. NotFound,
/// with the anomalies that there are, for one that is not among them; InvalidArgument for a reason that is missing, an
/// end that is none or has passed.
absl::StatusOr<DecideResponse> DecideOnAnomalies(Project& project, const DecideRequest& request,
                                                 const Context& context);

}  // namespace roost::api
