#include "rest/infer_request.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/status.h"
#include "rest/json_body.h"
#include "serving/binary_tensor.h"

namespace roost::rest {
namespace {

using serving::Datatype;
using serving::Tensor;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr int kMaxNesting = 8;          // of "data"
constexpr size_t kMostReserved = 1024;  // inputs, before they are seen to be any

absl::Status Wrong(const Tensor& tensor, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("input '{}': {}", tensor.name, what));
}

template <typename T>
bool AppendInteger(element value, Tensor& tensor) {
  int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS) return false;
  if (!std::in_range<T>(number)) return false;
  tensor.Append(static_cast<T>(number));
  return true;
}

bool AppendUint64(element value, Tensor& tensor) {
  uint64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS) return false;
  tensor.Append(number);
  return true;
}

template <typename T>
bool AppendFloat(element value, Tensor& tensor) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS || std::abs(number) > std::numeric_limits<T>::max()) return false;
  tensor.Append(static_cast<T>(number));
  return true;
}

bool AppendBool(element value, Tensor& tensor) {
  bool truth = false;
  if (value.get(truth) != simdjson::SUCCESS) return false;
  tensor.Append(static_cast<uint8_t>(truth));
  return true;
}

bool AppendText(element value, Tensor& tensor) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  tensor.texts.emplace_back(text);
  return true;
}

bool AppendElement(element value, Tensor& tensor) {
  switch (tensor.datatype) {
    case Datatype::kBool: return AppendBool(value, tensor);
    case Datatype::kInt8: return AppendInteger<int8_t>(value, tensor);
    case Datatype::kInt16: return AppendInteger<int16_t>(value, tensor);
    case Datatype::kInt32: return AppendInteger<int32_t>(value, tensor);
    case Datatype::kInt64: return AppendInteger<int64_t>(value, tensor);
    case Datatype::kUint8: return AppendInteger<uint8_t>(value, tensor);
    case Datatype::kUint16: return AppendInteger<uint16_t>(value, tensor);
    case Datatype::kUint32: return AppendInteger<uint32_t>(value, tensor);
    case Datatype::kUint64: return AppendUint64(value, tensor);
    case Datatype::kFp32: return AppendFloat<float>(value, tensor);
    case Datatype::kFp64: return AppendFloat<double>(value, tensor);
    case Datatype::kBytes: return AppendText(value, tensor);
  }
  return false;
}

void AppendNull(Tensor& tensor) {
  tensor.nulls.resize(static_cast<size_t>(tensor.size()), false);
  tensor.nulls.push_back(true);
  if (tensor.datatype == Datatype::kBytes) {
    tensor.texts.emplace_back();
  } else {
    tensor.bytes.append(serving::ElementBytes(tensor.datatype), '\0');
  }
}

absl::Status AppendData(array data, int64_t count, int depth, Tensor& tensor) {
  for (const element value : data) {
    array nested;
    const bool is_array = value.get(nested) == simdjson::SUCCESS;
    if (!is_array && tensor.size() >= count) {
      return Wrong(tensor, fmt::format("shape {} means {} values, and 'data' has more",
                                       serving::ShapeText(tensor.shape), count));
    }
    if (value.is_null()) {
      AppendNull(tensor);
    } else if (is_array) {
      if (depth >= kMaxNesting) return Wrong(tensor, fmt::format("data is nested deeper than {}", kMaxNesting));
      TRY(AppendData(nested, count, depth + 1, tensor));
    } else if (!AppendElement(value, tensor)) {
      return Wrong(tensor, fmt::format("value {} is {}, which does not fit {}", tensor.size(), KindOf(value),
                                       serving::DatatypeName(tensor.datatype)));
    }
  }
  return absl::OkStatus();
}

/// The parameter `name` of `parent`, or nothing where it is not there.
std::optional<element> Parameter(object parent, std::string_view name) {
  element parameter;
  if (parent["parameters"][name].get(parameter) != simdjson::SUCCESS) return std::nullopt;
  return parameter;
}

absl::StatusOr<std::optional<bool>> BoolParameter(object parent, std::string_view name) {
  const std::optional<element> parameter = Parameter(parent, name);
  if (!parameter.has_value()) return std::nullopt;
  bool value = false;
  if (parameter->get(value) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(fmt::format("the parameter '{}' must be true or false", name));
  }
  return value;
}

