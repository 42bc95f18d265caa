#include "rest/tensor_codec.h"

#include <cmath>
#include <cstdint>

#include "rest/json_text.h"

namespace roost::rest {
namespace {

using serving::Datatype;
using serving::Tensor;

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
