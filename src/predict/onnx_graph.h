#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "predict/onnx_runtime.h"

namespace roost::predict {

/// An attribute of a node. A tensor is one of its shape and values.
struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, std::string, std::vector<int64_t>, std::vector<std::string>, std::vector<float>, OnnxTensor>
      value;
};

/// Writes an ONNX graph, node by node; each method returns the name of the value that it made. What it writes is the
/// same for the same calls. One thread.
class OnnxGraph {
 public:
  /// The versions that are written: operators, of ai.onnx.ml too, and of the file's own form. ONNX Runtime 1.17 and
  /// later read them.
  static constexpr int64_t kOpset = 20;
  static constexpr int64_t kMlOpset = 3;
  static constexpr int64_t kIrVersion = 9;

  OnnxGraph();
  ~OnnxGraph();

  /// A tensor that the caller of the model brings; -1 in `shape` is the number of rows. All inputs come first: the
  /// names of other values are none of theirs.
  std::string Input(std::string_view name, OnnxElement element, std::span<const int64_t> shape);
  /// `value` under the name `name` as a result.
  void Output(std::string_view name, const std::string& value, OnnxElement element, std::span<const int64_t> shape);

  /// The (first) result of an operator over values. `domain` is "" or "ai.onnx.ml".
  std::string Node(std::string_view op, std::vector<std::string> inputs, std::vector<OnnxAttribute> attributes = {},
                   std::string_view domain = "");
  /// The same of the domain ai.onnx.ml.
  std::string MlNode(std::string_view op, std::vector<std::string> inputs, std::vector<OnnxAttribute> attributes) {
    return Node(op, std::move(inputs), std::move(attributes), "ai.onnx.ml");
  }

  std::string Constant(OnnxTensor tensor);
  std::string Number(double value) { return Constant({{}, std::vector<double>{value}}); }
  std::string Integer(int64_t value) { return Constant({{}, std::vector<int64_t>{value}}); }

  /// A remark for who reads the file: one of its metadata.
  void Remark(std::string_view key, std::string_view text);

  /// The file; the graph is empty afterwards. ResourceExhausted over kMaxOnnxBytes (onnx_check.h).
  absl::StatusOr<std::string> Finish(std::string_view name, std::string_view doc);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace roost::predict
