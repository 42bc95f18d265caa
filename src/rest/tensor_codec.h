#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serving/tensor.h"

namespace roost::rest {

/// The two forms of numbers of 16 bits: FP16 is IEEE 754's, BF16 the upper half of an FP32.
enum class Half { kFp16, kBf16 };
/// By the protocol's name; nothing for any other.
std::optional<Half> ParseHalf(std::string_view datatype);

/// The same as serving::ReadBinary where the bytes are halves: they are read into `tensor`, which is FP32, without
/// loss.
absl::Status ReadHalfBinary(std::string_view bytes, Half half, serving::Tensor& tensor);

/// Appends the elements as a JSON array. Doubles and floats are written in the shortest form that reads back to the
/// same bits; what JSON has no number for (NaN, infinity) and nulls are written as null.
void AppendJsonData(const serving::Tensor& tensor, std::string& json);

}  // namespace roost::rest
