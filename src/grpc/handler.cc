#include "grpc/handler.h"

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

namespace roost::grpc {
namespace {

using google::protobuf::Arena;
using net::HttpRequest;
using net::HttpResponse;
using MethodTable = std::unordered_map<std::string_view, const Method*>;

/// A thread's arena. Its first block is kept from call to call, so that small messages take no memory from the heap.
class ThreadArena {
 public:
  ThreadArena() : block_(new char[kBlockBytes]), arena_(Options(block_.get())) {}
  Arena& arena() { return arena_; }

 private:
  static constexpr size_t kBlockBytes = 64 << 10;
  static google::protobuf::ArenaOptions Options(char* block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block;
    options.initial_block_size = kBlockBytes;
    return options;
  }

  std::unique_ptr<char[]> block_;
  Arena arena_;
};

/// Empties an arena at the end of a call.
struct ArenaUse {
  Arena& arena;
  ~ArenaUse() { arena.Reset(); }
};

MethodTable AllMethods() {
  MethodTable table;
  for (const auto methods : {InferenceMethods(), PredictionMethods(), HealthMethods()}) {
    for (const Method& method : methods) table.emplace(method.path, &method);
  }
  return table;
}

absl::StatusOr<absl::Time> DeadlineOf(const HttpRequest& request) {
  const auto timeout = request.Header("grpc-timeout");
  if (!timeout.has_value()) return absl::InfiniteFuture();
  TRY_ASSIGN(const absl::Duration patience, ParseTimeout(*timeout));
  return absl::Now() + patience;
}

absl::Status Run(const serving::ModelManager& models, const MethodTable& methods, const HttpRequest& request,
                 HttpResponse& response) {
  TRY_ASSIGN(const absl::Time deadline, DeadlineOf(request));
  const auto method = methods.find(request.path);
  if (method == methods.end()) {
    return absl::UnimplementedError(fmt::format("there is no method {}", request.path));
  }
  const Call call{models, deadline, response.notes};
  TRY(call.CheckDeadline());
  std::string storage;
  TRY_ASSIGN(const std::string_view message,
             ReadMessage(request.body, request.Header("grpc-encoding").value_or(""), storage));
  thread_local ThreadArena thread_arena;
  const ArenaUse use{thread_arena.arena()};
  TRY(method->second->run(call, message, use.arena, response.body));
  return call.CheckDeadline();
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

net::Handler MakeHandler(const serving::ModelManager& models) {
  // libprotobuf writes a line to stderr for a message that it cannot read, which whoever sends messages could fill a
  // disk with. It is quiet while the handler lives; what is wrong is in the answer.
  auto silence = std::make_shared<google::protobuf::LogSilencer>();
  return [&models, methods = AllMethods(), silence](const HttpRequest& request, HttpResponse& response) {
    if (!IsCall(request, response)) return;
    const absl::Status status = Run(models, methods, request, response);
    if (absl::IsUnimplemented(status)) response.AddHeader("grpc-accept-encoding", kAcceptedEncodings);
    Finish(status, response);
  };
}

}  // namespace roost::grpc
