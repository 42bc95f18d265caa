#include "rest/tensor_codec.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"

namespace roost::rest {
namespace {

using serving::Datatype;
using serving::Tensor;

absl::Status ReadBinaryTexts(std::string_view bytes, int64_t count, Tensor& tensor) {
  while (!bytes.empty() && static_cast<int64_t>(tensor.texts.size()) < count) {
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
  if (bytes.empty() && static_cast<int64_t>(tensor.texts.size()) == count) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("input '{}': shape {} means {} values, and the binary data has {}{}",
                                                tensor.name, serving::ShapeText(tensor.shape), count,
                                                tensor.texts.size(), bytes.empty() ? "" : " and more bytes"));
}

template <typename T>
void AppendNumber(T value, std::string& json) {
  char digits[32];
  json.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <typename T>
void AppendFloat(T value, std::string& json) {
  if (std::isfinite(value)) {
    AppendNumber(value, json);
  } else {
    json.append("null");
  }
}

void AppendElement(const Tensor& tensor, int64_t i, std::string& json) {
  switch (tensor.datatype) {
    case Datatype::kBool: json.append(tensor.At<uint8_t>(i) != 0 ? "true" : "false"); return;
    case Datatype::kInt8: return AppendNumber<int>(tensor.At<int8_t>(i), json);
    case Datatype::kInt16: return AppendNumber(tensor.At<int16_t>(i), json);
    case Datatype::kInt32: return AppendNumber(tensor.At<int32_t>(i), json);
    case Datatype::kInt64: return AppendNumber(tensor.At<int64_t>(i), json);
    case Datatype::kUint8: return AppendNumber<unsigned>(tensor.At<uint8_t>(i), json);
    case Datatype::kUint16: return AppendNumber(tensor.At<uint16_t>(i), json);
    case Datatype::kUint32: return AppendNumber(tensor.At<uint32_t>(i), json);
    case Datatype::kUint64: return AppendNumber(tensor.At<uint64_t>(i), json);
    case Datatype::kFp32: return AppendFloat(tensor.At<float>(i), json);
    case Datatype::kFp64: return AppendFloat(tensor.At<double>(i), json);
    case Datatype::kBytes: return AppendJsonString(tensor.texts[static_cast<size_t>(i)], json);
  }
}

}  // namespace

absl::Status ReadBinary(std::string_view bytes, Tensor& tensor) {
  const auto count = serving::NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  if (tensor.datatype == Datatype::kBytes) return ReadBinaryTexts(bytes, *count, tensor);
  const size_t width = serving::ElementBytes(tensor.datatype);
  if (bytes.size() % width != 0 || bytes.size() / width != static_cast<size_t>(*count)) {
    return absl::InvalidArgumentError(
        fmt::format("input '{}': {} values of {} are {} bytes each, and binary_data_size is {}", tensor.name, *count,
                    serving::DatatypeName(tensor.datatype), width, bytes.size()));
  }
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

void AppendJsonString(std::string_view text, std::string& json) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json.push_back('\\');
      json.push_back(c);
    } else if (byte < 0x20) {
      json.append("\\u00");
      json.push_back(kHex[byte >> 4]);
      json.push_back(kHex[byte & 15]);
    } else {
      json.push_back(c);
    }
  }
  json.push_back('"');
}

}  // namespace roost::rest
