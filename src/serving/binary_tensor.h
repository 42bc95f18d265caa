#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "serving/tensor.h"

namespace roost::serving {

/// Reads the elements of `tensor`, whose datatype and shape are known, from `bytes` in the form of the binary tensor
/// extension: little-endian, BOOL one byte, BYTES each with its length as 4 bytes before it. InvalidArgument where the
/// bytes are not exactly those of that many elements. Allocates no more than a small multiple of `bytes`.
absl::Status ReadBinary(std::string_view bytes, Tensor& tensor);

/// The two forms of numbers of 16 bits: FP16 is IEEE 754's, BF16 the upper half of an FP32. Protocols have them in
/// binary form only.
enum class Half { kFp16, kBf16 };

/// By the protocol's name; nothing for any other.
std::optional<Half> ParseHalf(std::string_view datatype);

/// ReadBinary where the bytes are halves: they are read into `tensor`, which is FP32, without loss.
absl::Status ReadBinaryHalves(std::string_view bytes, Half half, Tensor& tensor);

/// Appends the elements in the form that ReadBinary reads.
void AppendBinary(const Tensor& tensor, std::string& bytes);

}  // namespace roost::serving
