// tensorflow.serving.PredictionService and ModelService.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <tensorflow_serving.pb.h>

#include "base/format.h"
#include "base/status.h"
#include "grpc/example_rows.h"
#include "grpc/infer_method.h"
#include "grpc/method.h"
#include "grpc/status.h"
#include "grpc/tensor_proto.h"
#include "predict/task.h"

namespace roost::grpc {
namespace {

using namespace tensorflow::serving;  // the messages of these services, by the protocol's names
using serving::Servable;
using ServablePointer = std::shared_ptr<const Servable>;

constexpr char kSignature[] = "serving_default";

/// The version that `spec` names by its number. Clients of OpenVINO send 0 where they name none; versions begin at 1.
std::optional<int64_t> VersionOf(const ModelSpec& spec) {
  if (!spec.has_version() || spec.version().value() == 0) return std::nullopt;
  return spec.version().value();
}

absl::StatusOr<ServablePointer> Find(const Call& call, const ModelSpec& spec) {
  if (spec.has_version_label()) return call.served.models.FindAlias(spec.name(), spec.version_label());
  return call.served.models.Find(spec.name(), VersionOf(spec));
}

/// The same for a call that scores rows; it uses a signature, and a model has one.
absl::StatusOr<ServablePointer> FindToRun(const Call& call, const ModelSpec& spec) {
  if (!spec.signature_name().empty() && spec.signature_name() != kSignature) {
    return absl::InvalidArgumentError(
        fmt::format("there is no signature '{}': models have '{}'", Printable(spec.signature_name()), kSignature));
  }
  TRY_ASSIGN(ServablePointer servable, Find(call, spec));
  call.NoteModel(*servable);
  return servable;
}

void Write(const Servable& servable, ModelSpec& spec) {
  spec.set_name(servable.name());
  spec.mutable_version()->set_value(servable.version());
  spec.set_signature_name(kSignature);
}

absl::StatusOr<Inference> ReadPredict(const Call& call, const PredictRequest& message) {
  Inference inference;
  TRY_ASSIGN(inference.servable, FindToRun(call, message.model_spec()));
  inference.request.outputs = {message.output_filter().begin(), message.output_filter().end()};
  for (const auto& [name, proto] : message.inputs()) {
    TRY_ASSIGN(serving::Tensor tensor, FromTensorProto(name, proto));
    inference.request.inputs.push_back(std::move(tensor));
  }
  return inference;
}

absl::Status WritePredict(const Servable& servable, serving::InferResponse response, PredictResponse& answer) {
  for (const serving::Tensor& output : response.outputs)
    ToTensorProto(output, (*answer.mutable_outputs())[output.name]);
  Write(servable, *answer.mutable_model_spec());
  return absl::OkStatus();
}

/// Asks for the model's numbers for the examples of `input`.
absl::StatusOr<Inference> ReadExamples(ServablePointer servable, const Input& input) {
  Inference inference{.servable = std::move(servable), .request = {}};
  inference.request.outputs = {inference.servable->outputs().front().name};
  TRY_ASSIGN(inference.request.inputs, ExampleTensors(*inference.servable, input));
  return inference;
}

absl::StatusOr<Inference> ReadClassify(const Call& call, const ClassificationRequest& message) {
  TRY_ASSIGN(ServablePointer servable, FindToRun(call, message.model_spec()));
  const auto task = servable->model().task();
  if (task != predict::Task::kBinary && task != predict::Task::kClasses) {
    return absl::InvalidArgumentError(
        fmt::format("model {} predicts no classes; call Regress or Predict", servable->name()));
  }
  return ReadExamples(std::move(servable), message.input());
}

absl::Status WriteClassify(const Servable& servable, serving::InferResponse response, ClassificationResponse& answer) {
  const serving::Tensor& scores = response.outputs.front();
  const auto classes = servable.model().classes();
  const auto width = static_cast<int64_t>(std::max<size_t>(classes.size(), 1));
  const auto add = [](Classifications& row, const std::string& label, double score) {
    Class& entry = *row.add_classes();
    entry.set_label(label);
    entry.set_score(static_cast<float>(score));
  };
  for (int64_t first = 0; first < scores.size(); first += width) {
    Classifications& row = *answer.mutable_result()->add_classifications();
    if (servable.model().task() == predict::Task::kBinary) {
      add(row, "false", 1 - scores.At<double>(first));
      add(row, "true", scores.At<double>(first));
      continue;
    }
    for (int64_t i = 0; i < width; ++i) add(row, classes[static_cast<size_t>(i)], scores.At<double>(first + i));
  }
  Write(servable, *answer.mutable_model_spec());
  return absl::OkStatus();
}

absl::StatusOr<Inference> ReadRegress(const Call& call, const RegressionRequest& message) {
  TRY_ASSIGN(ServablePointer servable, FindToRun(call, message.model_spec()));
  if (servable->model().num_outputs() != 1) {
    return absl::InvalidArgumentError(
        fmt::format("model {} predicts several classes; call Classify or Predict", servable->name()));
  }
  return ReadExamples(std::move(servable), message.input());
}

absl::Status WriteRegress(const Servable& servable, serving::InferResponse response, RegressionResponse& answer) {
  const serving::Tensor& scores = response.outputs.front();
  for (int64_t row = 0; row < scores.size(); ++row) {
    answer.mutable_result()->add_regressions()->set_value(static_cast<float>(scores.At<double>(row)));
  }
  Write(servable, *answer.mutable_model_spec());
  return absl::OkStatus();
}

void Describe(const serving::TensorSpec& spec, tensorflow::TensorInfo& info) {
  info.set_name(spec.name);
  info.set_dtype(TensorflowType(spec.datatype));
  for (const int64_t extent : spec.shape) info.mutable_tensor_shape()->add_dim()->set_size(extent);
}

absl::Status GetModelMetadata(const Call& call, const GetModelMetadataRequest& message,
                              GetModelMetadataResponse& answer) {
  constexpr char kField[] = "signature_def";
  TRY_ASSIGN(const ServablePointer servable, Find(call, message.model_spec()));
  if (message.metadata_field().empty()) {
    return absl::InvalidArgumentError(fmt::format("metadata_field is empty; ask for '{}'", kField));
  }
  for (const std::string& field : message.metadata_field()) {
    if (field == kField) continue;
    return absl::InvalidArgumentError(
        fmt::format("there is no metadata field '{}'; there is '{}'", Printable(field), kField));
  }
  SignatureDefMap signatures;
  tensorflow::SignatureDef& signature = (*signatures.mutable_signature_def())[kSignature];
  signature.set_method_name("tensorflow/serving/predict");
  for (const auto& spec : servable->inputs()) Describe(spec, (*signature.mutable_inputs())[spec.name]);
  for (const auto& spec : servable->outputs()) Describe(spec, (*signature.mutable_outputs())[spec.name]);
  google::protobuf::Any& packed = (*answer.mutable_metadata())[kField];
  packed.set_type_url("type.googleapis.com/tensorflow.serving.SignatureDefMap");
  packed.set_value(signatures.SerializeAsString());
  Write(*servable, *answer.mutable_model_spec());
  answer.mutable_model_spec()->clear_signature_name();
  return absl::OkStatus();
}

ModelVersionStatus::State StateOf(serving::State state) {
  switch (state) {
    case serving::State::kLoading: return ModelVersionStatus::LOADING;
    case serving::State::kAvailable: return ModelVersionStatus::AVAILABLE;
    case serving::State::kUnloading: return ModelVersionStatus::UNLOADING;
    case serving::State::kEnd: return ModelVersionStatus::END;
  }
  return ModelVersionStatus::UNKNOWN;
}

/// Of one version, or of all of a model. A version that ended for a reason ended by an error.
absl::Status GetModelStatus(const Call& call, const GetModelStatusRequest& message, GetModelStatusResponse& answer) {
  const ModelSpec& spec = message.model_spec();
  std::optional<int64_t> version = VersionOf(spec);
  if (spec.has_version_label()) {
    TRY_ASSIGN(const ServablePointer servable, Find(call, spec));
    version = servable->version();
  }
  for (const serving::ModelState& state : call.served.models.States()) {
    if (state.name != spec.name() || (version.has_value() && state.version != *version)) continue;
    ModelVersionStatus& status = *answer.add_model_version_status();
    status.set_version(state.version);
    status.set_state(StateOf(state.state));
    const bool failed = state.state == serving::State::kEnd && !state.reason.empty();
    status.mutable_status()->set_error_code(CodeOf(failed ? absl::UnknownError("") : absl::OkStatus()));
    status.mutable_status()->set_error_message(failed ? state.reason : "");
  }
  if (answer.model_version_status_size() > 0) return absl::OkStatus();
  return call.served.models.Find(spec.name(), version).status();
}

constexpr std::array kMethods{
    Method{"/tensorflow.serving.PredictionService/Predict",
           RunInferMethod<PredictRequest, PredictResponse, ReadPredict, WritePredict>},
    Method{"/tensorflow.serving.PredictionService/Classify",
           RunInferMethod<ClassificationRequest, ClassificationResponse, ReadClassify, WriteClassify>},
    Method{"/tensorflow.serving.PredictionService/Regress",
           RunInferMethod<RegressionRequest, RegressionResponse, ReadRegress, WriteRegress>},
    Method{"/tensorflow.serving.PredictionService/GetModelMetadata",
           RunMethod<GetModelMetadataRequest, GetModelMetadataResponse, GetModelMetadata>},
    Method{"/tensorflow.serving.ModelService/GetModelStatus",
           RunMethod<GetModelStatusRequest, GetModelStatusResponse, GetModelStatus>}};

}  // namespace

std::span<const Method> PredictionMethods() { return kMethods; }

}  // namespace roost::grpc
