#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/json.h"
#include "net/http_message.h"
#include "rest/compression.h"

namespace roost::rest {

/// 200 with `json` on one line.
void Answer(const Json& json, net::HttpResponse& response);

/// {"error": text}. `example`, a command that works, is a member beside it where it is not empty.
void AnswerError(int status, std::string_view message, net::HttpResponse& response, std::string_view example = "");
/// The same with the code, the message and the hint of `status`; of an overload with Retry-After.
void AnswerError(const absl::Status& status, net::HttpResponse& response, std::string_view example = "");

/// How the client wants a long answer compressed.
Coding ChosenCoding(const net::HttpRequest& request);
/// Compresses the body of an answer that is worth it.
void CompressAnswer(Coding coding, net::HttpResponse& response);
/// The same for the coding that `request` chooses.
void CompressAnswer(const net::HttpRequest& request, net::HttpResponse& response);

/// Whether the request's method is POST, or with `post` false GET or HEAD. Where it is not, the answer is 405 with
/// Allow.
bool HasMethod(const net::HttpRequest& request, bool post, net::HttpResponse& response);

}  // namespace roost::rest
