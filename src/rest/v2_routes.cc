#include "rest/v2_routes.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/number_text.h"
#include "base/status.h"
#include "rest/answer.h"
#include "rest/classification.h"
#include "rest/example.h"
#include "rest/infer_request.h"
#include "rest/infer_response.h"
#include "serving/infer.h"

namespace roost::rest {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using serving::ModelManager;
using serving::TensorSpec;

constexpr std::string_view kHeaderLength = "Inference-Header-Content-Length";

/// What a path under /v2/models/{m} means.
struct ModelCall {
  std::string name;
  std::optional<int64_t> version;
  std::string operation;  // "", "ready" or "infer"
};

/// Nothing where no such path exists. `pieces` are those after /v2/models.
std::optional<ModelCall> ParseModelCall(std::span<const std::string> pieces) {
  ModelCall call{.name = pieces[0]};
  pieces = pieces.subspan(1);
  if (pieces.size() >= 2 && pieces[0] == "versions") {
    call.version = IntegerIn(pieces[1]);
    if (!call.version.has_value()) return std::nullopt;
    pieces = pieces.subspan(2);
  }
  if (pieces.size() > 1) return std::nullopt;
  if (pieces.size() == 1) call.operation = pieces[0];
  const bool known = call.operation.empty() || call.operation == "ready" || call.operation == "infer";
  return known && (pieces.empty() || !call.operation.empty()) ? std::optional(std::move(call)) : std::nullopt;
}

Json ToJson(const std::vector<TensorSpec>& specs) {
  Json json = Json::array();
  for (const TensorSpec& spec : specs) {
    json.push_back(
        {{"name", spec.name}, {"datatype", std::string(serving::DatatypeName(spec.datatype))}, {"shape", spec.shape}});
  }
  return json;
}

void ServerMetadata(HttpResponse& response) {
  Answer({{"name", "roost"},
          {"version", ROOST_VERSION},
          {"extensions", Json::array({"binary_tensor_data", "classification", "parameters", "schedule_policy"})}},
         response);
}

void Ready(const ModelManager& models, HttpResponse& response) {
  const bool ready = models.ready();
  if (!ready) response.status = 503;
  Answer({{"ready", ready}}, response);
}

void ListModels(const ModelManager& models, HttpResponse& response) {
  Json names = Json::array();
  const auto snapshot = models.snapshot();
  for (const auto& [name, versions] : *snapshot) names.push_back(name);
  Answer({{"models", std::move(names)}}, response);
}

void ModelMetadata(const ModelManager& models, const serving::Servable& servable, HttpResponse& response) {
  Json versions = Json::array();
  const auto snapshot = models.snapshot();
  if (const auto model = snapshot->find(servable.name()); model != snapshot->end()) {
    for (const auto& loaded : model->second) versions.push_back(fmt::format("{}", loaded->version()));
  }
  Answer({{"name", servable.name()},
          {"versions", std::move(versions)},
          {"platform", "roost"},
          {"inputs", ToJson(servable.inputs())},
          {"outputs", ToJson(servable.outputs())}},
         response);
}

absl::StatusOr<DecodedRequest> Decode(const serving::Servable& servable, const HttpRequest& request) {
  const auto field = request.Header(kHeaderLength);
  if (!field.has_value()) return DecodeRequest(request.body, std::nullopt);
  const std::optional<int64_t> length = IntegerIn(*field);
  if (!length.has_value() || *length < 0) {
    return absl::InvalidArgumentError(fmt::format("{} is not a number", kHeaderLength));
  }
  if (*length == 0) return DecodeRawRequest(request.body, servable);
  return DecodeRequest(request.body, static_cast<size_t>(*length));
}

/// Does what the output parameter `classification` asks for.
absl::Status Classify(const serving::Servable& servable, const DecodedRequest& decoded,
                      serving::InferResponse& answer) {
  for (size_t i = 0; i < decoded.outputs.size(); ++i) {
    const std::optional<int64_t> count = decoded.outputs[i].classification;
    if (!count.has_value()) continue;
    TRY_ASSIGN(answer.outputs[i], Classified(answer.outputs[i], *count, servable.model().classes()));
  }
  return absl::OkStatus();
}

absl::Status Infer(const serving::Servable& servable, const HttpRequest& request, HttpResponse& response) {
  TRY_ASSIGN(const DecodedRequest decoded, Decode(servable, request));
  TRY_ASSIGN(serving::InferResponse answer, serving::Infer(servable, decoded.request));
  TRY(Classify(servable, decoded, answer));
  EncodeResponse(answer, decoded, response);
  return absl::OkStatus();
}

void HandleModel(const ModelManager& models, const ModelCall& call, const HttpRequest& request,
                 HttpResponse& response) {
  const bool infers = call.operation == "infer";
  if (!HasMethod(request, infers, response)) return;
  const auto servable = models.Find(call.name, call.version);
  if (!servable.ok()) return AnswerError(servable.status(), response);
  if (call.operation.empty()) return ModelMetadata(models, **servable, response);
  if (!infers) return Answer({{"name", (*servable)->name()}, {"ready", true}}, response);
  const absl::Status status = Infer(**servable, request, response);
  if (status.ok()) return;
  const std::string example =
      absl::IsInvalidArgument(status) ? CurlCommand(request.host, InferPath(call.name), InferExample(**servable)) : "";
  AnswerError(status, response, example);
}

}  // namespace

bool HandleV2(const ModelManager& models, std::span<const std::string> pieces, const HttpRequest& request,
              HttpResponse& response) {
  if (pieces.size() >= 2 && pieces[0] == "models") {
    const auto call = ParseModelCall(pieces.subspan(1));
    if (call.has_value()) HandleModel(models, *call, request, response);
    return call.has_value();
  }
  const std::vector<std::string> path(pieces.begin(), pieces.end());
  using Path = std::vector<std::string>;
  const bool known =
      path.empty() || path == Path{"health", "live"} || path == Path{"health", "ready"} || path == Path{"models"};
  if (!known) return false;
  if (!HasMethod(request, false, response)) return true;
  if (path.empty()) {
    ServerMetadata(response);
  } else if (path == Path{"models"}) {
    ListModels(models, response);
  } else if (path.back() == "live") {
    Answer({{"live", true}}, response);
  } else {
    Ready(models, response);
  }
  return true;
}

}  // namespace roost::rest
