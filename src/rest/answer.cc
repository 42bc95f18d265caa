#include "rest/answer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace roost::rest {

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
