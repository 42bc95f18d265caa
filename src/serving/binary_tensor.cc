#include "serving/binary_tensor.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"

namespace roost::serving {
namespace {

absl::Status ReadBinaryTexts(std::string_view bytes, Tensor& tensor) {
  const auto count = NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  while (!bytes.empty() && static_cast<int64_t>(tensor.texts.size()) < *count) {
    uint32_t size = 0;
    if (bytes.size() < sizeof size) break;
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes.remove_prefix(sizeof size);
    if (size > bytes.size()) {
      return absl::InvalidArgumentError(fmt::format("input '{}': element {} is {} bytes long, and {} bytes are left",
                                                    tensor.name, tensor.texts.size(), size, bytes.size()));
    }
    tensor.texts.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (bytes.empty() && static_cast<int64_t>(tensor.texts.size()) == *count) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("input '{}': shape {} means {} values, and the binary data has {}{}",
                                                tensor.name, ShapeText(tensor.shape), *count, tensor.texts.size(),
                                                bytes.empty() ? "" : " and more bytes"));
}

/// InvalidArgument unless `bytes` are those of the elements of `tensor`, of `width` each.
absl::Status CheckSize(const Tensor& tensor, std::string_view datatype, size_t width, std::string_view bytes) {
  const auto count = NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  if (bytes.size() % width == 0 && bytes.size() / width == static_cast<size_t>(*count)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("input '{}': {} values of {} are {} bytes each, and there are {} bytes",
                                                tensor.name, *count, datatype, width, bytes.size()));
}

float FromFp16(uint16_t bits) {
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

float FromBf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

}  // namespace

std::optional<Half> ParseHalf(std::string_view datatype) {
  if (datatype == "FP16") return Half::kFp16;
  return datatype == "BF16" ? std::optional(Half::kBf16) : std::nullopt;
}

absl::Status ReadBinaryHalves(std::string_view bytes, Half half, Tensor& tensor) {
  constexpr size_t kWidth = sizeof(uint16_t);
  TRY(CheckSize(tensor, half == Half::kFp16 ? "FP16" : "BF16", kWidth, bytes));
  for (size_t i = 0; i < bytes.size(); i += kWidth) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + i, kWidth);
    tensor.Append(half == Half::kFp16 ? FromFp16(bits) : FromBf16(bits));
  }
  return absl::OkStatus();
}

absl::Status ReadBinary(std::string_view bytes, Tensor& tensor) {
  if (tensor.datatype == Datatype::kBytes) return ReadBinaryTexts(bytes, tensor);
  TRY(CheckSize(tensor, DatatypeName(tensor.datatype), ElementBytes(tensor.datatype), bytes));
  tensor.bytes.assign(bytes);
  return absl::OkStatus();
}

void AppendBinary(const Tensor& tensor, std::string& bytes) {
  bytes.append(tensor.bytes);
  for (const std::string& text : tensor.texts) {
    AppendFixed(bytes, static_cast<uint32_t>(text.size()));
    bytes.append(text);
  }
}

}  // namespace roost::serving
