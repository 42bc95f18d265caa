#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "api/timing.h"
#include "evaluate/importance.h"
#include "predict/task.h"
#include "registry/registry.h"

namespace roost::api {

/// One feature of a model with what the model itself holds of it.
struct FeatureDetail {
  int32_t index = 0;
  std::string name;
  std::vector<double> weights;  ///< linear: one an output; else empty
  double gain = 0;              ///< trees: the sum of what its questions gained in training
  int64_t splits = 0;           ///< trees: how many questions ask it
};

/// What a package holds beside its lineage and evaluation.
struct ModelDetails {
  registry::ModelVersion version;
  predict::Task task = predict::Task::kBinary;
  std::vector<std::string> output_names;
  std::string predictor;                           ///< "linear", "trees", "onnx"
  std::vector<double> intercepts;                  ///< linear: one an output
  std::vector<FeatureDetail> features;             ///< by index
  std::optional<evaluate::Importance> importance;  ///< none in packages of Roost 0.1
  std::optional<Timing> timing;                    ///< likewise
};

/// `reference` as ShowModel.
absl::StatusOr<ModelDetails> DescribeModel(Project& project, const std::string& reference);

}  // namespace roost::api
