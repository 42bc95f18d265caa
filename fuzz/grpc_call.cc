// gRPC calls: the first byte chooses the method, the rest is its message. No bytes crash it; an error has a reason; and
// what ModelInfer takes is the same request when it is written with raw contents.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "grpc/framing.h"
#include "grpc/handler.h"
#include "grpc/inference_tensors.h"
#include "serving/binary_tensor.h"
#include "serving/test_model.h"

namespace roost::grpc {
namespace {

constexpr std::array<std::string_view, 16> kMethods = {
    "/inference.GRPCInferenceService/ModelInfer",
    "/tensorflow.serving.PredictionService/Predict",
    "/tensorflow.serving.PredictionService/Classify",
    "/tensorflow.serving.PredictionService/Regress",
    "/tensorflow.serving.PredictionService/GetModelMetadata",
    "/tensorflow.serving.ModelService/GetModelStatus",
    "/grpc.health.v1.Health/Check",
    "/inference.GRPCInferenceService/ServerLive",
    "/inference.GRPCInferenceService/ServerReady",
    "/inference.GRPCInferenceService/ServerMetadata",
    "/inference.GRPCInferenceService/ModelReady",
    "/inference.GRPCInferenceService/ModelMetadata",
    "/inference.GRPCInferenceService/ModelConfig",
    "/inference.GRPCInferenceService/ModelStatistics",
    "/inference.GRPCInferenceService/RepositoryIndex",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
};

const serving::ModelManager& Models() {
  static const auto* const models = [] {
    auto* manager = new serving::ModelManager();  // lives as long as the program
    ROOST_CHECK(manager->Load("delay", 4, serving::TestModelJson()).ok(), "the test model does not load");
    return manager;
  }();
  return *models;
}

bool AreSame(const serving::Tensor& a, const serving::Tensor& b) {
  return a.name == b.name && a.datatype == b.datatype && a.shape == b.shape && a.bytes == b.bytes && a.texts == b.texts;
}

void CheckRawForm(std::string_view message) {
  inference::ModelInferRequest request;
  if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) return;
  const auto read = ToInferRequest(request);
  if (!read.ok()) return;
  request.clear_raw_input_contents();
  for (auto& input : *request.mutable_inputs()) input.clear_contents();
  for (size_t i = 0; i < read->inputs.size(); ++i) {
    const serving::Tensor& tensor = read->inputs[i];
    std::string bytes;
    serving::AppendBinary(tensor, bytes);
    request.add_raw_input_contents(bytes);
    // Numbers of 16 bits are read as FP32.
    request.mutable_inputs(static_cast<int>(i))->set_datatype(std::string(serving::DatatypeName(tensor.datatype)));
  }
  const auto again = ToInferRequest(request);
  ROOST_CHECK(again.ok(), again.status());
  ROOST_CHECK(again->inputs.size() == read->inputs.size(), "inputs were lost");
  for (size_t i = 0; i < read->inputs.size(); ++i) {
    ROOST_CHECK(AreSame(read->inputs[i], again->inputs[i]), "another tensor in raw form: " << read->inputs[i].name);
  }
}

void Check(std::string_view path, std::string_view message) {
  static const net::Handler handler = MakeHandler(Models());
  std::string body(kPrefixBytes, '\0');
  WritePrefix(message.size(), body.data());
  body.append(message);
  net::HttpRequest request;
  request.method = "POST";
  request.path = path;
  request.http2 = true;
  request.headers = {{"content-type", "application/grpc"}};
  request.body = body;
  net::HttpResponse response;
  handler(request, response);
  ROOST_CHECK(response.status == 200 && !response.trailers.empty(), "no answer");
  ROOST_CHECK(response.trailers[0].first == "grpc-status", "no status");
  const bool ok = response.trailers[0].second == "0";
  ROOST_CHECK(ok || !response.trailers.at(1).second.empty(), "an error without a reason");
  std::string storage;
  ROOST_CHECK(!ok || ReadMessage(response.body, "", storage).ok(), "the answer is no message");
}

}  // namespace
}  // namespace roost::grpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using roost::grpc::kMethods;
  if (size == 0) return 0;
  const std::string_view path = kMethods[data[0] % kMethods.size()];
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (path == kMethods[0]) roost::grpc::CheckRawForm(message);
  roost::grpc::Check(path, message);
  return 0;
}
