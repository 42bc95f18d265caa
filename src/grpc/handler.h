#pragma once

#include "net/http_server.h"
#include "serving/model_manager.h"

namespace roost::grpc {

/// Answers gRPC calls over `models`, which outlives the handler; for POST requests of HTTP/2 whose Content-Type is
/// application/grpc. Unary methods with protobuf messages:
///
///   inference.GRPCInferenceService      ServerLive, ServerReady, ModelReady, ServerMetadata, ModelMetadata,
///   ModelInfer,
///                                       ModelConfig, ModelStatistics, RepositoryIndex
///   tensorflow.serving.PredictionService  Predict, Classify, Regress, GetModelMetadata
///   tensorflow.serving.ModelService     GetModelStatus
///   grpc.health.v1.Health               Check; Watch is Unimplemented, which tells clients to go without it
///
/// Other methods are Unimplemented. Messages may be compressed (gzip, deflate); answers are plain. A call whose
/// grpc-timeout is over, before or after it was worked on, is DeadlineExceeded. Errors are trailers; what is no gRPC
/// call is an HTTP error (405, 415, 505). Who may call is decided before (access/guard.h).
///
/// Cost: messages lie in an arena of the thread, which is reused from call to call.
net::Handler MakeHandler(const serving::ModelManager& models);

}  // namespace roost::grpc
