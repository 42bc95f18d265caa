// grpc.health.v1.Health: what Kubernetes' gRPC probes ask.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <health.pb.h>

#include "grpc/method.h"

namespace roost::grpc {
namespace {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

absl::Status Check(const Call& call, const HealthCheckRequest& request, HealthCheckResponse& answer) {
  const bool is_known = std::find(kServices.begin(), kServices.end(), request.service()) != kServices.end();
  if (!is_known && !request.service().empty())
    return absl::NotFoundError(fmt::format("there is no service '{}'", request.service()));
  answer.set_status(call.served.models.ready() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
  return absl::OkStatus();
}

constexpr std::array kMethods{
    Method{"/grpc.health.v1.Health/Check", RunMethod<HealthCheckRequest, HealthCheckResponse, Check>}};

}  // namespace

std::span<const Method> HealthMethods() { return kMethods; }

}  // namespace roost::grpc
