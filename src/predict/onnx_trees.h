#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "predict/onnx_features.h"
#include "predict/onnx_graph.h"
#include "predict/trees.h"

namespace roost::predict {

/// The margins of boosted trees over encoded features, double [N, outputs], by one TreeEnsembleRegressor of ai.onnx.ml
/// 3 over the features that the trees use; where a tree splits by categories, whether a set holds a row's category is
/// looked up before. Unimplemented where such a split is by a feature that is not ordinal, or the sets are too large.
absl::StatusOr<std::string> TreeMargins(const TreesModel& model, const std::vector<EncodedEntries>& features,
                                        OnnxGraph& graph);

}  // namespace roost::predict
