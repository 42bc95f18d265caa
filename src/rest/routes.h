#pragma once

#include "net/http_server.h"
#include "serving/model_manager.h"

namespace roost::rest {

/// Serves the Open Inference Protocol v2 over `models`, which outlives the handler:
///
///   GET  /v2                                       server metadata
///   GET  /v2/health/live, /v2/health/ready         {"live":true}; {"ready":true}, or 503 while no model is loaded
///   GET  /v2/models                                names of all models
///   GET  /v2/models/{m}[/versions/{v}]             metadata
///   GET  /v2/models/{m}[/versions/{v}]/ready       {"name":...,"ready":true}
///   POST /v2/models/{m}[/versions/{v}]/infer       JSON, with the binary tensor extension
///
/// Everything else is 404, another method 405 with Allow; errors are {"error": text}. Requests whose Host is no
/// loopback name get 403, so that a web page cannot reach the server under a name of its own (DNS rebinding).
net::Handler MakeHandler(const serving::ModelManager& models);

}  // namespace roost::rest
