#include "rest/repository_routes.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "net/later_reply.h"
#include "rest/answer.h"
#include "rest/model_report.h"

namespace roost::rest {
namespace {

using net::HttpRequest;
using net::HttpResponse;

/// The model repository extension's index. The body may be {"ready": true}: then only what answers.
absl::Status AnswerIndex(const serving::ModelManager& models, std::string_view body, HttpResponse& response) {
  bool only_ready = false;
  if (!body.empty()) {
    TRY_ASSIGN(const Json json, ParseJson(body, "the request"));
    if (!json.is_object()) return absl::InvalidArgumentError("the request is not a JSON object");
    const auto ready = json.find("ready");
    if (ready != json.end() && !ready->is_boolean()) {
      return absl::InvalidArgumentError("'ready' must be true or false");
    }
    only_ready = ready != json.end() && ready->get<bool>();
  }
  Json index = Json::array();
  for (const serving::ModelState& state : models.States()) {
    if (only_ready && state.state != serving::State::kAvailable) continue;
    index.push_back({{"name", state.name},
                     {"version", fmt::format("{}", state.version)},
                     {"state", std::string(RepositoryState(state.state))},
                     {"reason", state.reason}});
  }
  Answer(index, response);
  return absl::OkStatus();
}

/// Triton's clients may send a configuration or files with a load; here a model is what the repository has.
absl::Status CheckParameters(std::string_view body) {
  if (body.empty()) return absl::OkStatus();
  TRY_ASSIGN(const Json json, ParseJson(body, "the request"));
  if (!json.is_object()) return absl::InvalidArgumentError("the request is not a JSON object");
  const Json parameters = json.value("parameters", Json::object());
  if (!parameters.is_object()) return absl::InvalidArgumentError("'parameters' is not a JSON object");
  for (const auto& [name, value] : parameters.items()) {
    if (name == "unload_dependents") continue;  // no model depends on another
    return absl::UnimplementedError(
        fmt::format("parameter '{}': a model is loaded as the repository has it, with no other files", name));
  }
  return absl::OkStatus();
}

void ChangeModel(serving::ModelLoader& loader, std::string_view name, bool load, const HttpRequest& request,
                 HttpResponse& response) {
  if (const absl::Status status = CheckParameters(request.body); !status.ok()) return AnswerError(status, response);
  // std::function copies what it holds.
  auto reply = std::make_shared<net::LaterReply>(request.AnswerLater());
  const auto done = [reply](const absl::Status& status) {
    HttpResponse later;
    if (status.ok()) {
      Answer(Json::object(), later);
    } else {
      AnswerError(status, later);
    }
    reply->Send(std::move(later));
  };
  const std::string model(name);
  load ? loader.Load(model, done) : loader.Unload(model, done);
}

}  // namespace

bool HandleRepository(const serving::ModelManager& models, serving::ModelLoader* loader,
                      std::span<const std::string_view> pieces, const HttpRequest& request, HttpResponse& response) {
  if (pieces.size() == 1 && pieces[0] == "index") {
    if (!HasMethod(request, true, response)) return true;
    if (const absl::Status status = AnswerIndex(models, request.body, response); !status.ok()) {
      AnswerError(status, response);
    }
    return true;
  }
  if (loader == nullptr || pieces.size() != 3 || pieces[0] != "models") return false;
  if (pieces[2] != "load" && pieces[2] != "unload") return false;
  if (HasMethod(request, true, response)) ChangeModel(*loader, pieces[1], pieces[2] == "load", request, response);
  return true;
}

}  // namespace roost::rest
