#pragma once

#include "net/http_server.h"
#include "serving/model_loader.h"
#include "serving/model_manager.h"
#include "serving/work_queue.h"

namespace roost::grpc {

/// Answers gRPC calls over `models`, which outlives the handler; for POST requests of HTTP/2 whose Content-Type is
/// application/grpc. Unary methods with protobuf messages:
///
///   inference.GRPCInferenceService      ServerLive, ServerReady, ModelReady, ServerMetadata, ModelMetadata,
///                                       ModelInfer, ModelConfig, ModelStatistics, RepositoryIndex,
///                                       RepositoryModelLoad, RepositoryModelUnload
///   tensorflow.serving.PredictionService  Predict, Classify, Regress, GetModelMetadata
///   tensorflow.serving.ModelService     GetModelStatus
///   grpc.health.v1.Health               Check; Watch is Unimplemented, which tells clients to go without it
///
/// Other methods are Unimplemented. Messages may be compressed (gzip, deflate); answers are plain. A call whose
/// grpc-timeout is over, before or after it was worked on, is DeadlineExceeded. Errors are trailers; what is no gRPC
/// call is an HTTP error (405, 415, 505). Host is not checked: browsers speak no HTTP/2 without TLS, and no page can
/// send this Content-Type to another origin.
///
/// Cost: messages lie in an arena of the thread, which is reused from call to call.
///
/// With `loader` clients may load and unload models. With `queue` requests to models on the workers
/// (Servable::on_workers) are answered later, by them; what cannot be answered in time is Unavailable, with the trailer
/// grpc-retry-pushback-ms (gRFC A6). Both outlive the handler.
net::Handler MakeHandler(const serving::ModelManager& models, serving::ModelLoader* loader = nullptr,
                         serving::WorkQueue* queue = nullptr);

}  // namespace roost::grpc
