#include "grpc/inference_tensors.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "grpc/model_version.h"
#include "grpc/typed_values.h"
#include "serving/binary_tensor.h"

namespace roost::grpc {
namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;
using serving::Datatype;
using serving::Tensor;

/// Refuses parameters that would change the meaning of a tensor; others are ignored, as the protocol allows.
template <typename Message>
absl::Status CheckParameters(const Message& message) {
  for (const char* name : {"shared_memory_region", "classification"}) {
    if (!message.parameters().contains(name)) continue;
    return absl::UnimplementedError(
        fmt::format("tensor '{}': the parameter '{}' is not offered here", message.name(), name));
  }
  return absl::OkStatus();
}

/// The field of `contents` for the tensor's datatype.
std::string_view FieldOf(Datatype datatype) {
  switch (datatype) {
    case Datatype::kBool: return "bool_contents";
    case Datatype::kInt8:
    case Datatype::kInt16:
    case Datatype::kInt32: return "int_contents";
    case Datatype::kInt64: return "int64_contents";
    case Datatype::kUint8:
    case Datatype::kUint16:
    case Datatype::kUint32: return "uint_contents";
    case Datatype::kUint64: return "uint64_contents";
    case Datatype::kFp32: return "fp32_contents";
    case Datatype::kFp64: return "fp64_contents";
    case Datatype::kBytes: return "bytes_contents";
  }
  return "";
}

absl::Status AppendContents(const InferTensorContents& contents, Tensor& tensor) {
  const std::string_view field = FieldOf(tensor.datatype);
  switch (tensor.datatype) {
    case Datatype::kBool: return AppendValues<uint8_t>(contents.bool_contents(), field, tensor);
    case Datatype::kInt8: return AppendValues<int8_t>(contents.int_contents(), field, tensor);
    case Datatype::kInt16: return AppendValues<int16_t>(contents.int_contents(), field, tensor);
    case Datatype::kInt32: return AppendValues<int32_t>(contents.int_contents(), field, tensor);
    case Datatype::kInt64: return AppendValues<int64_t>(contents.int64_contents(), field, tensor);
    case Datatype::kUint8: return AppendValues<uint8_t>(contents.uint_contents(), field, tensor);
    case Datatype::kUint16: return AppendValues<uint16_t>(contents.uint_contents(), field, tensor);
    case Datatype::kUint32: return AppendValues<uint32_t>(contents.uint_contents(), field, tensor);
    case Datatype::kUint64: return AppendValues<uint64_t>(contents.uint64_contents(), field, tensor);
    case Datatype::kFp32: return AppendValues<float>(contents.fp32_contents(), field, tensor);
    case Datatype::kFp64: return AppendValues<double>(contents.fp64_contents(), field, tensor);
    case Datatype::kBytes: return AppendValues<std::string>(contents.bytes_contents(), field, tensor);
  }
  return absl::OkStatus();
}

absl::Status ReadContents(const InferTensorContents& contents, Tensor& tensor) {
  TRY(AppendContents(contents, tensor));
  const auto count = serving::NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  if (tensor.size() == *count) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "input '{}': shape {} means {} values of {}, and {} has {}", tensor.name, serving::ShapeText(tensor.shape),
      *count, serving::DatatypeName(tensor.datatype), FieldOf(tensor.datatype), tensor.size()));
}

/// `raw` is null where the values are in the input itself.
absl::StatusOr<Tensor> ToTensor(const ModelInferRequest::InferInputTensor& input, const std::string* raw) {
  Tensor tensor{.name = input.name(), .shape = {input.shape().begin(), input.shape().end()}};
  const std::optional<serving::Half> half = serving::ParseHalf(input.datatype());
  const auto datatype = serving::ParseDatatype(half.has_value() ? "FP32" : std::string_view(input.datatype()));
  if (!datatype.ok()) return Annotate(datatype.status(), fmt::format("input '{}'", input.name()));
  tensor.datatype = *datatype;
  TRY(CheckParameters(input));
  if (raw == nullptr) {
    if (half.has_value()) {
      return absl::InvalidArgumentError(fmt::format(
          "input '{}': {} comes in raw_input_contents only, as the protocol has it", input.name(), input.datatype()));
    }
    TRY(ReadContents(input.contents(), tensor));
  } else if (input.contents().ByteSizeLong() > 0) {
    return absl::InvalidArgumentError(fmt::format(
        "input '{}' has 'contents', and the request has raw_input_contents; it must be one of them", input.name()));
  } else {
    TRY(half.has_value() ? serving::ReadBinaryHalves(*raw, *half, tensor) : serving::ReadBinary(*raw, tensor));
  }
  return tensor;
}

/// The parameter `name` of the request, an integer that is not negative; 0 where it is not there.
absl::StatusOr<uint64_t> CountParameter(const ModelInferRequest& message, const char* name) {
  const auto found = message.parameters().find(name);
  if (found == message.parameters().end()) return 0;
  const inference::InferParameter& parameter = found->second;
  if (parameter.has_uint64_param()) return parameter.uint64_param();
  if (parameter.has_int64_param() && parameter.int64_param() >= 0)
    return static_cast<uint64_t>(parameter.int64_param());
  return absl::InvalidArgumentError(fmt::format("the parameter '{}' must be an integer that is not negative", name));
}

}  // namespace

absl::StatusOr<serving::InferRequest> ToInferRequest(const ModelInferRequest& message) {
  serving::InferRequest request{.model_name = message.model_name(), .id = message.id()};
  TRY_ASSIGN(request.model_version, ParseModelVersion(message.model_version()));
  TRY_ASSIGN(request.priority, CountParameter(message, "priority"));
  TRY_ASSIGN(const uint64_t timeout, CountParameter(message, "timeout"));
  request.timeout = std::chrono::microseconds(std::min<uint64_t>(timeout, std::numeric_limits<int64_t>::max()));
  const bool raw = message.raw_input_contents_size() > 0;
  if (raw && message.raw_input_contents_size() != message.inputs_size()) {
    return absl::InvalidArgumentError(fmt::format("raw_input_contents has {} entries, and there are {} inputs",
                                                  message.raw_input_contents_size(), message.inputs_size()));
  }
  for (int i = 0; i < message.inputs_size(); ++i) {
    TRY_ASSIGN(Tensor tensor, ToTensor(message.inputs(i), raw ? &message.raw_input_contents(i) : nullptr));
    request.inputs.push_back(std::move(tensor));
  }
  for (const auto& output : message.outputs()) {
    TRY(CheckParameters(output));
    request.outputs.push_back(output.name());
  }
  return request;
}

void WriteInferResponse(serving::InferResponse response, inference::ModelInferResponse& message) {
  message.set_model_name(response.model_name);
  message.set_model_version(fmt::format("{}", response.model_version));
  message.set_id(response.id);
  for (Tensor& tensor : response.outputs) {
    auto& output = *message.add_outputs();
    output.set_name(tensor.name);
    output.set_datatype(std::string(serving::DatatypeName(tensor.datatype)));
    output.mutable_shape()->Assign(tensor.shape.begin(), tensor.shape.end());
    std::string& raw = *message.add_raw_output_contents();
    if (tensor.datatype == Datatype::kBytes) {
      serving::AppendBinary(tensor, raw);
    } else {
      raw = std::move(tensor.bytes);
    }
  }
}

}  // namespace roost::grpc
