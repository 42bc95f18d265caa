#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace roost::grpc {

/// Whether `content_type` is one of protobuf messages over gRPC: "application/grpc", "application/grpc+proto", with or
/// without parameters, in any case of letters.
bool IsGrpcContentType(std::string_view content_type);

/// How long a caller waits, from the value of grpc-timeout: 1 to 8 digits and one of H M S m u n, the hours to
/// nanoseconds. InvalidArgument for anything else.
absl::StatusOr<absl::Duration> ParseTimeout(std::string_view text);

}  // namespace roost::grpc
