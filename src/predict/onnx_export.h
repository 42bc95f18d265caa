#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "predict/model.h"

namespace roost::predict {

/// A model as one ONNX graph, from the columns of a row to the model's outputs. Operators of ai.onnx 20 and ai.onnx.ml
/// 3, file form (IR) 9: ONNX Runtime 1.17 and later run it (OnnxGraph).
///
/// Inputs: each column under its name, of shape [N,1]: a number as double (missing: NaN), a text as string (missing:
/// U+FFFF), a time as int64, microseconds since 1970 in UTC (missing: the least int64). Output, in double:
/// "probability", "value", "count" or "score" of shape [N,1], or "probabilities" of shape [N, classes]; where a column
/// has that name, "predicted_" stands before it. The sentinels
/// and the classes also stand in the file's metadata. Linear models are computed in double, as Roost does;
/// trees in float up to the margin (TreeEnsembleRegressor), whose leaves are added in an order of the runtime's own.
///
/// Unimplemented, with the reason and what to do instead, where ONNX has no operator for a feature or for the kind of
/// predictor, and for a model that is an ONNX file already. What comes back is not compared yet: see onnx_parity.h.
absl::StatusOr<std::string> ExportOnnx(const ScoringModel& model);

/// The exported file as a model: what a user of the file gets from it.
absl::StatusOr<ScoringModel> LoadExported(const ScoringModel& model, std::string bytes);

}  // namespace roost::predict
