#include "rest/v2_routes.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
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
#include "rest/later_answer.h"
#include "rest/model_report.h"
#include "rest/repository_routes.h"
#include "serving/infer.h"
#include "serving/tensor_job.h"

namespace roost::rest {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using serving::ModelManager;
using serving::TensorSpec;
using ServablePointer = std::shared_ptr<const serving::Servable>;

constexpr std::string_view kHeaderLength = "Inference-Header-Content-Length";

/// What a path under /v2/models/{m} means.
struct ModelCall {
  std::string_view name;
  std::optional<int64_t> version;
  std::string_view operation;  // one of kOperations
};

constexpr std::string_view kOperations[] = {"", "ready", "infer", "stats", "config"};

/// Nothing where no such path exists. `pieces` are those after /v2/models.
std::optional<ModelCall> ParseModelCall(std::span<const std::string_view> pieces) {
  ModelCall call{.name = pieces[0]};
  pieces = pieces.subspan(1);
  if (pieces.size() >= 2 && pieces[0] == "versions") {
    call.version = IntegerIn(pieces[1]);
    if (!call.version.has_value()) return std::nullopt;
    pieces = pieces.subspan(2);
  }
  if (pieces.size() > 1) return std::nullopt;
  if (pieces.size() == 1) call.operation = pieces[0];
  const bool known = std::find(std::begin(kOperations), std::end(kOperations), call.operation) != std::end(kOperations);
  return known && (pieces.empty() || !call.operation.empty()) ? std::optional(call) : std::nullopt;
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
          {"extensions", Json::array({"binary_tensor_data", "classification", "model_configuration", "model_repository",
                                      "parameters", "schedule_policy", "statistics"})}},
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

/// Statistics of the versions of a model, or of the one that is named.
void AnswerStatistics(const ModelManager& models, const ModelCall& call, HttpResponse& response) {
  Json all = Json::array();
  const auto snapshot = models.snapshot();
  if (const auto model = snapshot->find(call.name); model != snapshot->end()) {
    for (const auto& servable : model->second.versions) {
      if (!call.version.has_value() || servable->version() == *call.version) all.push_back(ModelStatistics(*servable));
    }
  }
  Answer({{"model_stats", std::move(all)}}, response);
}

void AnswerAllStatistics(const ModelManager& models, HttpResponse& response) {
  Json all = Json::array();
  const auto snapshot = models.snapshot();
  for (const auto& [name, model] : *snapshot) {
    for (const auto& servable : model.versions) all.push_back(ModelStatistics(*servable));
  }
  Answer({{"model_stats", std::move(all)}}, response);
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

/// Writes the answer to an infer call.
absl::Status WriteAnswer(const serving::Servable& servable, const DecodedRequest& decoded,
                         serving::InferResponse answer, HttpResponse& response) {
  TRY(Classify(servable, decoded, answer));
  EncodeResponse(answer, decoded, response);
  return absl::OkStatus();
}

class InferJob final : public serving::TensorJob {
 public:
  InferJob(ServablePointer the_servable, DecodedRequest decoded)
      : TensorJob(std::move(the_servable)), decoded_(std::move(decoded)) {}

  absl::Status Bind() { return TensorJob::Bind(decoded_.request); }
  bool cancelled() const override { return answer->cancelled(); }
  absl::Status EncodeAnswer(serving::InferResponse infer) override {
    return WriteAnswer(*servable, decoded_, std::move(infer), answer->response());
  }
  void Send(const absl::Status& status) override { answer->Send(status, *servable); }

  std::optional<LaterAnswer> answer;

 private:
  const DecodedRequest decoded_;
};

absl::Status InferLater(const serving::Served& served, ServablePointer servable, DecodedRequest decoded,
                        const HttpRequest& request, HttpResponse& response) {
  const auto deadline = serving::QueuedDeadline(*servable, request.received, decoded.request.timeout);
  auto job = std::make_unique<InferJob>(std::move(servable), std::move(decoded));
  TRY(job->Bind());
  job->arrival = request.received;
  job->deadline = deadline;
  response.notes.rows = job->num_rows();
  job->answer.emplace(request, response, "infer");
  served.queue->Add(std::move(job));
  return absl::OkStatus();
}

absl::Status Infer(const serving::Served& served, const ServablePointer& servable, const HttpRequest& request,
                   HttpResponse& response) {
  const auto start = serving::Clock::now();
  response.notes.model = servable->name();
  response.notes.version = servable->version();
  TRY_ASSIGN(DecodedRequest decoded, Decode(*servable, request));
  if (served.UsesWorkers(*servable) && request.can_answer_later()) {
    return InferLater(served, servable, std::move(decoded), request, response);
  }
  TRY(served.CheckInline(request.received, start, decoded.request.timeout));
  TRY_ASSIGN(serving::InferResponse answer, serving::Infer(*servable, decoded.request, start));
  response.notes.rows = answer.outputs.front().shape.front();
  return WriteAnswer(*servable, decoded, std::move(answer), response);
}

void HandleModel(const serving::Served& served, const ModelCall& call, const HttpRequest& request,
                 HttpResponse& response) {
  const bool infers = call.operation == "infer";
  if (!HasMethod(request, infers, response)) return;
  const auto servable = served.models.Find(call.name, call.version);
  if (!servable.ok()) return AnswerError(servable.status(), response);
  if (call.operation.empty()) return ModelMetadata(served.models, **servable, response);
  if (call.operation == "config") return Answer(ModelConfig(**servable), response);
  if (call.operation == "stats") return AnswerStatistics(served.models, call, response);
  if (!infers) return Answer({{"name", (*servable)->name()}, {"ready", true}}, response);
  const absl::Status status = Infer(served, *servable, request, response);
  if (status.ok()) return;
  AnswerError(status, response,
              absl::IsInvalidArgument(status) ? CallExample(**servable, "infer", EndpointOf(request)) : "");
}

}  // namespace

bool HandleV2(const serving::Served& served, std::span<const std::string_view> pieces, const HttpRequest& request,
              HttpResponse& response) {
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::equal(pieces.begin(), pieces.end(), names.begin(), names.end());
  };
  if (!pieces.empty() && pieces[0] == "repository") {
    return HandleRepository(served.models, served.loader, pieces.subspan(1), request, response);
  }
  const bool of_server =
      pieces.empty() || is({"health", "live"}) || is({"health", "ready"}) || is({"models"}) || is({"models", "stats"});
  if (!of_server) {
    if (pieces.size() < 2 || pieces[0] != "models") return false;
    const auto call = ParseModelCall(pieces.subspan(1));
    if (call.has_value()) HandleModel(served, *call, request, response);
    return call.has_value();
  }
  if (!HasMethod(request, false, response)) return true;
  if (pieces.empty()) {
    ServerMetadata(response);
  } else if (pieces.back() == "models") {
    ListModels(served.models, response);
  } else if (pieces.back() == "stats") {
    AnswerAllStatistics(served.models, response);
  } else if (pieces.back() == "live") {
    Answer({{"live", true}}, response);
  } else {
    Ready(served.models, response);
  }
  return true;
}

}  // namespace roost::rest
