#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "column/value.h"
#include "predict/model.h"
#include "transform/trace.h"

namespace roost::predict {

/// What one feature of a row adds to each output's margin: weight times value, of linear models.
struct Contribution {
  std::string feature;
  double value = 0;
  std::vector<double> weights;  ///< one an output
};

/// One row traced through every node, from its columns to the model's outputs.
struct Explanation {
  std::vector<transform::TracedFeature> features;  ///< none where an ONNX model takes the columns themselves
  std::vector<double> intercepts;                  ///< linear: one an output; else empty
  std::vector<Contribution> contributions;         ///< linear: by falling magnitude of weight times value
  std::vector<double> margins;                     ///< linear, trees: one an output, before the link; else empty
  std::vector<std::string> output_names;           ///< ScoringModel::OutputNames
  std::vector<double> outputs;
};

/// Traces `row`, whose values are as for ScoringModel::ScoreRow. Fails with an ONNX model only.
absl::StatusOr<Explanation> Explain(const ScoringModel& model, std::span<const column::Value> row);

/// {"features": [...], "intercepts": [...], "contributions": [...], "margins": [...], "outputs": {name: number}}.
Json ToJson(const Explanation& explanation);

}  // namespace roost::predict
