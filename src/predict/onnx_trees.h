#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "predict/onnx_features.h"
#include "predict/onnx_graph.h"
#include "predict/trees.h"

namespace roost::predict {

/// The margins of boosted trees over encoded features, double [N, outputs], by one TreeEnsembleRegressor of ai.onnx.ml
/// 3 over the features that the trees use. Unimplemented where a tree splits by categories.
absl::StatusOr<std::string> TreeMargins(const TreesModel& model, const std::vector<EncodedEntries>& features,
                                        OnnxGraph& graph);

}  // namespace roost::predict
