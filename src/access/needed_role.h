#pragma once

#include <optional>
#include <string_view>

#include "access/token.h"

namespace roost::access {

/// The role that a call of `path` needs; nothing: it is open to everybody. `path` is as sent, still percent-encoded, of
/// REST or gRPC; the body does not matter, and `method` under /api only.
///
///   open   /v2/health/..., grpc.health.v1.Health, ServerLive, ServerReady
///   infer  all of a model under /v1/models/{m} and /v2/models/{m} but its statistics; /v2; over gRPC ModelInfer,
///          ModelReady, ModelMetadata, ModelConfig, ServerMetadata, TensorFlow Serving's services and reflection, which
///          tells the protocols and nothing of the models
///   admin  /v2/repository/... but its index; over gRPC RepositoryModelLoad, RepositoryModelUnload
///   admin  under /api, where MLflow's clients call, what is neither GET nor HEAD nor asks for the latest versions
///   read   everything else, also what there is not
///
/// A '%' outside of the name of a model could spell any route: such paths need admin where one of that role could be
/// meant, else read.
std::optional<Role> NeededRole(std::string_view method, std::string_view path);

}  // namespace roost::access
