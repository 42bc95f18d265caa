#include "predict/onnx_graph.h"

#include <fmt/format.h>

#include <onnx-ml.pb.h>
#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "base/format.h"
#include "base/status.h"
#include "predict/onnx_check.h"

namespace roost::predict {
namespace {

int32_t TypeOf(OnnxElement element) {
  switch (element) {
    case OnnxElement::kFloat: return onnx::TensorProto::FLOAT;
    case OnnxElement::kDouble: return onnx::TensorProto::DOUBLE;
    case OnnxElement::kInt64: return onnx::TensorProto::INT64;
    case OnnxElement::kInt32: return onnx::TensorProto::INT32;
    case OnnxElement::kBool: return onnx::TensorProto::BOOL;
    case OnnxElement::kText: return onnx::TensorProto::STRING;
    case OnnxElement::kOther: break;
  }
  return onnx::TensorProto::UNDEFINED;
}

void Fill(const OnnxTensor& tensor, onnx::TensorProto& proto) {
  for (const int64_t extent : tensor.shape) proto.add_dims(extent);
  proto.set_data_type(TypeOf(static_cast<OnnxElement>(tensor.values.index())));
  if (const auto* texts = std::get_if<std::vector<std::string>>(&tensor.values)) {
    for (const std::string& text : *texts) proto.add_string_data(text);
    return;
  }
  std::visit(
      [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (!std::is_same_v<T, std::string>) {
          // Little-endian, as every machine that Roost runs on.
          proto.set_raw_data(values.data(), values.size() * sizeof(T));
        }
      },
      tensor.values);
}

void Fill(const OnnxAttribute& attribute, onnx::AttributeProto& proto) {
  proto.set_name(attribute.name);
  if (const auto* integer = std::get_if<int64_t>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*integer);
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(*text);
  } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const int64_t i : *integers) proto.add_ints(i);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& s : *texts) proto.add_strings(s);
  } else if (const auto* floats = std::get_if<std::vector<float>>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::FLOATS);
    for (const float f : *floats) proto.add_floats(f);
  } else {
    proto.set_type(onnx::AttributeProto::TENSOR);
    Fill(std::get<OnnxTensor>(attribute.value), *proto.mutable_t());
  }
}

void Fill(std::string_view name, OnnxElement element, std::span<const int64_t> shape, onnx::ValueInfoProto& info) {
  info.set_name(std::string(name));
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(TypeOf(element));
  auto* dims = tensor->mutable_shape();
  for (const int64_t extent : shape) {
    if (extent < 0) {
      dims->add_dim()->set_dim_param("N");
    } else {
      dims->add_dim()->set_dim_value(extent);
    }
  }
}

}  // namespace

struct OnnxGraph::State {
  onnx::ModelProto model;
  int64_t num_values = 0;
  absl::flat_hash_set<std::string> inputs;

  std::string NewName() {
    std::string name;
    do name = fmt::format("v{}", num_values++);
    while (inputs.contains(name));
    return name;
  }
};

OnnxGraph::OnnxGraph() : state_(std::make_unique<State>()) {}
OnnxGraph::~OnnxGraph() = default;

std::string OnnxGraph::Input(std::string_view name, OnnxElement element, std::span<const int64_t> shape) {
  Fill(name, element, shape, *state_->model.mutable_graph()->add_input());
  state_->inputs.emplace(name);
  return std::string(name);
}

void OnnxGraph::Output(std::string_view name, const std::string& value, OnnxElement element,
                       std::span<const int64_t> shape) {
  Fill(name, element, shape, *state_->model.mutable_graph()->add_output());
  auto* node = state_->model.mutable_graph()->add_node();
  node->set_op_type("Identity");
  node->add_input(value);
  node->add_output(std::string(name));
}

std::string OnnxGraph::Node(std::string_view op, std::vector<std::string> inputs, std::vector<OnnxAttribute> attributes,
                            std::string_view domain) {
  auto* node = state_->model.mutable_graph()->add_node();
  node->set_op_type(std::string(op));
  node->set_domain(std::string(domain));
  for (std::string& input : inputs) node->add_input(std::move(input));
  for (const OnnxAttribute& attribute : attributes) Fill(attribute, *node->add_attribute());
  const std::string name = state_->NewName();
  node->add_output(name);
  return name;
}

std::string OnnxGraph::Constant(OnnxTensor tensor) {
  auto* proto = state_->model.mutable_graph()->add_initializer();
  Fill(tensor, *proto);
  proto->set_name(state_->NewName());
  return proto->name();
}

void OnnxGraph::Remark(std::string_view key, std::string_view text) {
  auto* entry = state_->model.add_metadata_props();
  entry->set_key(std::string(key));
  entry->set_value(std::string(text));
}

absl::StatusOr<std::string> OnnxGraph::Finish(std::string_view name, std::string_view doc) {
  onnx::ModelProto& model = state_->model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("roost");
  model.set_doc_string(std::string(doc));
  model.mutable_graph()->set_name(std::string(name));
  for (const auto& [domain, version] : {std::pair<std::string, int64_t>{"", kOpset}, {"ai.onnx.ml", kMlOpset}}) {
    auto* import = model.add_opset_import();
    import->set_domain(domain);
    import->set_version(version);
  }
  const auto size = static_cast<int64_t>(model.ByteSizeLong());
  std::string bytes;
  if (size <= kMaxOnnxBytes) ROOST_CHECK(model.SerializeToString(&bytes), "the graph lacks a field");
  *state_ = State();
  if (size <= kMaxOnnxBytes) return bytes;
  return WithHint(absl::ResourceExhaustedError(fmt::format("the graph has {}, and {} are the most", FormatBytes(size),
                                                           FormatBytes(kMaxOnnxBytes))),
                  "train with fewer words (top) or trees");
}

}  // namespace roost::predict
