#include "rest/routes.h"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "rest/answer.h"
#include "rest/compression.h"
#include "rest/example.h"
#include "rest/openapi.h"
#include "rest/path.h"
#include "rest/v1_routes.h"
#include "rest/v2_routes.h"
#include "serving/served.h"

namespace roost::rest {
namespace {

using net::HttpRequest;
using net::HttpResponse;

constexpr size_t kMaxBodyBytes = 64 << 20;  // of a body after decompression: as net takes without

void Dispatch(const serving::Served& served, const HttpRequest& request, HttpResponse& response) {
  const std::optional<PathPieces> split = PathPieces::Split(request.path);
  const auto pieces = split.has_value() ? split->all() : std::span<const std::string_view>();
  bool known = false;
  if (request.path == "/") {
    known = true;  // what KServe's clients of v1 ask to see whether a server lives
    if (HasMethod(request, false, response)) Answer({{"status", "alive"}}, response);
  } else if (!pieces.empty()) {
    const auto rest = pieces.subspan(1);
    if (pieces.front() == "v1") {
      known = HandleV1(served, rest, request, response);
    } else if (pieces.front() == "v2") {
      known = HandleV2(served, rest, request, response);
    } else if (pieces.front() == "openapi.json" && rest.empty()) {
      known = true;
      if (HasMethod(request, false, response)) Answer(OpenApi(served.models, EndpointOf(request)), response);
    }
  }
  if (!known) AnswerError(404, fmt::format("there is nothing at {}", request.path), response);
}

/// Dispatches the request that `request` is once its body is decompressed.
void DispatchCompressed(const serving::Served& served, const HttpRequest& request, Coding coding,
                        HttpResponse& response) {
  const auto begin = serving::Clock::now();
  const auto body = Decompress(request.body, coding, kMaxBodyBytes);
  if (!body.ok()) {
    return AnswerError(absl::IsOutOfRange(body.status()) ? 413 : 400, std::string(body.status().message()), response);
  }
  HttpRequest plain = request;
  plain.body = *body;
  // What is done for the request itself is not what it waited for: 64 MiB alone would be too late by default.
  if (plain.received != serving::Clock::time_point()) plain.received += serving::Clock::now() - begin;
  Dispatch(served, plain, response);
}

void Handle(const serving::Served& served, const HttpRequest& request, HttpResponse& response) {
  const auto field = request.Header("Content-Encoding");
  const auto coding = ParseCoding(field.value_or(""));
  if (!coding.ok()) {
    AnswerError(415, std::string(coding.status().message()), response);
    return response.AddHeader("Accept-Encoding", "gzip, deflate");
  }
  if (*coding == Coding::kIdentity) {
    Dispatch(served, request, response);
  } else {
    DispatchCompressed(served, request, *coding, response);
  }
  CompressAnswer(request, response);
}

}  // namespace

net::Handler MakeHandler(const serving::ModelManager& models, serving::ModelLoader* loader, serving::WorkQueue* queue) {
  return [served = serving::Served{models, loader, queue}](const HttpRequest& request, HttpResponse& response) {
    Handle(served, request, response);
  };
}

}  // namespace roost::rest