absl::StatusOr<std::optional<int64_t>> IntegerParameter(object parent, std::string_view name) {
  const std::optional<element> parameter = Parameter(parent, name);
  if (!parameter.has_value()) return std::nullopt;
  int64_t value = 0;
  if (parameter->get(value) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(fmt::format("the parameter '{}' must be an integer", name));
  }
  return value;
}

/// An integer that is not negative; 0 where it is not there.
absl::StatusOr<int64_t> CountParameter(object parent, std::string_view name) {
  TRY_ASSIGN(const std::optional<int64_t> value, IntegerParameter(parent, name));
  if (value.value_or(0) >= 0) return value.value_or(0);
  return absl::InvalidArgumentError(fmt::format("the parameter '{}' must not be negative", name));
}

absl::Status HasNoName(std::string_view list, size_t index) {
  return absl::InvalidArgumentError(fmt::format("{}[{}] has no 'name' that is a string", list, index));
}

/// The members of one input, found in one pass; of equal names the first.
struct InputMembers {
  std::optional<element> name, datatype, shape, data, binary_data_size;
};

InputMembers MembersOf(object json) {
  InputMembers members;
  const auto set = [](std::optional<element>& member, element value) {
    if (!member.has_value()) member = value;
  };
  for (const auto [name, value] : json) {
    if (name == "name") {
      set(members.name, value);
    } else if (name == "datatype") {
      set(members.datatype, value);
    } else if (name == "shape") {
      set(members.shape, value);
    } else if (name == "data") {
      set(members.data, value);
    } else if (name == "parameters") {
      element size;
      if (value["binary_data_size"].get(size) == simdjson::SUCCESS) set(members.binary_data_size, size);
    }
  }
  return members;
}

template <typename T>
bool Get(const std::optional<element>& member, T& value) {
  return member.has_value() && member->get(value) == simdjson::SUCCESS;
}

absl::Status DecodeShape(const std::optional<element>& json, Tensor& tensor) {
  array shape;
  if (!Get(json, shape)) return Wrong(tensor, "'shape' must be an array");
  for (const element value : shape) {
    int64_t extent = 0;
    if (value.get(extent) != simdjson::SUCCESS) return Wrong(tensor, "'shape' must hold integers");
    tensor.shape.push_back(extent);
  }
  return absl::OkStatus();
}

absl::Status DecodeInput(object json, size_t index, std::string_view& binary, Tensor& tensor) {
  const InputMembers members = MembersOf(json);
  std::string_view name;
  if (!Get(members.name, name)) return HasNoName("inputs", index);
  tensor.name = name;
  std::string_view datatype;
  if (!Get(members.datatype, datatype)) return Wrong(tensor, "'datatype' must be a string");
  const std::optional<serving::Half> half = serving::ParseHalf(datatype);
  auto parsed = serving::ParseDatatype(half.has_value() ? "FP32" : datatype);
  if (!parsed.ok()) return Annotate(parsed.status(), fmt::format("input '{}'", tensor.name));
  tensor.datatype = *parsed;
  TRY(DecodeShape(members.shape, tensor));
  if (members.binary_data_size.has_value()) {
    uint64_t size = 0;
    if (members.data.has_value()) return Wrong(tensor, "it has both 'data' and 'binary_data_size'");
    if (!Get(members.binary_data_size, size)) return Wrong(tensor, "'binary_data_size' must be an integer");
    if (size > binary.size()) {
      return Wrong(tensor,
                   fmt::format("binary_data_size is {}, and {} bytes are left in the body", size, binary.size()));
    }
    TRY(half.has_value() ? serving::ReadBinaryHalves(binary.substr(0, size), *half, tensor)
                         : serving::ReadBinary(binary.substr(0, size), tensor));
    binary.remove_prefix(size);
    return absl::OkStatus();
  }
  if (half.has_value()) return Wrong(tensor, fmt::format("{} comes as binary data only", datatype));
  array values;
  if (!Get(members.data, values)) return Wrong(tensor, "'data' must be an array");
  const auto count = serving::NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  TRY(AppendData(values, *count, 1, tensor));
  if (!tensor.nulls.empty()) tensor.nulls.resize(static_cast<size_t>(tensor.size()), false);
  return absl::OkStatus();
}

