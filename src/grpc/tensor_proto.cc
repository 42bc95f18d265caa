#include "grpc/tensor_proto.h"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "grpc/typed_values.h"
#include "serving/binary_tensor.h"
#include "serving/infer.h"

namespace roost::grpc {
namespace {

using serving::Datatype;
using serving::Tensor;
using tensorflow::TensorProto;

constexpr size_t kMaxRepeatedBytes = 64 << 20;

struct TypePair {
  Datatype datatype;
  tensorflow::DataType type;
};

constexpr std::array kTypes{
    TypePair{Datatype::kBool, tensorflow::DT_BOOL},     TypePair{Datatype::kInt8, tensorflow::DT_INT8},
    TypePair{Datatype::kInt16, tensorflow::DT_INT16},   TypePair{Datatype::kInt32, tensorflow::DT_INT32},
    TypePair{Datatype::kInt64, tensorflow::DT_INT64},   TypePair{Datatype::kUint8, tensorflow::DT_UINT8},
    TypePair{Datatype::kUint16, tensorflow::DT_UINT16}, TypePair{Datatype::kUint32, tensorflow::DT_UINT32},
    TypePair{Datatype::kUint64, tensorflow::DT_UINT64}, TypePair{Datatype::kFp32, tensorflow::DT_FLOAT},
    TypePair{Datatype::kFp64, tensorflow::DT_DOUBLE},   TypePair{Datatype::kBytes, tensorflow::DT_STRING}};

absl::StatusOr<Datatype> FromType(tensorflow::DataType type) {
  for (const TypePair& pair : kTypes) {
    if (pair.type == type) return pair.datatype;
  }
  return absl::InvalidArgumentError(fmt::format(
      "the dtype {} is not taken: send DT_DOUBLE, DT_FLOAT, DT_STRING, DT_BOOL or an integer", static_cast<int>(type)));
}

absl::Status AppendField(const TensorProto& proto, Tensor& tensor) {
  switch (tensor.datatype) {
    case Datatype::kBool: return AppendValues<uint8_t>(proto.bool_val(), "bool_val", tensor);
    case Datatype::kInt8: return AppendValues<int8_t>(proto.int_val(), "int_val", tensor);
    case Datatype::kInt16: return AppendValues<int16_t>(proto.int_val(), "int_val", tensor);
    case Datatype::kInt32: return AppendValues<int32_t>(proto.int_val(), "int_val", tensor);
    case Datatype::kInt64: return AppendValues<int64_t>(proto.int64_val(), "int64_val", tensor);
    case Datatype::kUint8: return AppendValues<uint8_t>(proto.int_val(), "int_val", tensor);
    case Datatype::kUint16: return AppendValues<uint16_t>(proto.int_val(), "int_val", tensor);
    case Datatype::kUint32: return AppendValues<uint32_t>(proto.uint32_val(), "uint32_val", tensor);
    case Datatype::kUint64: return AppendValues<uint64_t>(proto.uint64_val(), "uint64_val", tensor);
    case Datatype::kFp32: return AppendValues<float>(proto.float_val(), "float_val", tensor);
    case Datatype::kFp64: return AppendValues<double>(proto.double_val(), "double_val", tensor);
    case Datatype::kBytes: return AppendValues<std::string>(proto.string_val(), "string_val", tensor);
  }
  return absl::OkStatus();
}

/// Repeats the last value until there are `count`, more than there are.
absl::Status Repeat(int64_t count, Tensor& tensor) {
  const bool texts = tensor.datatype == Datatype::kBytes;
  const size_t width = texts ? tensor.texts.back().size() : serving::ElementBytes(tensor.datatype);
  const auto missing = static_cast<size_t>(count - tensor.size());
  if (count > serving::kMaxRows || missing * width > kMaxRepeatedBytes) {
    return absl::InvalidArgumentError(fmt::format("input '{}': {} values are too many to be made by repeating the last",
                                                  tensor.name, FormatCount(count)));
  }
  if (texts) {
    tensor.texts.resize(static_cast<size_t>(count), std::string(tensor.texts.back()));
    return absl::OkStatus();
  }
  const std::string last = tensor.bytes.substr(tensor.bytes.size() - width);
  for (size_t i = 0; i < missing; ++i) tensor.bytes.append(last);
  return absl::OkStatus();
}

absl::Status ReadField(const TensorProto& proto, Tensor& tensor) {
  TRY(AppendField(proto, tensor));
  const auto count = serving::NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  if (tensor.size() == 0 && *count > 0) {
    return absl::InvalidArgumentError(fmt::format("input '{}' has no values for its shape {} and its dtype",
                                                  tensor.name, serving::ShapeText(tensor.shape)));
  }
  if (tensor.size() < *count) return Repeat(*count, tensor);
  return serving::CheckTensor(tensor);
}

}  // namespace

absl::StatusOr<Tensor> FromTensorProto(std::string name, const TensorProto& proto) {
  const auto datatype = FromType(proto.dtype());
  if (!datatype.ok()) return Annotate(datatype.status(), fmt::format("input '{}'", name));
  Tensor tensor{.name = std::move(name), .datatype = *datatype};
  if (proto.tensor_shape().unknown_rank()) {
    return absl::InvalidArgumentError(fmt::format("input '{}': its shape is not known", tensor.name));
  }
  for (const auto& dim : proto.tensor_shape().dim()) tensor.shape.push_back(dim.size());
  if (proto.tensor_content().empty()) {
    TRY(ReadField(proto, tensor));
  } else if (tensor.datatype == Datatype::kBytes) {
    return absl::InvalidArgumentError(
        fmt::format("input '{}': strings are taken in string_val, not in tensor_content", tensor.name));
  } else {
    TRY(serving::ReadBinary(proto.tensor_content(), tensor));
  }
  return tensor;
}

void ToTensorProto(const Tensor& tensor, TensorProto& proto) {
  proto.set_dtype(TensorflowType(tensor.datatype));
  for (const int64_t extent : tensor.shape) proto.mutable_tensor_shape()->add_dim()->set_size(extent);
  if (tensor.datatype == Datatype::kBytes) {
    for (const std::string& text : tensor.texts) proto.add_string_val(text);
  } else if (tensor.datatype == Datatype::kFp64) {
    for (int64_t i = 0; i < tensor.size(); ++i) proto.add_double_val(tensor.At<double>(i));
  } else {
    proto.set_tensor_content(tensor.bytes);
  }
}

tensorflow::DataType TensorflowType(Datatype datatype) { return kTypes[static_cast<size_t>(datatype)].type; }

}  // namespace roost::grpc
