#include "predict/onnx_check.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include <onnx-ml.pb.h>
#include "base/format.h"
#include "base/status.h"

namespace roost::predict {
namespace {

// Those of ONNX itself ("" and "ai.onnx" are the same) and of ONNX Runtime's CPU build.
constexpr std::array<std::string_view, 5> kDomains{"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"};

bool IsKnown(std::string_view domain) { return std::find(kDomains.begin(), kDomains.end(), domain) != kDomains.end(); }

absl::Status CheckTensor(const onnx::TensorProto& tensor) {
  if (tensor.data_location() != onnx::TensorProto::EXTERNAL && tensor.external_data().empty()) return absl::OkStatus();
  std::string location;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = fmt::format(" ('{}')", entry.value());
  }
  return WithHint(
      absl::InvalidArgumentError(fmt::format(
          "the values of tensor '{}' are in another file{}; a model must be one file", tensor.name(), location)),
      "export it again without external data: onnx.save(model, path, save_as_external_data=False)");
}

absl::Status CheckSparse(const onnx::SparseTensorProto& tensor) {
  TRY(CheckTensor(tensor.values()));
  return CheckTensor(tensor.indices());
}

absl::Status CheckGraph(const onnx::GraphProto& graph);

absl::Status CheckNode(const onnx::NodeProto& node) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_t()) TRY(CheckTensor(attribute.t()));
    if (attribute.has_sparse_tensor()) TRY(CheckSparse(attribute.sparse_tensor()));
    if (attribute.has_g()) TRY(CheckGraph(attribute.g()));
    for (const auto& tensor : attribute.tensors()) TRY(CheckTensor(tensor));
    for (const auto& tensor : attribute.sparse_tensors()) TRY(CheckSparse(tensor));
    for (const auto& graph : attribute.graphs()) TRY(CheckGraph(graph));
  }
  return absl::OkStatus();
}

// Recursion ends: protobuf reads no more than a hundred messages within each other.
absl::Status CheckGraph(const onnx::GraphProto& graph) {
  for (const auto& tensor : graph.initializer()) TRY(CheckTensor(tensor));
  for (const auto& tensor : graph.sparse_initializer()) TRY(CheckSparse(tensor));
  for (const auto& node : graph.node()) TRY(CheckNode(node));
  return absl::OkStatus();
}

// A file may bring functions, in domains of its own; what they are made of is checked like the rest.
absl::Status CheckDomains(const onnx::ModelProto& model) {
  const auto is_local = [&](const std::string& domain) {
    return std::any_of(model.functions().begin(), model.functions().end(),
                       [&](const auto& function) { return function.domain() == domain; });
  };
  const auto check = [&](const auto& imports) -> absl::Status {
    for (const auto& import : imports) {
      if (IsKnown(import.domain()) || is_local(import.domain())) continue;
      return WithHint(absl::InvalidArgumentError(fmt::format(
                          "it uses operators of the domain '{}', which ONNX Runtime does not have", import.domain())),
                      "export it with the operators of ONNX alone (domains ai.onnx and ai.onnx.ml)");
    }
    return absl::OkStatus();
  };
  TRY(check(model.opset_import()));
  for (const auto& function : model.functions()) TRY(check(function.opset_import()));
  return absl::OkStatus();
}

absl::Status CheckModel(const onnx::ModelProto& model) {
  TRY(CheckGraph(model.graph()));
  for (const auto& training : model.training_info()) {
    TRY(CheckGraph(training.initialization()));
    TRY(CheckGraph(training.algorithm()));
  }
  for (const auto& function : model.functions()) {
    for (const auto& node : function.node()) TRY(CheckNode(node));
  }
  return CheckDomains(model);
}

}  // namespace

absl::Status CheckOnnx(std::string_view bytes) {
  if (static_cast<int64_t>(bytes.size()) > kMaxOnnxBytes) {
    return absl::InvalidArgumentError(fmt::format("an ONNX file of {}; it may have at most {}",
                                                  FormatBytes(static_cast<int64_t>(bytes.size())),
                                                  FormatBytes(kMaxOnnxBytes)));
  }
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("it is no ONNX file: its bytes are no ModelProto");
  }
  if (!model.has_graph() || model.graph().output().empty()) {
    return absl::InvalidArgumentError("it is no ONNX model: it has no graph with an output");
  }
  const absl::Status status = CheckModel(model);
  return status.ok() ? status : Annotate(status, "the ONNX file");
}

}  // namespace roost::predict
