#include "access/needed_role.h"

#include <algorithm>
#include <array>

namespace roost::access {
namespace {

/// Cuts the piece before the next '/' off the front of `path`, with the slash.
std::string_view TakePiece(std::string_view& path) {
  const size_t slash = std::min(path.find('/'), path.size());
  const std::string_view piece = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return piece;
}

std::string_view LastPiece(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

/// Of a method of the Open Inference Protocol.
std::optional<Role> RoleOfInference(std::string_view method) {
  static constexpr std::array<std::string_view, 5> kInferMethods{"ModelInfer", "ModelMetadata", "ModelReady",
                                                                 "ModelConfig", "ServerMetadata"};
  if (std::find(kInferMethods.begin(), kInferMethods.end(), method) != kInferMethods.end()) return Role::kInfer;
  if (method == "ServerLive" || method == "ServerReady") return std::nullopt;
  if (method == "RepositoryModelLoad" || method == "RepositoryModelUnload") return Role::kAdmin;
  return Role::kRead;
}

std::optional<Role> RoleOfV2(std::string_view path) {
  const std::string_view what = TakePiece(path);
  if (what.empty()) return Role::kInfer;  // the server's metadata
  if (what == "models") {
    const std::string_view model = TakePiece(path);
    if (model.empty() || model == "stats" || path.find('%') != std::string_view::npos) return Role::kRead;
    return LastPiece(path) == "stats" ? Role::kRead : Role::kInfer;
  }
  if (what == "repository") return path == "index" ? Role::kRead : Role::kAdmin;
  if (what == "health" && path.find('%') == std::string_view::npos) return std::nullopt;
  return what.find('%') == std::string_view::npos ? Role::kRead : Role::kAdmin;
}

/// Of MLflow's interface, which moves aliases under the same path as it reads them.
std::optional<Role> RoleOfMlflow(std::string_view method, std::string_view path) {
  const bool is_read =
      method == "GET" || method == "HEAD" || path == "2.0/mlflow/registered-models/get-latest-versions";
  return is_read ? Role::kRead : Role::kAdmin;
}

}  // namespace

std::optional<Role> NeededRole(std::string_view method, std::string_view path) {
  if (path == "/") return std::nullopt;  // says that the server lives
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view first = TakePiece(path);
  if (first == "v2") return RoleOfV2(path);
  if (first == "v1") {
    const bool of_a_model = TakePiece(path) == "models" && !path.empty();
    return of_a_model ? Role::kInfer : Role::kRead;
  }
  if (first == "api") return RoleOfMlflow(method, path);
  if (first == "inference.GRPCInferenceService") return RoleOfInference(path);
  if (first == "grpc.health.v1.Health") return std::nullopt;
  if (first == "tensorflow.serving.PredictionService" || first == "grpc.reflection.v1.ServerReflection" ||
      first == "grpc.reflection.v1alpha.ServerReflection") {
    return Role::kInfer;
  }
  if (first == "tensorflow.serving.ModelService") return path == "GetModelStatus" ? Role::kInfer : Role::kAdmin;
  return first.find('%') == std::string_view::npos ? Role::kRead : Role::kAdmin;
}

}  // namespace roost::access
