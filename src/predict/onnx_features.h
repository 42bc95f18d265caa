#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

/// What a feature of a number is made from, so that rows can be made that lie where a tree splits by it: the feature is
/// ((x - shift) / scale)^power, where x is the column's value, ln(1 + value), or the days since `since_micros` at it.
struct NumberOrigin {
  std::string column;  ///< "": the feature is of no number
  double scale = 1, shift = 0;
  int32_t power = 1;
  bool log = false;
  std::optional<int64_t> since_micros;
};

/// The entries that a row gets of one declared feature, or of a part of it.
struct EncodedEntries {
  int32_t first = 0;
  /// 0: one entry at `first`, whose value is `value`. Else the entry 1 at first + value, or none where value is
  /// num_slots.
  int32_t num_slots = 0;
  std::string value;           ///< of the graph: double [N,1], 0 where there is no entry; or int64 [N,1]
  std::string present;         ///< of one value: bool [N,1], whether there is an entry; "": always
  int32_t num_categories = 0;  ///< of ordinal: one value from 0 to num_categories - 1; else 0
  NumberOrigin origin;         ///< of one value
};

/// The number whose word (transform/entries.h, NumberWord) is `word`; none where it is no number's.
std::optional<double> NumberOfWord(const std::string& word);
/// The words of a cross's columns that a word of its vocabulary is made of.
std::vector<std::string_view> CrossParts(std::string_view word);

/// The entries of all features of `transform`, ascending, computed in `graph` from inputs that are named as the
/// columns: numbers double [N,1], texts string [N,1], times int64 [N,1] in microseconds. Unimplemented, naming the
/// feature, the reason and what to do instead, where ONNX has no operator for it.
absl::StatusOr<std::vector<EncodedEntries>> EncodeFeatures(const transform::Transform& transform, OnnxGraph& graph);

/// The columns of a graph that EncodeFeatures began, as OnnxModel wants them declared.
std::vector<OnnxColumn> EncodedColumns(const transform::Transform& transform);

}  // namespace roost::predict
