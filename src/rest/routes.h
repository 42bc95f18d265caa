#pragma once

#include "net/http_server.h"
#include "serving/model_loader.h"
#include "serving/work_queue.h"

namespace roost::rest {

/// Serves `models`, which `loader` loads; both outlive the handler. Without a loader (null) no call changes them. {m}
/// is a model, [v] stands for nothing or /versions/{v}; under /v1 also for /labels/{l}.
///
///   POST /v1/models/{m}[v]:score                   Roost's own form: rows as plain JSON (score_rows.h)
///   POST /v1/models/{m}[v]:predict, :classify, :regress     TensorFlow Serving (tf_predict.h)
///   GET  /v1/models                                names of all models
///   GET  /v1/models/{m}[v]                         status of its versions, for TensorFlow Serving and KServe
///   GET  /v1/models/{m}[v]/metadata                its signature
///
///   GET  /v2                                       the Open Inference Protocol: server metadata
///   GET  /v2/health/live, /v2/health/ready         {"live":true}; {"ready":true}, or 503 while no model is loaded
///   GET  /v2/models                                names of all models
///   GET  /v2/models/{m}[v]                         metadata
///   GET  /v2/models/{m}[v]/ready                   {"name":...,"ready":true}
///   POST /v2/models/{m}[v]/infer                   JSON, with the extensions binary tensor data and classification
///   GET  /v2/models/stats, /v2/models/{m}[v]/stats, /v2/models/{m}[v]/config     as Triton's
///   POST /v2/repository/index                      states of all versions
///   POST /v2/repository/models/{m}/load, /unload   looks at the repository now; takes the model out until a load
///
///   GET  /                                         {"status":"alive"}, for KServe's clients of v1
///   GET  /openapi.json                             the calls of the loaded models (openapi.h)
///
/// Bodies may be compressed by gzip or deflate, up to 64 MiB when they are not; answers of 1 KiB and more are, where
/// the client accepts it. Everything else is 404, another method 405 with Allow, another compression 415; errors are
/// {"error": text} and, where a call was wrong, "example", a command that works (with a token where the call had one).
/// Who may call is decided before (access/guard.h).
///
/// With `queue`, which outlives the handler too, requests to models on the workers (Servable::on_workers) are answered
/// later, by them; requests that cannot be answered in time get 503 with Retry-After, whatever model they are for, and
/// 504 where the time is over that they give.
net::Handler MakeHandler(const serving::ModelManager& models, serving::ModelLoader* loader,
                         serving::WorkQueue* queue = nullptr);

}  // namespace roost::rest
