// The check of foreign ONNX files: no bytes crash it, the same bytes get the same answer, and a refusal has a reason.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "predict/onnx_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto status = roost::predict::CheckOnnx(bytes);
  ROOST_CHECK(status == roost::predict::CheckOnnx(bytes), "the same bytes are judged in two ways");
  ROOST_CHECK(status.ok() || !status.message().empty(), "a refusal without a reason");
  return 0;
}
