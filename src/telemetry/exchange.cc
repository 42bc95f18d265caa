#include "telemetry/exchange.h"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::telemetry {
namespace {

constexpr std::string_view kGrpcType = "application/grpc";
constexpr int kHighestGrpcCode = 16;

/// That of the trailer grpc-status; UNKNOWN where it has none that is one.
int GrpcCodeOf(const net::HttpResponse& response) {
  constexpr int kUnknown = 2;
  for (const auto& [name, value] : response.trailers) {
    if (name != "grpc-status") continue;
    int code = kUnknown;
    std::from_chars(value.data(), value.data() + value.size(), code);
    return code >= 0 && code <= kHighestGrpcCode ? code : kUnknown;
  }
  return kUnknown;
}

}  // namespace

std::string_view ProtocolName(Protocol protocol) {
  switch (protocol) {
    case Protocol::kHttp1: return "http/1.1";
    case Protocol::kHttp2: return "http/2";
    case Protocol::kGrpc: return "grpc";
  }
  return "";
}

int HttpCodeOf(Protocol protocol, int code) {
  if (protocol != Protocol::kGrpc) return code;
  return HttpStatusOf(absl::Status(static_cast<absl::StatusCode>(code), ""));  // Abseil's codes are gRPC's
}

std::string CodeName(Protocol protocol, int code) {
  if (protocol != Protocol::kGrpc) return fmt::format("{}", code);
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

Outcome OutcomeOf(bool http2, const net::HttpResponse& response) {
  if (!http2) return {Protocol::kHttp1, response.status};
  if (response.content_type != kGrpcType) return {Protocol::kHttp2, response.status};
  return {Protocol::kGrpc, GrpcCodeOf(response)};
}

}  // namespace roost::telemetry
