#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "serving/tensor.h"

namespace roost::serving {

/// Reads the elements of `tensor`, whose datatype and shape are known, from `bytes` in the form of the binary tensor
/// extension: little-endian, BOOL one byte, BYTES each with its length as 4 bytes before it. InvalidArgument where the
/// bytes are not exactly those of that many elements. Allocates no more than a small multiple of `bytes`.
absl::Status ReadBinary(std::string_view bytes, Tensor& tensor);

/// Appends the elements in the form that ReadBinary reads.
void AppendBinary(const Tensor& tensor, std::string& bytes);

}  // namespace roost::serving
