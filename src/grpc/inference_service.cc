// inference.GRPCInferenceService: the Open Inference Protocol v2.

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "grpc/inference_tensors.h"
#include "grpc/method.h"
#include "grpc/model_version.h"
#include "inference.pb.h"
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
  answer.set_ready(call.models.ready());
  return absl::OkStatus();
}

absl::StatusOr<ServablePointer> Find(const Call& call, const std::string& name, const std::string& version_text) {
  TRY_ASSIGN(const std::optional<int64_t> version, ParseModelVersion(version_text));
  return call.models.Find(name, version);
}

absl::Status ModelReady(const Call& call, const ModelReadyRequest& request, ModelReadyResponse& answer) {
  TRY_ASSIGN(const std::optional<int64_t> version, ParseModelVersion(request.version()));
  answer.set_ready(call.models.Find(request.name(), version).ok());
  return absl::OkStatus();
}

absl::Status ServerMetadata(const Call&, const ServerMetadataRequest&, ServerMetadataResponse& answer) {
  answer.set_name("roost");
  answer.set_version(ROOST_VERSION);
  answer.add_extensions("model_configuration");
  answer.add_extensions("model_repository");
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
  const auto snapshot = call.models.snapshot();
  if (const auto model = snapshot->find(servable->name()); model != snapshot->end()) {
    for (const auto& loaded : model->second) answer.add_versions(fmt::format("{}", loaded->version()));
  }
  for (const TensorSpec& spec : servable->inputs()) Describe(spec, *answer.add_inputs());
  for (const TensorSpec& spec : servable->outputs()) Describe(spec, *answer.add_outputs());
  return absl::OkStatus();
}

absl::Status ModelInfer(const Call& call, const ModelInferRequest& message, ModelInferResponse& answer) {
  TRY_ASSIGN(const serving::InferRequest request, ToInferRequest(message));
  TRY(call.CheckDeadline());
  TRY_ASSIGN(serving::InferResponse response, serving::Infer(call.models, request));
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

absl::Status RepositoryIndex(const Call& call, const RepositoryIndexRequest& request,
                             RepositoryIndexResponse& answer) {
  if (!request.repository_name().empty()) {
    return absl::NotFoundError(fmt::format("there is no repository '{}': this server has one, without a name",
                                           request.repository_name()));
  }
  const auto snapshot = call.models.snapshot();
  for (const auto& [name, versions] : *snapshot) {
    for (const auto& servable : versions) {
      auto& index = *answer.add_models();
      index.set_name(name);
      index.set_version(fmt::format("{}", servable->version()));
      index.set_state("READY");
    }
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
    Method{"/inference.GRPCInferenceService/ModelInfer", RunMethod<ModelInferRequest, ModelInferResponse, ModelInfer>},
    Method{"/inference.GRPCInferenceService/ModelConfig",
           RunMethod<ModelConfigRequest, ModelConfigResponse, ModelConfiguration>},
    Method{"/inference.GRPCInferenceService/RepositoryIndex",
           RunMethod<RepositoryIndexRequest, RepositoryIndexResponse, RepositoryIndex>}};

}  // namespace

std::span<const Method> InferenceMethods() { return kMethods; }

}  // namespace roost::grpc
