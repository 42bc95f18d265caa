#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "net/http_message.h"

namespace roost::access {

/// Why a call is not handed on: Unauthenticated, PermissionDenied or ResourceExhausted, its message and hint in
/// printable ASCII without '%', which all of gRPC's clients take.
struct Refusal {
  absl::Status status;
  std::optional<absl::Duration> retry_after;
};

/// Answers `request` with `refusal`, in the form that its client reads.
void Refuse(const Refusal& refusal, const net::HttpRequest& request, net::HttpResponse& response);

}  // namespace roost::access
