#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "predict/onnx_runtime.h"
#include "predict/task.h"

// What the outputs of a foreign model mean: which of them is the prediction, and whether its numbers can be one.

namespace roost::predict {

/// What a model's output must be.
struct OnnxOutputSpec {
  Task task = Task::kBinary;
  int32_t num_outputs = 1;  ///< a row: the classes of kClasses, else 1
  std::string name;         ///< of the graph's output; empty: to be found
};

/// The name of the output that `spec` means: a tensor of float or double, of shape [N], [N,1] or [N,num_outputs] (also
/// [N,2] for kBinary: that of the negative and of the positive class). Outputs of labels (integers, texts) are passed
/// over. InvalidArgument where there is none or more than one (one called "probabilities", "probability", "value",
/// "count" or "score" comes first then), and for scikit-learn's maps of probabilities, with the way out as a hint.
absl::StatusOr<std::string> FindOutput(std::span<const OnnxPort> outputs, const OnnxOutputSpec& spec);

/// Writes the predictions of `num_rows` rows into `outputs`, num_outputs a row. InvalidArgument, with the row counted
/// from `first_row`, for another shape, a number that is not finite, and what is no prediction of the task:
/// probabilities outside of [0, 1] (by more than 1e-6; what floats round beyond is clamped) or, of several classes,
/// whose sum is not within 1e-3 of 1; a negative count.
absl::Status ReadOutput(const OnnxTensor& tensor, const OnnxOutputSpec& spec, int64_t num_rows, int64_t first_row,
                        std::span<double> outputs);

}  // namespace roost::predict
