#include "rest/tensor_codec.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/status.h"
#include "rest/json_text.h"

namespace roost::rest {
namespace {

using serving::Datatype;
using serving::Tensor;

float FromFp16(uint16_t bits) {
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

float FromBf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

absl::Status WrongSize(const Tensor& tensor, std::string_view datatype, int64_t count, size_t width, size_t size) {
  return absl::InvalidArgumentError(
      fmt::format("input '{}': {} values of {} are {} bytes each, and binary_data_size is {}", tensor.name, count,
                  datatype, width, size));
}

template <typename T>
void AppendFloat(T value, std::string& json) {
  if (std::isfinite(value)) {
    AppendJsonNumber(value, json);
  } else {
    json.append("null");
  }
}

void AppendElement(const Tensor& tensor, int64_t i, std::string& json) {
  switch (tensor.datatype) {
    case Datatype::kBool: json.append(tensor.At<uint8_t>(i) != 0 ? "true" : "false"); return;
    case Datatype::kInt8: return AppendJsonNumber<int>(tensor.At<int8_t>(i), json);
    case Datatype::kInt16: return AppendJsonNumber(tensor.At<int16_t>(i), json);
    case Datatype::kInt32: return AppendJsonNumber(tensor.At<int32_t>(i), json);
    case Datatype::kInt64: return AppendJsonNumber(tensor.At<int64_t>(i), json);
    case Datatype::kUint8: return AppendJsonNumber<unsigned>(tensor.At<uint8_t>(i), json);
    case Datatype::kUint16: return AppendJsonNumber(tensor.At<uint16_t>(i), json);
    case Datatype::kUint32: return AppendJsonNumber(tensor.At<uint32_t>(i), json);
    case Datatype::kUint64: return AppendJsonNumber(tensor.At<uint64_t>(i), json);
    case Datatype::kFp32: return AppendFloat(tensor.At<float>(i), json);
    case Datatype::kFp64: return AppendFloat(tensor.At<double>(i), json);
    case Datatype::kBytes: return AppendJsonString(tensor.texts[static_cast<size_t>(i)], json);
  }
}

}  // namespace

std::optional<Half> ParseHalf(std::string_view datatype) {
  if (datatype == "FP16") return Half::kFp16;
  return datatype == "BF16" ? std::optional(Half::kBf16) : std::nullopt;
}

absl::Status ReadHalfBinary(std::string_view bytes, Half half, Tensor& tensor) {
  const auto count = serving::NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  constexpr size_t kWidth = sizeof(uint16_t);
  if (bytes.size() % kWidth != 0 || bytes.size() / kWidth != static_cast<size_t>(*count)) {
    return WrongSize(tensor, half == Half::kFp16 ? "FP16" : "BF16", *count, kWidth, bytes.size());
  }
  for (size_t i = 0; i < bytes.size(); i += kWidth) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + i, kWidth);
    tensor.Append(half == Half::kFp16 ? FromFp16(bits) : FromBf16(bits));
  }
  return absl::OkStatus();
}

void AppendJsonData(const Tensor& tensor, std::string& json) {
  json.push_back('[');
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (i > 0) json.push_back(',');
    if (tensor.IsNull(i)) {
      json.append("null");
    } else {
      AppendElement(tensor, i, json);
    }
  }
  json.push_back(']');
}

}  // namespace roost::rest
