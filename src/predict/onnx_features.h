#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "predict/onnx_graph.h"
#include "predict/onnx_model.h"
#include "transform/transform.h"

// A transform as nodes of an ONNX graph. Everything is computed in double and int64, in the steps of the transform
// itself.

namespace roost::predict {

/// What stands for a missing text and for a missing time in an exported graph; a missing number is NaN. U+FFFF is no
/// character: no text holds it.
inline constexpr char kMissingText[] = "\xEF\xBF\xBF";
inline constexpr int64_t kMissingTime = INT64_MIN;

/// The entries that a row gets of one declared feature, or of a part of it.
struct EncodedEntries {
  int32_t first = 0;
  /// 0: one entry at `first`, whose value is `value`. Else the entry 1 at first + value, or none where value is
  /// num_slots.
  int32_t num_slots = 0;
  std::string value;    ///< of the graph: double [N,1], 0 where there is no entry; or int64 [N,1]
  std::string present;  ///< of one value: bool [N,1], whether there is an entry; "": always
  /// Where the value is (column - shift) / scale of a number: how. Else `scale` is 0.
  std::string column;
  double scale = 0, shift = 0;
};

/// The entries of all features of `transform`, ascending, computed in `graph` from inputs that are named as the
/// columns: numbers double [N,1], texts string [N,1], times int64 [N,1] in microseconds. Unimplemented, naming the
/// feature, the reason and what to do instead, where ONNX has no operator for it.
absl::StatusOr<std::vector<EncodedEntries>> EncodeFeatures(const transform::Transform& transform, OnnxGraph& graph);

/// The columns of a graph that EncodeFeatures began, as OnnxModel wants them declared.
std::vector<OnnxColumn> EncodedColumns(const transform::Transform& transform);

}  // namespace roost::predict
