#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "net/http_message.h"

namespace roost::grpc {

/// gRPC's number of the code of `status`. Abseil's codes are gRPC's, by its contract (absl/status/status.h); 0 is OK.
int CodeOf(const absl::Status& status);

/// `message` as the trailer grpc-message carries it: bytes beyond printable ASCII, and '%', as %XX (gRPC over HTTP/2,
/// "Status-Message").
std::string EncodeMessage(std::string_view message);

/// Makes `response` the answer of a call that ended with `status`: HTTP's 200, and the trailers grpc-status and, of an
/// error, grpc-message with the hint and, of an overload, grpc-retry-pushback-ms. Of an error nothing else is left in
/// it.
void Finish(const absl::Status& status, net::HttpResponse& response);

}  // namespace roost::grpc
