// The model repository extension of inference.GRPCInferenceService.

#include <array>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <inference.pb.h>

#include "base/format.h"
#include "base/status.h"
#include "grpc/method.h"
#include "grpc/status.h"
#include "net/later_reply.h"

namespace roost::grpc {
namespace {

using namespace inference;  // the messages of this service, by the protocol's names

/// Triton's word for a state.
const char* RepositoryState(serving::State state) {
  switch (state) {
    case serving::State::kLoading: return "LOADING";
    case serving::State::kAvailable: return "READY";
    case serving::State::kUnloading: return "UNLOADING";
    case serving::State::kEnd: return "UNAVAILABLE";
  }
  return "";
}

template <typename Request>
absl::Status CheckRepository(const Request& request) {
  if (request.repository_name().empty()) return absl::OkStatus();
  return absl::NotFoundError(fmt::format("there is no repository '{}': this server has one, without a name",
                                         Printable(request.repository_name())));
}

absl::Status RepositoryIndex(const Call& call, const RepositoryIndexRequest& request, RepositoryIndexResponse& answer) {
  TRY(CheckRepository(request));
  for (const serving::ModelState& state : call.served.models.States()) {
    if (request.ready() && state.state != serving::State::kAvailable) continue;
    auto& index = *answer.add_models();
    index.set_name(state.name);
    index.set_version(fmt::format("{}", state.version));
    index.set_state(RepositoryState(state.state));
    index.set_reason(state.reason);
  }
  return absl::OkStatus();
}

/// Method::run of a call that changes what is loaded: answered by the thread that loads.
template <typename Request, typename Answer,
          void (serving::ModelLoader::*kChange)(std::string, serving::ModelLoader::Done)>
absl::Status RunChange(Call& call, std::string_view message, google::protobuf::Arena& arena, std::string& frame) {
  TRY_ASSIGN(const Request* request, ParseMessage<Request>(message, arena));
  TRY(CheckRepository(*request));
  for (const auto& [name, value] : request->parameters()) {
    if (name == "unload_dependents") continue;  // no model depends on another
    return absl::UnimplementedError(fmt::format(
        "parameter '{}': a model is loaded as the repository has it, with no other files", Printable(name)));
  }
  if (call.served.loader == nullptr || !call.http.can_answer_later()) {
    return absl::UnimplementedError("this server does not load models when it is asked to");
  }
  TRY(WriteFrame(Answer(), frame));
  call.response.notes.model = request->model_name();
  // std::function copies what it holds.
  auto reply = std::make_shared<net::LaterReply>(call.http.AnswerLater());
  call.answered_later = true;
  (call.served.loader->*kChange)(request->model_name(), [reply, frame](const absl::Status& status) {
    net::HttpResponse response;
    response.body = frame;
    Finish(status, response);
    reply->Send(std::move(response));
  });
  return absl::OkStatus();
}

constexpr std::array kMethods{
    Method{"/inference.GRPCInferenceService/RepositoryIndex",
           RunMethod<RepositoryIndexRequest, RepositoryIndexResponse, RepositoryIndex>},
    Method{"/inference.GRPCInferenceService/RepositoryModelLoad",
           RunChange<RepositoryModelLoadRequest, RepositoryModelLoadResponse, &serving::ModelLoader::Load>},
    Method{"/inference.GRPCInferenceService/RepositoryModelUnload",
           RunChange<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse, &serving::ModelLoader::Unload>}};

}  // namespace

std::span<const Method> RepositoryMethods() { return kMethods; }

}  // namespace roost::grpc
