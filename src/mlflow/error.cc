#include "mlflow/error.h"

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::mlflow {
namespace {

struct Code {
  int http;
  const char* name;
};

Code CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound: return {404, "RESOURCE_DOES_NOT_EXIST"};
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange: return {400, "INVALID_PARAMETER_VALUE"};
    case absl::StatusCode::kFailedPrecondition: return {400, "BAD_REQUEST"};
    case absl::StatusCode::kAborted: return {409, "RESOURCE_CONFLICT"};
    case absl::StatusCode::kPermissionDenied: return {403, "PERMISSION_DENIED"};
    case absl::StatusCode::kUnimplemented: return {501, "NOT_IMPLEMENTED"};
    case absl::StatusCode::kResourceExhausted: return {429, "REQUEST_LIMIT_EXCEEDED"};
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled: return {503, "TEMPORARILY_UNAVAILABLE"};
    default: return {500, "INTERNAL_ERROR"};
  }
}

void Answer(int http, std::string_view code, std::string_view message, net::HttpResponse& response) {
  response.status = http;
  response.body = ToLine(Json{{"error_code", code}, {"message", message}});
}

}  // namespace

void AnswerError(const absl::Status& status, net::HttpResponse& response) {
  const Code code = CodeOf(status.code());
  std::string message(status.message());
  if (const std::string hint = HintOf(status); !hint.empty()) message += fmt::format(". {}", hint);
  Answer(code.http, code.name, message, response);
}

void AnswerNoEndpoint(std::string_view message, net::HttpResponse& response) {
  Answer(404, "ENDPOINT_NOT_FOUND", message, response);
}

}  // namespace roost::mlflow
