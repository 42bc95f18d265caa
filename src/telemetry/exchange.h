#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace roost::telemetry {

enum class Protocol { kHttp1, kHttp2, kGrpc };

/// "http/1.1", "http/2", "grpc".
std::string_view ProtocolName(Protocol protocol);

/// A request with its answer, as counts and the log see it; in place.
struct Exchange {
  const net::RequestNotes& notes;
  std::string_view trace_id;  ///< "": none
  std::string_view client;    ///< its address; "": not known
  std::string_view method;
  std::string_view path;  ///< as the client sent it, without the query
  Protocol protocol = Protocol::kHttp1;
  int code = 200;                       ///< of HTTP; with kGrpc that of gRPC, 0 to 16
  size_t bytes_in = 0;                  ///< of the request's body
  size_t bytes_out = 0;                 ///< of the answer's body
  std::chrono::nanoseconds duration{};  ///< from the whole request to the whole answer
};

/// The code of HTTP that says the same as `code` of `protocol`.
int HttpCodeOf(Protocol protocol, int code);

/// "404"; of gRPC "NOT_FOUND".
std::string CodeName(Protocol protocol, int code);

/// Protocol and code of an answer.
struct Outcome {
  Protocol protocol;
  int code;
};
Outcome OutcomeOf(bool http2, const net::HttpResponse& response);

}  // namespace roost::telemetry
