// inference.GRPCInferenceService: the Open Inference Protocol v2.

#include <array>
#include <utility>

#include <fmt/format.h>
#include <inference.pb.h>

#include "base/status.h"
#include "grpc/infer_method.h"
#include "grpc/inference_tensors.h"
#include "grpc/method.h"
#include "grpc/model_version.h"
#include "serving/infer.h"

namespace roost::grpc {
namespace {

using namespace inference;  // the messages of this service, by the protocol's names
using serving::Datatype;
using serving::TensorSpec;
using ServablePointer = std::shared_ptr<const serving::Servable>;

constexpr char kPlatform[] = "roost";

absl::Status ServerLive(const Call&, const ServerLiveRequest&, ServerLiveResponse& answer) {
  answer.set_live(true);
  return absl::OkStatus();
}

absl::Status ServerReady(const Call& call, const ServerReadyRequest&, ServerReadyResponse& answer) {
  answer.set_ready(call.served.models.ready());
  return absl::OkStatus();
}

absl::StatusOr<ServablePointer> Find(const Call& call, const std::string& name, const std::string& version_text) {
  TRY_ASSIGN(const std::optional<int64_t> version, ParseModelVersion(version_text));
  return call.served.models.Find(name, version);
}

absl::Status ModelReady(const Call& call, const ModelReadyRequest& request, ModelReadyResponse& answer) {
  TRY_ASSIGN(const std::optional<int64_t> version, ParseModelVersion(request.version()));
  answer.set_ready(call.served.models.Find(request.name(), version).ok());
  return absl::OkStatus();
}

absl::Status ServerMetadata(const Call&, const ServerMetadataRequest&, ServerMetadataResponse& answer) {
  answer.set_name("roost");
  answer.set_version(ROOST_VERSION);
  answer.add_extensions("model_configuration");
  answer.add_extensions("model_repository");
  answer.add_extensions("schedule_policy");
  answer.add_extensions("statistics");
  return absl::OkStatus();
}

void Describe(const TensorSpec& spec, ModelMetadataResponse::TensorMetadata& metadata) {
  metadata.set_name(spec.name);
  metadata.set_datatype(std::string(serving::DatatypeName(spec.datatype)));
  metadata.mutable_shape()->Assign(spec.shape.begin(), spec.shape.end());
}

absl::Status ModelMetadata(const Call& call, const ModelMetadataRequest& request, ModelMetadataResponse& answer) {
  TRY_ASSIGN(const ServablePointer servable, Find(call, request.name(), request.version()));
  answer.set_name(servable->name());
  answer.set_platform(kPlatform);
  const auto snapshot = call.served.models.snapshot();
  if (const auto model = snapshot->find(servable->name()); model != snapshot->end()) {
    for (const auto& loaded : model->second.versions) answer.add_versions(fmt::format("{}", loaded->version()));
  }
  for (const TensorSpec& spec : servable->inputs()) Describe(spec, *answer.add_inputs());
  for (const TensorSpec& spec : servable->outputs()) Describe(spec, *answer.add_outputs());
  return absl::OkStatus();
}

absl::StatusOr<Inference> ReadInfer(const Call& call, const ModelInferRequest& message) {
  Inference inference;
  TRY_ASSIGN(inference.request, ToInferRequest(message));
  TRY_ASSIGN(inference.servable,
             call.served.models.Find(inference.request.model_name, inference.request.model_version));
  call.NoteModel(*inference.servable);
  return inference;
}

absl::Status WriteInfer(const serving::Servable&, serving::InferResponse response, ModelInferResponse& answer) {
  WriteInferResponse(std::move(response), answer);
  return absl::OkStatus();
}

DataType ConfigType(Datatype datatype) {
  switch (datatype) {
    case Datatype::kBool: return TYPE_BOOL;
    case Datatype::kInt8: return TYPE_INT8;
    case Datatype::kInt16: return TYPE_INT16;
    case Datatype::kInt32: return TYPE_INT32;
    case Datatype::kInt64: return TYPE_INT64;
    case Datatype::kUint8: return TYPE_UINT8;
    case Datatype::kUint16: return TYPE_UINT16;
    case Datatype::kUint32: return TYPE_UINT32;
    case Datatype::kUint64: return TYPE_UINT64;
    case Datatype::kFp32: return TYPE_FP32;
    case Datatype::kFp64: return TYPE_FP64;
    case Datatype::kBytes: return TYPE_STRING;
  }
  return TYPE_INVALID;
}

template <typename Entry>
void Configure(const TensorSpec& spec, Entry& entry) {
  entry.set_name(spec.name);
  entry.set_data_type(ConfigType(spec.datatype));
  entry.mutable_dims()->Assign(spec.shape.begin(), spec.shape.end());
}

absl::Status ModelConfiguration(const Call& call, const ModelConfigRequest& request, ModelConfigResponse& answer) {
  TRY_ASSIGN(const ServablePointer servable, Find(call, request.name(), request.version()));
  ModelConfig& config = *answer.mutable_config();
  config.set_name(servable->name());
  config.set_platform(kPlatform);
  config.set_backend(kPlatform);
  config.set_max_batch_size(0);
  for (const TensorSpec& spec : servable->inputs()) Configure(spec, *config.add_input());
  for (const TensorSpec& spec : servable->outputs()) Configure(spec, *config.add_output());
  return absl::OkStatus();
}

void Write(serving::Timed timed, StatisticDuration& duration) {
  duration.set_count(static_cast<uint64_t>(timed.count));
  duration.set_ns(static_cast<uint64_t>(timed.nanoseconds));
}

void WriteStatistics(const serving::Servable& servable, inference::ModelStatistics& statistics) {
  const serving::Statistics::Totals totals = servable.statistics().Sum();
  statistics.set_name(servable.name());
  statistics.set_version(fmt::format("{}", servable.version()));
  statistics.set_last_inference(static_cast<uint64_t>(totals.last_inference_ms));
  statistics.set_inference_count(static_cast<uint64_t>(totals.inference_count));
  statistics.set_execution_count(static_cast<uint64_t>(totals.execution_count));
  InferStatistics& times = *statistics.mutable_inference_stats();
  Write(totals.success, *times.mutable_success());
  Write(totals.failure, *times.mutable_fail());
  Write(totals.compute, *times.mutable_compute_infer());
  Write(totals.queue, *times.mutable_queue());
  // Values are not copied apart from scoring; clients divide by these counts.
  const serving::Timed none{.count = totals.success.count};
  for (auto* duration : {times.mutable_compute_input(), times.mutable_compute_output()}) Write(none, *duration);
}

/// Of one version, of all versions of a model, or of all models.
absl::Status ModelStatistics(const Call& call, const ModelStatisticsRequest& request, ModelStatisticsResponse& answer) {
  if (!request.version().empty()) {
    TRY_ASSIGN(const ServablePointer servable, Find(call, request.name(), request.version()));
    WriteStatistics(*servable, *answer.add_model_stats());
    return absl::OkStatus();
  }
  if (!request.name().empty()) TRY(call.served.models.Find(request.name(), std::nullopt).status());
  const auto snapshot = call.served.models.snapshot();
  for (const auto& [name, model] : *snapshot) {
    if (!request.name().empty() && name != request.name()) continue;
    for (const auto& servable : model.versions) WriteStatistics(*servable, *answer.add_model_stats());
  }
  return absl::OkStatus();
}

constexpr std::array kMethods{
    Method{"/inference.GRPCInferenceService/ServerLive", RunMethod<ServerLiveRequest, ServerLiveResponse, ServerLive>},
    Method{"/inference.GRPCInferenceService/ServerReady",
           RunMethod<ServerReadyRequest, ServerReadyResponse, ServerReady>},
    Method{"/inference.GRPCInferenceService/ModelReady", RunMethod<ModelReadyRequest, ModelReadyResponse, ModelReady>},
    Method{"/inference.GRPCInferenceService/ServerMetadata",
           RunMethod<ServerMetadataRequest, ServerMetadataResponse, ServerMetadata>},
    Method{"/inference.GRPCInferenceService/ModelMetadata",
           RunMethod<ModelMetadataRequest, ModelMetadataResponse, ModelMetadata>},
    Method{"/inference.GRPCInferenceService/ModelInfer",
           RunInferMethod<ModelInferRequest, ModelInferResponse, ReadInfer, WriteInfer>},
    Method{"/inference.GRPCInferenceService/ModelConfig",
           RunMethod<ModelConfigRequest, ModelConfigResponse, ModelConfiguration>},
    Method{"/inference.GRPCInferenceService/ModelStatistics",
           RunMethod<ModelStatisticsRequest, ModelStatisticsResponse, ModelStatistics>}};

}  // namespace

std::span<const Method> InferenceMethods() { return kMethods; }

}  // namespace roost::grpc
