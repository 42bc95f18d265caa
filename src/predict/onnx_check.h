#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace roost::predict {

/// Files over that are refused: a file is held twice while it is loaded.
inline constexpr int64_t kMaxOnnxBytes = int64_t{512} << 20;

/// Whether `bytes` are an ONNX model that may be handed to a runtime: InvalidArgument, with a hint where there is one,
/// - over kMaxOnnxBytes, or where they are no serialized ModelProto with a graph;
/// - where any tensor, in whatever corner of the file, has its values in another file: a runtime would open a path that
///   the file's author chose;
/// - where an operator is of a domain that ONNX Runtime lacks: it would need a library of somebody's own.
/// Source of the format: onnx-ml.proto. Cost: about that of a copy.
absl::Status CheckOnnx(std::string_view bytes);

}  // namespace roost::predict
