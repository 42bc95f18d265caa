#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "net/http_message.h"

namespace roost::mlflow {

/// {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": ...} with the HTTP status that MLflow's server gives with that
/// code; the message has the hint of `status`.
void AnswerError(const absl::Status& status, net::HttpResponse& response);

/// A call that MLflow has and Roost has not: 404 with ENDPOINT_NOT_FOUND.
void AnswerNoEndpoint(std::string_view message, net::HttpResponse& response);

}  // namespace roost::mlflow
