#include "rest/v1_routes.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/container/inlined_vector.h"
#include "base/number_text.h"
#include "base/status.h"
#include "rest/answer.h"
#include "rest/example.h"
#include "rest/later_answer.h"
#include "rest/score_rows.h"
#include "rest/tf_predict.h"

namespace roost::rest {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using serving::ModelManager;
using serving::Servable;

/// What a path under /v1/models means.
struct ModelCall {
  std::string_view name;
  std::optional<int64_t> version;
  std::optional<std::string_view> label;
  std::string_view verb;  // "score" and so on, "metadata", or "" for the status
};

constexpr std::string_view kVerbs[] = {"score", "predict", "classify", "regress"};

/// Takes ":verb" off the end of `piece`.
std::string_view TakeVerb(std::string_view& piece) {
  for (const std::string_view verb : kVerbs) {
    if (piece.size() <= verb.size() + 1 || !piece.ends_with(verb)) continue;
    const size_t colon = piece.size() - verb.size() - 1;
    if (piece[colon] != ':') continue;
    piece.remove_suffix(verb.size() + 1);
    return verb;
  }
  return "";
}

/// Nothing where no such path exists. `pieces` are those after /v1/models, at least one.
std::optional<ModelCall> ParseModelCall(std::span<const std::string_view> path) {
  absl::InlinedVector<std::string_view, 4> pieces(path.begin(), path.end());
  ModelCall call{.verb = TakeVerb(pieces.back())};
  if (call.verb.empty() && pieces.size() % 2 == 0) {
    if (pieces.back() != "metadata") return std::nullopt;
    call.verb = pieces.back();
    pieces.pop_back();
  }
  for (const std::string_view piece : pieces) {
    if (piece.find(':') != std::string_view::npos) return std::nullopt;  // another verb
  }
  call.name = pieces[0];
  if (pieces.size() == 1) return call;
  if (pieces.size() != 3) return std::nullopt;
  if (pieces[1] == "versions") {
    call.version = IntegerIn(pieces[2]);
    return call.version.has_value() ? std::optional(call) : std::nullopt;
  }
  if (pieces[1] != "labels") return std::nullopt;
  call.label = pieces[2];
  return call;
}

absl::StatusOr<std::shared_ptr<const Servable>> Find(const ModelManager& models, const ModelCall& call) {
  return call.label.has_value() ? models.FindAlias(call.name, *call.label) : models.Find(call.name, call.version);
}

void ListModels(const ModelManager& models, HttpResponse& response) {
  Json names = Json::array();
  const auto snapshot = models.snapshot();
  for (const auto& [name, model] : *snapshot) names.push_back(name);
  Answer({{"models", std::move(names)}}, response);
}

/// TensorFlow Serving's status of the versions, and beside it what KServe's clients of v1 read on the same path.
absl::Status AnswerStatus(const ModelManager& models, const ModelCall& call, HttpResponse& response) {
  std::optional<int64_t> version = call.version;
  if (call.label.has_value()) {
    TRY_ASSIGN(const auto servable, Find(models, call));
    version = servable->version();
  }
  Json versions = Json::array();
  bool ready = false;
  for (const serving::ModelState& state : models.States()) {
    if (state.name != call.name || (version.has_value() && state.version != *version)) continue;
    ready |= state.state == serving::State::kAvailable;
    versions.push_back(
        {{"version", fmt::format("{}", state.version)},
         {"state", std::string(serving::StateName(state.state))},
         {"status", {{"error_code", state.reason.empty() ? "OK" : "UNKNOWN"}, {"error_message", state.reason}}}});
  }
  if (versions.empty()) {
    TRY(Find(models, call).status());
  }
  Answer({{"model_version_status", std::move(versions)}, {"name", std::string(call.name)}, {"ready", ready}}, response);
  return absl::OkStatus();
}

std::string_view TfDatatype(serving::Datatype datatype) {
  switch (datatype) {
    case serving::Datatype::kFp64: return "DT_DOUBLE";
    case serving::Datatype::kInt64: return "DT_INT64";
    default: return "DT_STRING";
  }
}

Json TfTensors(const std::vector<serving::TensorSpec>& specs) {
  Json tensors = Json::object();
  for (const serving::TensorSpec& spec : specs) {
    Json dim = Json::array();
    for (const int64_t extent : spec.shape) dim.push_back({{"size", fmt::format("{}", extent)}, {"name", ""}});
    tensors[spec.name] = {{"dtype", std::string(TfDatatype(spec.datatype))},
                          {"tensor_shape", {{"dim", std::move(dim)}, {"unknown_rank", false}}},
                          {"name", spec.name}};
  }
  return tensors;
}

void Metadata(const Servable& servable, HttpResponse& response) {
  const Json signature{{"inputs", TfTensors(servable.inputs())},
                       {"outputs", TfTensors(servable.outputs())},
                       {"method_name", "tensorflow/serving/predict"}};
  Answer({{"model_spec",
           {{"name", servable.name()}, {"signature_name", ""}, {"version", fmt::format("{}", servable.version())}}},
          {"metadata", {{"signature_def", {{"signature_def", {{"serving_default", signature}}}}}}}},
         response);
}

std::unique_ptr<RowsCall> NewCall(const Servable& servable, std::string_view verb) {
  if (verb == "score") return NewScoreCall(servable);
  if (verb == "predict") return NewPredictCall(servable);
  return verb == "classify" ? NewClassifyCall(servable) : NewRegressCall(servable);
}

absl::Status ScoreInline(const Servable& servable, std::string_view verb, serving::Clock::time_point start,
                         const HttpRequest& request, HttpResponse& response) {
  if (verb == "score") return ScoreJsonRows(servable, request.body, response, start);
  if (verb == "predict") return TfPredict(servable, request.body, response, start);
  return verb == "classify" ? TfClassify(servable, request.body, response, start)
                            : TfRegress(servable, request.body, response, start);
}

absl::Status ScoreAnywhere(const serving::Served& served, std::shared_ptr<const Servable> servable,
                           std::string_view verb, serving::Clock::time_point start, const HttpRequest& request,
                           HttpResponse& response) {
  response.notes.model = servable->name();
  response.notes.version = servable->version();
  if (!(served.UsesWorkers(*servable) && request.can_answer_later())) {
    TRY(served.CheckInline(request.received, start, std::chrono::microseconds(0)));
    return ScoreInline(*servable, verb, start, request, response);
  }
  auto call = NewCall(*servable, verb);
  return ScoreLater(served, std::move(servable), std::move(call), std::string(verb), request, response);
}

void Score(const serving::Served& served, const std::shared_ptr<const Servable>& servable, std::string_view verb,
           const HttpRequest& request, HttpResponse& response) {
  const auto start = serving::Clock::now();
  const absl::Status status = ScoreAnywhere(served, servable, verb, start, request, response);
  if (status.ok()) return;
  servable->statistics().AddFailure(serving::Clock::now() - start);
  AnswerError(status, response,
              absl::IsInvalidArgument(status) ? CallExample(*servable, verb, EndpointOf(request)) : "");
}

void HandleModel(const serving::Served& served, const ModelCall& call, const HttpRequest& request,
                 HttpResponse& response) {
  const bool scores = !call.verb.empty() && call.verb != "metadata";
  if (!HasMethod(request, scores, response)) return;
  if (call.verb.empty()) {
    const absl::Status status = AnswerStatus(served.models, call, response);
    return status.ok() ? void() : AnswerError(status, response);
  }
  const auto servable = Find(served.models, call);
  if (!servable.ok()) return AnswerError(servable.status(), response);
  scores ? Score(served, *servable, call.verb, request, response) : Metadata(**servable, response);
}

}  // namespace

bool HandleV1(const serving::Served& served, std::span<const std::string_view> pieces, const HttpRequest& request,
              HttpResponse& response) {
  if (pieces.empty() || pieces.front() != "models") return false;
  if (pieces.size() == 1) {
    if (HasMethod(request, false, response)) ListModels(served.models, response);
    return true;
  }
  const auto call = ParseModelCall(pieces.subspan(1));
  if (!call.has_value()) return false;
  HandleModel(served, *call, request, response);
  return true;
}

}  // namespace roost::rest
