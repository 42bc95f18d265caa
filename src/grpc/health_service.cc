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

constexpr std::array<std::string_view, 5> kServices = {"", "grpc.health.v1.Health", "inference.GRPCInferenceService",
                                                       "tensorflow.serving.PredictionService",
                                                       "tensorflow.serving.ModelService"};

absl::Status Check(const Call& call, const HealthCheckRequest& request, HealthCheckResponse& answer) {
  const bool known = std::find(kServices.begin(), kServices.end(), request.service()) != kServices.end();
  if (!known) return absl::NotFoundError(fmt::format("there is no service '{}'", request.service()));
  answer.set_status(call.served.models.ready() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
  return absl::OkStatus();
}

constexpr std::array kMethods{
    Method{"/grpc.health.v1.Health/Check", RunMethod<HealthCheckRequest, HealthCheckResponse, Check>}};

}  // namespace

std::span<const Method> HealthMethods() { return kMethods; }

}  // namespace roost::grpc
