#include "rest/answer.h"

#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "serving/overload.h"

namespace roost::rest {
namespace {

constexpr size_t kMinCompressedBytes = 1 << 10;  // smaller answers gain nothing

}  // namespace

using net::HttpRequest;
using net::HttpResponse;

void Answer(const Json& json, HttpResponse& response) { response.body = ToLine(json); }

void AnswerError(int status, std::string_view message, HttpResponse& response, std::string_view example) {
  response.status = status;
  response.content_type = "application/json";
  Json json{{"error", std::string(message)}};
  if (!example.empty()) json["example"] = std::string(example);
  response.body = ToLine(json);
}

void AnswerError(const absl::Status& status, HttpResponse& response, std::string_view example) {
  const std::string hint = HintOf(status);
  const std::string message(status.message());
  AnswerError(HttpStatusOf(status), hint.empty() ? message : fmt::format("{} ({})", message, hint), response, example);
  const std::optional<int64_t> retry_after = serving::RetryAfterSeconds(status);
  if (!retry_after.has_value()) return;
  response.AddHeader("Retry-After", fmt::to_string(*retry_after));
  response.overloaded = true;
}

Coding ChosenCoding(const HttpRequest& request) {
  const auto accepted = request.Header("Accept-Encoding");
  return accepted.has_value() ? ChooseCoding(*accepted) : Coding::kIdentity;
}

void CompressAnswer(Coding coding, HttpResponse& response) {
  if (response.body.size() < kMinCompressedBytes) return;
  response.AddHeader("Vary", "Accept-Encoding");
  if (coding == Coding::kIdentity) return;
  response.body = Compress(response.body, coding);
  response.AddHeader("Content-Encoding", CodingName(coding));
}

void CompressAnswer(const HttpRequest& request, HttpResponse& response) {
  if (response.body.size() >= kMinCompressedBytes) CompressAnswer(ChosenCoding(request), response);
}

bool HasMethod(const HttpRequest& request, bool post, HttpResponse& response) {
  const bool allowed = post ? request.method == "POST" : request.method == "GET" || request.method == "HEAD";
  if (allowed) return true;
  const std::string_view methods = post ? "POST" : "GET, HEAD";
  AnswerError(405, fmt::format("this path takes {}, not {}", methods, request.method), response);
  response.AddHeader("Allow", methods);
  return false;
}

}  // namespace roost::rest
