#include "grpc/handler.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include "base/status.h"
#include "grpc/call_headers.h"
#include "grpc/framing.h"
#include "grpc/method.h"
#include "grpc/status.h"
#include "grpc/thread_arena.h"

namespace roost::grpc {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using MethodTable = std::unordered_map<std::string_view, const Method*>;

MethodTable AllMethods() {
  MethodTable table;
  for (const auto methods :
       {InferenceMethods(), RepositoryMethods(), PredictionMethods(), HealthMethods(), ReflectionMethods()}) {
    for (const Method& method : methods) table.emplace(method.path, &method);
  }
  return table;
}

/// Reads grpc-timeout, which counts from when the request was read on.
absl::Status ReadTimeout(const HttpRequest& request, Call& call) {
  const auto timeout = request.Header("grpc-timeout");
  if (!timeout.has_value()) return absl::OkStatus();
  TRY_ASSIGN(const absl::Duration patience, ParseTimeout(*timeout));
  call.deadline = absl::Now() + patience;
  if (request.received != serving::Clock::time_point()) {
    call.deadline -= absl::FromChrono(serving::Clock::now() - request.received);
  }
  // A timeout below the unit is over at once, and 0 would be none.
  call.timeout = std::max(absl::ToChronoMicroseconds(patience), std::chrono::microseconds(1));
  return absl::OkStatus();
}

/// Answers a call, or a message of a stream, in `frame`, or lets it be answered later.
absl::Status Run(Call& call, const MethodTable& methods, const HttpRequest& request, std::string& frame) {
  TRY(ReadTimeout(request, call));
  const auto method = methods.find(request.path);
  if (method == methods.end()) {
    return absl::UnimplementedError(fmt::format("there is no method {}", request.path));
  }
  TRY(call.CheckDeadline());
  if (method->second->is_stream && request.body.empty()) return absl::OkStatus();  // it has brought no message
  std::string storage;
  TRY_ASSIGN(const std::string_view message,
             ReadMessage(request.body, request.Header("grpc-encoding").value_or(""), storage));
  ThreadArena arena;
  TRY(method->second->run(call, message, arena.get(), frame));
  if (call.answered_later) return absl::OkStatus();
  TRY(call.CheckDeadline());
  call.response.goes_on = method->second->is_stream;
  return absl::OkStatus();
}

/// Whether this is a gRPC call at all; else `response` says what is wrong in HTTP's terms.
bool IsCall(const HttpRequest& request, HttpResponse& response) {
  const auto refuse = [&](int status, std::string_view why) {
    response.status = status;
    response.content_type = "text/plain";
    response.body = why;
    return false;
  };
  if (!request.http2) return refuse(505, "gRPC needs HTTP/2\n");
  if (request.method != "POST") {
    response.AddHeader("Allow", "POST");
    return refuse(405, "gRPC calls are sent with POST\n");
  }
  if (IsGrpcContentType(request.Header("content-type").value_or(""))) return true;
  return refuse(415, "the content type is not application/grpc\n");
}

}  // namespace

net::Handler MakeHandler(const serving::ModelManager& models, serving::ModelLoader* loader, serving::WorkQueue* queue) {
  // libprotobuf writes a line to stderr for a message that it cannot read, which whoever sends messages could fill a
  // disk with. It is quiet while the handler lives; what is wrong is in the answer.
  auto silence = std::make_shared<google::protobuf::LogSilencer>();
  return [served = serving::Served{models, loader, queue}, methods = AllMethods(), silence](const HttpRequest& request,
                                                                                            HttpResponse& response) {
    if (!IsCall(request, response)) return;
    Call call{served, request, response, serving::Clock::now()};
    const absl::Status status = Run(call, methods, request, response.body);
    if (call.answered_later) return;
    if (absl::IsUnimplemented(status)) response.AddHeader("grpc-accept-encoding", kAcceptedEncodings);
    Finish(status, response);
  };
}

net::Conversations Streams() {
  net::Conversations streams{.paths = {}, .part_bytes = FrameBytes};
  for (const auto& [path, method] : AllMethods()) {
    if (method->is_stream) streams.paths.emplace_back(path);
  }
  return streams;
}

}  // namespace roost::grpc
