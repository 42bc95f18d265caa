#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "predict/model.h"

namespace roost::predict {

/// A model from an ONNX file alone, of whoever made it, which says nothing of its task: what its output looks like
/// decides. [N] or [N,1] is a number; [N,K] with K of 2 or more are the probabilities of classes, which are called "0",
/// "1" and so on. Inputs are columns: texts where they are strings, else numbers. Errors as OnnxModel::Load.
absl::StatusOr<ScoringModel> FromPlainOnnx(std::string bytes, int intra_op_threads = 1);

}  // namespace roost::predict
