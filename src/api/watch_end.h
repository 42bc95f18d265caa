#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/run.h"
#include "base/json.h"
#include "pipeline/trigger.h"
#include "registry/run_log.h"

namespace roost::api {

/// How a run ended that came to its end, from what was written down of it.
struct RunEnd {
  std::string event;           ///< "refused", "released", "waits"; empty: nothing that must be told
  bool is_about_data = false;  ///< of "refused": validation said it, not the gate
  std::string result;          ///< a line for people
  std::string details;         ///< what a person must see: anomalies, broken rules
  std::string model;           ///< the version that it made or took; may be empty
};

/// Whether the run came to its end: it was not killed, stopped, nor did it fail.
bool HasItsEnd(const registry::RunRecord& run);

absl::StatusOr<RunEnd> EndOf(const RunDescription& description);

/// What an alert program is handed: docs/watch.md.
Json AlertOf(const RunEnd& end, const RunDescription& description, const pipeline::Firing& firing);
Json AlertOfFailure(const absl::Status& status, std::optional<int64_t> run, const pipeline::Firing& firing);

}  // namespace roost::api
