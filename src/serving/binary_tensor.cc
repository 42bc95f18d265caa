#include "serving/binary_tensor.h"

#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"

namespace roost::serving {
namespace {

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
                                                tensor.name, ShapeText(tensor.shape), count, tensor.texts.size(),
                                                bytes.empty() ? "" : " and more bytes"));
}

}  // namespace

absl::Status ReadBinary(std::string_view bytes, Tensor& tensor) {
  const auto count = NumElements(tensor.shape);
  if (!count.ok()) return Annotate(count.status(), fmt::format("input '{}'", tensor.name));
  if (tensor.datatype == Datatype::kBytes) return ReadBinaryTexts(bytes, *count, tensor);
  const size_t width = ElementBytes(tensor.datatype);
  if (bytes.size() % width != 0 || bytes.size() / width != static_cast<size_t>(*count)) {
    return absl::InvalidArgumentError(
        fmt::format("input '{}': {} values of {} are {} bytes each, and there are {} bytes", tensor.name, *count,
                    DatatypeName(tensor.datatype), width, bytes.size()));
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

}  // namespace roost::serving
