#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/registry.h"
#include "transform/trace.h"

namespace roost::api {

/// What one feature of a row adds to each output's margin: weight times value, of linear models.
struct Contribution {
  std::string feature;
  double value = 0;
  std::vector<double> weights;  ///< one an output
};

/// One example traced through every node, from its columns to the model's outputs.
struct Explanation {
  registry::ModelVersion version;
  std::vector<transform::TracedFeature> features;
  std::vector<double> intercepts;           ///< linear: one an output; else empty
  std::vector<Contribution> contributions;  ///< linear: by falling magnitude of weight times value
  std::vector<double> margins;              ///< linear, trees: one an output, before the link; else empty
  std::vector<std::string> output_names;
  std::vector<double> outputs;
};

/// Traces the row that the JSON object `row` is: {"distance": 366, "origin": "ATL", "date": "2001-01-01T08:00:00Z"}.
/// Members that are missing or null are missing values; times are ISO 8601 or microseconds since 1970, lists arrays.
/// InvalidArgument for another JSON, a member that is no input (with a spelling hint) or of another kind.
absl::StatusOr<Explanation> ExplainRow(Project& project, const std::string& model, const std::string& row,
                                       const Context& context);

}  // namespace roost::api