absl::Status DecodeOutputs(object json, DecodedRequest& decoded) {
  element value;
  if (json["outputs"].get(value) != simdjson::SUCCESS) return absl::OkStatus();
  array outputs;
  if (value.get(outputs) != simdjson::SUCCESS) return absl::InvalidArgumentError("'outputs' must be an array");
  size_t index = 0;
  for (const element output : outputs) {
    object entry;
    if (output.get(entry) != simdjson::SUCCESS) {
      return absl::InvalidArgumentError(fmt::format("outputs[{}] must be an object", index));
    }
    std::string_view name;
    if (entry["name"].get(name) != simdjson::SUCCESS) return HasNoName("outputs", index);
    ++index;
    RequestedOutput requested;
    TRY_ASSIGN(requested.binary, BoolParameter(entry, "binary_data"));
    TRY_ASSIGN(requested.classification, IntegerParameter(entry, "classification"));
    decoded.request.outputs.emplace_back(name);
    decoded.outputs.push_back(requested);
  }
  return absl::OkStatus();
}

absl::StatusOr<DecodedRequest> DecodeJson(object json, std::string_view binary) {
  DecodedRequest decoded;
  element id;
  if (json["id"].get(id) == simdjson::SUCCESS) {
    std::string_view text;
    if (id.get(text) != simdjson::SUCCESS) return absl::InvalidArgumentError("'id' must be a string");
    decoded.request.id = text;
  }
  TRY_ASSIGN(const std::optional<bool> binary_outputs, BoolParameter(json, "binary_data_output"));
  decoded.binary_outputs = binary_outputs.value_or(false);
  TRY_ASSIGN(const int64_t priority, CountParameter(json, "priority"));
  TRY_ASSIGN(const int64_t timeout, CountParameter(json, "timeout"));
  decoded.request.priority = static_cast<uint64_t>(priority);
  decoded.request.timeout = std::chrono::microseconds(timeout);
  array inputs;
  if (json["inputs"].get(inputs) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("the request has no 'inputs' that is an array");
  }
  decoded.request.inputs.reserve(std::min(inputs.size(), kMostReserved));
  size_t index = 0;
  for (const element input : inputs) {
    object entry;
    if (input.get(entry) != simdjson::SUCCESS) {
      return absl::InvalidArgumentError(fmt::format("inputs[{}] must be an object", index));
    }
    TRY(DecodeInput(entry, index++, binary, decoded.request.inputs.emplace_back()));
  }
  if (!binary.empty()) {
    return absl::InvalidArgumentError(fmt::format("{} bytes of the body belong to no input", binary.size()));
  }
  TRY(DecodeOutputs(json, decoded));
  return decoded;
}

}  // namespace

absl::StatusOr<DecodedRequest> DecodeRequest(std::string_view body, std::optional<size_t> header_length) {
  if (header_length.value_or(0) > body.size()) {
    return absl::InvalidArgumentError(
        fmt::format("Inference-Header-Content-Length is {}, and the body has {} bytes", *header_length, body.size()));
  }
  const std::string_view json = body.substr(0, header_length.value_or(body.size()));
  TRY_ASSIGN(const JsonBody parsed, JsonBody::Parse(json));
  object root;
  if (parsed.root().get(root) != simdjson::SUCCESS)
    return absl::InvalidArgumentError("the request is not a JSON object");
  return DecodeJson(root, body.substr(json.size()));
}

absl::StatusOr<DecodedRequest> DecodeRawRequest(std::string_view body, const serving::Servable& servable) {
  if (servable.inputs().size() != 1) {
    return absl::InvalidArgumentError(fmt::format(
        "a raw binary request (Inference-Header-Content-Length: 0) is for models of one input; model '{}' has {}",
        servable.name(), servable.inputs().size()));
  }
  const serving::TensorSpec& spec = servable.inputs().front();
  Tensor tensor{.name = spec.name, .datatype = spec.datatype, .shape = {1}};
  if (spec.datatype == Datatype::kBytes) {
    tensor.texts.emplace_back(body);
  } else {
    tensor.shape[0] = static_cast<int64_t>(body.size() / serving::ElementBytes(spec.datatype));
    TRY(ReadBinary(body, tensor));
  }
  DecodedRequest decoded{.binary_outputs = true};
  decoded.request.inputs.push_back(std::move(tensor));
  return decoded;
}

}  // namespace roost::rest
