#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "net/http_message.h"
#include "serving/servable.h"

namespace roost::rest {

/// The bodies of calls that a model takes, for messages and for openapi.json.
Json ScoreExample(const serving::Servable& servable);     ///< a plain row
Json RowsExample(const serving::Servable& servable);      ///< {"rows": [row], "explain": true}
Json InferExample(const serving::Servable& servable);     ///< v2
Json PredictExample(const serving::Servable& servable);   ///< TF Serving: {"instances": [row]}
Json ExamplesExample(const serving::Servable& servable);  ///< TF Serving: {"examples": [row]}

/// How a request has reached the server, so that the next one of its sender does.
struct Endpoint {
  std::string origin;       ///< "https://models.example"; "http://localhost:8080" where the request does not say
  bool with_token = false;  ///< it brought a token
};
Endpoint EndpointOf(const net::HttpRequest& request);

/// A command for a shell that posts `body` to `path`. A token is that of the shell's variable ROOST_TOKEN.
std::string CurlCommand(const Endpoint& endpoint, std::string_view path, const Json& body);

/// The path of a call of a model: "/v1/models/late-flights:score", "/v2/models/late-flights/infer".
std::string V1Path(std::string_view model, std::string_view verb);
std::string InferPath(std::string_view model);

/// A command that works, for the answer to a call that did not: `verb` is score, predict, classify, regress or infer.
std::string CallExample(const serving::Servable& servable, std::string_view verb, const Endpoint& endpoint);

}  // namespace roost::rest
