#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::grpc {

/// A model's version as the Open Inference Protocol writes it: none for "", which lets the server choose, else a
/// number. InvalidArgument for anything else.
absl::StatusOr<std::optional<int64_t>> ParseModelVersion(std::string_view text);

}  // namespace roost::grpc
