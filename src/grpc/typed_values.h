#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "serving/tensor.h"

namespace roost::grpc {

/// Appends `value`, of a message's field, to `tensor`, whose elements are of type T. False where it does not fit.
template <typename T, typename Value>
bool AppendValue(const Value& value, serving::Tensor& tensor) {
  if constexpr (std::is_same_v<Value, std::string>) {
    tensor.texts.push_back(value);
    return true;
  } else if constexpr (std::is_same_v<Value, bool> || std::is_floating_point_v<Value>) {
    tensor.Append(static_cast<T>(value));
    return true;
  } else {
    if (!std::in_range<T>(value)) return false;
    tensor.Append(static_cast<T>(value));
    return true;
  }
}

/// Appends all `values` of the field `field`. InvalidArgument where one does not fit the datatype.
template <typename T, typename Values>
absl::Status AppendValues(const Values& values, std::string_view field, serving::Tensor& tensor) {
  for (const auto& value : values) {
    if (AppendValue<T>(value, tensor)) continue;
    return absl::InvalidArgumentError(fmt::format("input '{}': value {} of {} does not fit {}", tensor.name,
                                                  tensor.size(), field, serving::DatatypeName(tensor.datatype)));
  }
  return absl::OkStatus();
}

}  // namespace roost::grpc
