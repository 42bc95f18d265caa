#include "access/refusal.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::access {
namespace {

bool IsGrpc(const net::HttpRequest& request) {
  return request.http2 && request.Header("content-type").value_or("").starts_with("application/grpc");
}

int64_t CeilTo(absl::Duration duration, absl::Duration unit) {
  return std::max<int64_t>(1, absl::Ceil(duration, unit) / unit);
}

}  // namespace

void Refuse(const Refusal& refusal, const net::HttpRequest& request, net::HttpResponse& response) {
  const std::string hint = HintOf(refusal.status);
  std::string text(refusal.status.message());
  if (!hint.empty()) text += fmt::format(" ({})", hint);
  if (IsGrpc(request)) {
    response.content_type = "application/grpc";
    // Abseil's codes are gRPC's, by its contract.
    response.AddTrailer("grpc-status", fmt::format("{}", static_cast<int>(refusal.status.code())));
    response.AddTrailer("grpc-message", text);
    if (refusal.retry_after.has_value()) {
      response.AddTrailer("grpc-retry-pushback-ms",
                          fmt::format("{}", CeilTo(*refusal.retry_after, absl::Milliseconds(1))));
    }
    return;
  }
  response.status = HttpStatusOf(refusal.status);
  response.content_type = "application/json";
  response.body = ToLine(Json{{"error", text}});
  if (response.status == 401) response.AddHeader("WWW-Authenticate", "Bearer realm=\"roost\"");
  if (refusal.retry_after.has_value()) {
    response.AddHeader("Retry-After", fmt::format("{}", CeilTo(*refusal.retry_after, absl::Seconds(1))));
  }
}

}  // namespace roost::access
