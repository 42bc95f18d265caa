#include "rest/routes.h"

#include <charconv>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "net/loopback.h"
#include "rest/infer_request.h"
#include "rest/infer_response.h"
#include "rest/path.h"
#include "serving/infer.h"

namespace roost::rest {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using serving::ModelManager;
using serving::TensorSpec;

constexpr std::string_view kHeaderLength = "Inference-Header-Content-Length";

void Answer(const Json& json, HttpResponse& response) { response.body = ToLine(json); }

void AnswerError(int status, std::string_view message, HttpResponse& response) {
  response.status = status;
  response.content_type = "application/json";
  response.body = ToLine({{"error", std::string(message)}});
}

void AnswerError(const absl::Status& status, HttpResponse& response) {
  const std::string hint = HintOf(status);
  const std::string message(status.message());
  AnswerError(HttpStatusOf(status), hint.empty() ? message : fmt::format("{} ({})", message, hint), response);
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

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
    call.version = ParseNumber<int64_t>(pieces[1]);
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
  Answer({{"name", "roost"}, {"version", ROOST_VERSION}, {"extensions", Json::array({"binary_tensor_data"})}},
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
  for (const auto& [name, model] : *snapshot) names.push_back(name);
  Answer({{"models", std::move(names)}}, response);
}

void ModelMetadata(const ModelManager& models, const serving::Servable& servable, HttpResponse& response) {
  Json versions = Json::array();
  const auto snapshot = models.snapshot();
  if (const auto model = snapshot->find(servable.name()); model != snapshot->end()) {
    for (const auto& loaded : model->second.versions) versions.push_back(fmt::format("{}", loaded->version()));
  }
  Answer({{"name", servable.name()},
          {"versions", std::move(versions)},
          {"platform", "roost"},
          {"inputs", ToJson(servable.inputs())},
          {"outputs", ToJson(servable.outputs())}},
         response);
}

absl::Status Infer(const serving::Servable& servable, const HttpRequest& request, HttpResponse& response) {
  std::optional<size_t> header_length;
  if (const auto field = request.Header(kHeaderLength); field.has_value()) {
    header_length = ParseNumber<size_t>(*field);
    if (!header_length.has_value()) {
      return absl::InvalidArgumentError(fmt::format("{} is not a number", kHeaderLength));
    }
  }
  TRY_ASSIGN(const DecodedRequest decoded, DecodeRequest(request.body, header_length));
  TRY_ASSIGN(const serving::InferResponse answer, serving::Infer(servable, decoded.request));
  EncodeResponse(answer, decoded, response);
  return absl::OkStatus();
}

bool HasMethod(const HttpRequest& request, bool post, HttpResponse& response) {
  const bool allowed = post ? request.method == "POST" : request.method == "GET" || request.method == "HEAD";
  if (allowed) return true;
  const std::string_view methods = post ? "POST" : "GET, HEAD";
  AnswerError(405, fmt::format("this path takes {}, not {}", methods, request.method), response);
  response.AddHeader("Allow", methods);
  return false;
}

bool IsIdentityEncoded(const HttpRequest& request) {
  const auto encoding = request.Header("Content-Encoding");
  return !encoding.has_value() || encoding->empty() || net::EqualIgnoringCase(*encoding, "identity");
}

void HandleModel(const ModelManager& models, const ModelCall& call, const HttpRequest& request,
                 HttpResponse& response) {
  const bool infers = call.operation == "infer";
  if (!HasMethod(request, infers, response)) return;
  const auto servable = models.Find(call.name, call.version);
  if (!servable.ok()) return AnswerError(servable.status(), response);
  if (call.operation.empty()) return ModelMetadata(models, **servable, response);
  if (!infers) return Answer({{"name", (*servable)->name()}, {"ready", true}}, response);
  if (!IsIdentityEncoded(request)) return AnswerError(415, "bodies must not be compressed", response);
  if (const absl::Status status = Infer(**servable, request, response); !status.ok()) AnswerError(status, response);
}

void Handle(const ModelManager& models, const HttpRequest& request, HttpResponse& response) {
  // HTTP/1.0 may leave Host out; browsers never do.
  if (!request.host.empty() && !net::IsLoopbackHost(net::WithoutPort(request.host))) {
    return AnswerError(403, fmt::format("host '{}' is not this machine: only localhost is served", request.host),
                       response);
  }
  const auto no_route = [&] { AnswerError(404, fmt::format("there is nothing at {}", request.path), response); };
  const auto pieces = SplitPath(request.path);
  if (!pieces.has_value() || pieces->empty() || pieces->front() != "v2") return no_route();
  if (pieces->size() >= 3 && (*pieces)[1] == "models") {
    const auto call = ParseModelCall(std::span(*pieces).subspan(2));
    return call.has_value() ? HandleModel(models, *call, request, response) : no_route();
  }
  const std::vector<std::string> rest(pieces->begin() + 1, pieces->end());
  using Path = std::vector<std::string>;
  const bool known =
      rest.empty() || rest == Path{"health", "live"} || rest == Path{"health", "ready"} || rest == Path{"models"};
  if (!known) return no_route();
  if (!HasMethod(request, false, response)) return;
  if (rest.empty()) return ServerMetadata(response);
  if (rest == Path{"models"}) return ListModels(models, response);
  if (rest.back() == "live") return Answer({{"live", true}}, response);
  Ready(models, response);
}

}  // namespace

net::Handler MakeHandler(const serving::ModelManager& models) {
  return [&models](const HttpRequest& request, HttpResponse& response) { Handle(models, request, response); };
}

}  // namespace roost::rest
