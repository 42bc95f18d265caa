#pragma once

#include <string>

#include <tensorflow.pb.h>

#include "absl/status/statusor.h"
#include "serving/tensor.h"

namespace roost::grpc {

/// The tensor in `proto`, called `name`: from tensor_content, or from the field of its datatype, of whose values the
/// last is repeated up to the shape, as TensorFlow does (one value is a constant tensor).
/// InvalidArgument where the datatype has no equivalent here, the rank is unknown, or the values are not those of the
/// shape. What is repeated is at most serving::kMaxRows values and 64 MiB of texts.
absl::StatusOr<serving::Tensor> FromTensorProto(std::string name, const tensorflow::TensorProto& proto);

/// Writes FP64 and BYTES into double_val and string_val, where all clients look for them, others into tensor_content.
void ToTensorProto(const serving::Tensor& tensor, tensorflow::TensorProto& proto);

/// TensorFlow's name of a datatype.
tensorflow::DataType TensorflowType(serving::Datatype datatype);

}  // namespace roost::grpc
