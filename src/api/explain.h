#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "predict/explanation.h"
#include "registry/registry.h"

namespace roost::api {

/// One example traced through a model version.
struct RowExplanation {
  registry::ModelVersion version;
  predict::Explanation explanation;
};

/// Traces the row that the JSON object `row` is: {"distance": 366, "origin": "ATL", "date": "2001-01-01T08:00:00Z"}.
/// Members that are missing or null are missing values; times are ISO 8601 or microseconds since 1970, lists arrays.
/// InvalidArgument for another JSON, a member that is no input (with a spelling hint) or of another kind.
absl::StatusOr<RowExplanation> ExplainRow(Project& project, const std::string& model, const std::string& row,
                                          const Context& context);

}  // namespace roost::api
