#pragma once

#include "net/http_server.h"
#include "serving/model_loader.h"
#include "serving/model_manager.h"
#include "serving/work_queue.h"

namespace roost::grpc {

/// Answers gRPC calls over `models`, which outlives the handler; for POST requests of HTTP/2 whose Content-Type is
/// application/grpc. Methods with protobuf messages, unary but for reflection:
///
///   inference.GRPCInferenceService      ServerLive, ServerReady, ModelReady, ServerMetadata, ModelMetadata,
///                                       ModelInfer, ModelConfig, ModelStatistics, RepositoryIndex,
///                                       RepositoryModelLoad, RepositoryModelUnload
///   tensorflow.serving.PredictionService  Predict, Classify, Regress, GetModelMetadata
///   tensorflow.serving.ModelService     GetModelStatus
///   grpc.reflection.{v1,v1alpha}.ServerReflection  ServerReflectionInfo, a stream both ways: what clients without our
///                                       messages (grpcurl) need to call the rest; see Streams
///   grpc.health.v1.Health               Check; Watch is Unimplemented, which tells clients to go without it
///
/// Other methods are Unimplemented. Messages may be compressed (gzip, deflate); answers are plain. A call whose
/// grpc-timeout is over, before or after it was worked on, is DeadlineExceeded. Errors are trailers; what is no gRPC
/// call is an HTTP error (405, 415, 505). Who may call is decided before (access/guard.h).
///
/// A stream's messages are handled one by one, so its grpc-timeout counts for each of them.
///
/// Cost: messages lie in an arena of the thread, which is reused from call to call.
///
/// With `loader` clients may load and unload models. With `queue` requests to models on the workers
/// (Servable::on_workers) are answered later, by them; what cannot be answered in time is Unavailable, with the trailer
/// grpc-retry-pushback-ms (gRFC A6). Both outlive the handler.
net::Handler MakeHandler(const serving::ModelManager& models, serving::ModelLoader* loader = nullptr,
                         serving::WorkQueue* queue = nullptr);

/// The calls whose messages the server hands on one by one, for ServerOptions; without them a stream has one message.
net::Conversations Streams();

}  // namespace roost::grpc
