#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

// ONNX Runtime behind one file: nothing else includes its headers. The library, libonnxruntime.so.1, is opened when a
// model first needs it.

namespace roost::predict {

/// The elements of tensors that can be handed over; a bool is a byte, 0 or 1. A text may hold any bytes.
using OnnxValues = std::variant<std::vector<float>, std::vector<double>, std::vector<int64_t>, std::vector<int32_t>,
                                std::vector<uint8_t>, std::vector<std::string>>;

/// The alternatives of OnnxValues, by index, and what else there may be.
enum class OnnxElement { kFloat, kDouble, kInt64, kInt32, kBool, kText, kOther };

/// "float", "double", "int64", "int32", "bool", "string", "another type".
std::string_view OnnxElementName(OnnxElement element);

/// A row-major array: as many values as the product of its shape.
struct OnnxTensor {
  std::vector<int64_t> shape;
  OnnxValues values;
};

/// An input or output of a graph.
struct OnnxPort {
  std::string name;
  OnnxElement element = OnnxElement::kOther;
  bool is_tensor = false;      ///< false: a sequence, a map or another thing; `element` and `shape` say nothing then
  std::vector<int64_t> shape;  ///< -1: any extent
};

/// A graph that is ready to run. Immutable; callable from any number of threads, each call on the caller's own: without
/// `intra_op_threads` it makes no threads, so that its results depend on what it is given alone.
class OnnxSession {
 public:
  /// `bytes` have passed CheckOnnx: ONNX Runtime opens whatever file a model names. InvalidArgument with the runtime's
  /// reason where it cannot run the model; Unavailable where there is no runtime. With more than one of
  /// `intra_op_threads` the session has threads of its own, which share the work of one call; sums may then be added up
  /// in another order.
  static absl::StatusOr<std::shared_ptr<const OnnxSession>> Open(std::string_view bytes, int intra_op_threads = 1);
  ~OnnxSession();

  std::span<const OnnxPort> inputs() const { return inputs_; }
  std::span<const OnnxPort> outputs() const { return outputs_; }

  /// The output named `output` for `tensors`, in the order of inputs() and of their types (ROOST_CHECK on their
  /// number). InvalidArgument with the runtime's reason, and where the output is a tensor of no known element.
  absl::StatusOr<OnnxTensor> Run(std::span<const OnnxTensor> tensors, const std::string& output) const;

 private:
  struct State;
  explicit OnnxSession(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
  std::vector<OnnxPort> inputs_, outputs_;
};

}  // namespace roost::predict
