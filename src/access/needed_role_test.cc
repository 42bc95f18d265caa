#include "access/needed_role.h"

#include <gtest/gtest.h>

namespace roost::access {
namespace {

std::string_view Needed(std::string_view path, std::string_view method = "GET") {
  const std::optional<Role> role = NeededRole(method, path);
  return role.has_value() ? RoleName(*role) : "open";
}

TEST(NeededRole, OfEachRoute) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/", "open"},
      {"/v2/health/live", "open"},
      {"/v2/health/ready", "open"},
      {"/v2", "infer"},
      {"/v2/", "infer"},
      {"/v2/models/late-flights", "infer"},
      {"/v2/models/late-flights/", "infer"},
      {"/v2/models/late-flights/infer", "infer"},
      {"/v2/models/late-flights/versions/3/infer", "infer"},
      {"/v2/models/late%2Fflights/infer", "infer"},
      {"/v2/models/late-flights/config", "infer"},
      {"/v2/models/late-flights/ready", "infer"},
      {"/v1/models/late-flights:score", "infer"},
      {"/v1/models/late-flights/versions/3:predict", "infer"},
      {"/v1/models/late-flights", "infer"},
      {"/v1/models/late-flights/metadata", "infer"},
      {"/v2/models", "read"},
      {"/v2/models/", "read"},
      {"/v1/models", "read"},
      {"/v1/models/", "read"},
      {"/v2/models/stats", "read"},
      {"/v2/models/late-flights/stats", "read"},
      {"/v2/models/late-flights/stats/", "read"},
      {"/v2/models/late-flights/versions/3/stats", "read"},
      {"/v2/repository/index", "read"},
      {"/metrics", "read"},
      {"/openapi.json", "read"},
      {"/v2/repository/models/late-flights/load", "admin"},
      {"/v2/repository/models/late-flights/unload", "admin"},
      {"/v2/repository/models/late-flights/unload/", "admin"},
      {"/v2/repository", "admin"},
  };
  for (const auto& [path, role] : cases) EXPECT_EQ(Needed(path), role) << path;
}

TEST(NeededRole, OfMlflowsInterfaceHangsOnTheMethod) {
  constexpr std::string_view kAlias = "/api/2.0/mlflow/registered-models/alias";
  EXPECT_EQ(Needed(kAlias, "GET"), "read");
  EXPECT_EQ(Needed(kAlias, "HEAD"), "read");
  EXPECT_EQ(Needed("/api/2.0/mlflow/registered-models/get-latest-versions", "POST"), "read");
  EXPECT_EQ(Needed("/api/2.0/mlflow-artifacts/artifacts/models/late/1/MLmodel", "GET"), "read");
  EXPECT_EQ(Needed(kAlias, "POST"), "admin");
  EXPECT_EQ(Needed(kAlias, "DELETE"), "admin");
  EXPECT_EQ(Needed("/%61pi/2.0/mlflow/registered-models/alias", "POST"), "admin");
  EXPECT_EQ(Needed("/api/2.0/mlflow/registered-models/%61lias", "POST"), "admin");
  EXPECT_EQ(Needed("/api/2.0/mlflow-artifacts/artifacts/models/late/1/MLmodel", "PUT"), "admin");
}

TEST(NeededRole, OfEachMethodOfGrpc) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/grpc.health.v1.Health/Check", "open"},
      {"/inference.GRPCInferenceService/ServerLive", "open"},
      {"/inference.GRPCInferenceService/ServerReady", "open"},
      {"/inference.GRPCInferenceService/ModelInfer", "infer"},
      {"/inference.GRPCInferenceService/ModelReady", "infer"},
      {"/inference.GRPCInferenceService/ModelMetadata", "infer"},
      {"/inference.GRPCInferenceService/ModelConfig", "infer"},
      {"/inference.GRPCInferenceService/ServerMetadata", "infer"},
      {"/tensorflow.serving.PredictionService/Predict", "infer"},
      {"/tensorflow.serving.ModelService/GetModelStatus", "infer"},
      {"/inference.GRPCInferenceService/ModelStatistics", "read"},
      {"/inference.GRPCInferenceService/RepositoryIndex", "read"},
      {"/inference.GRPCInferenceService/Unheard", "read"},
      {"/inference.GRPCInferenceService/RepositoryModelLoad", "admin"},
      {"/inference.GRPCInferenceService/RepositoryModelUnload", "admin"},
      {"/tensorflow.serving.ModelService/HandleReloadConfigRequest", "admin"},
      {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "infer"},
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "infer"},
      {"/grpc.channelz.v1.Channelz/GetServers", "read"},
  };
  for (const auto& [path, role] : cases) EXPECT_EQ(Needed(path), role) << path;
}

TEST(NeededRole, WhatThereIsNotIsNotOpen) {
  for (const char* path : {"", "//", "/v3", "/v2x", "//v2/health/live", "/v2/healthy", "/v2/metrics", "/v1", "/v1/x/y",
                           "/V2/HEALTH/live", "/v2/.."}) {
    EXPECT_NE(Needed(path), "open") << path;
    EXPECT_NE(Needed(path), "infer") << path;
  }
}

TEST(NeededRole, APercentSignOpensNothing) {
  for (const char* path : {"/v2/%72epository/models/m/load", "/%762/repository/models/m/load",
                           "/v2/repository/models/m/%6coad", "/v2/repository/%6dodels/m/load", "/%2e"}) {
    EXPECT_EQ(Needed(path), "admin") << path;
  }
  for (const char* path : {"/v2/models/m/%73tats", "/v2/models/m/versions/%33/stats", "/v2/health/%2e%2e"}) {
    EXPECT_NE(Needed(path), "infer") << path;
    EXPECT_NE(Needed(path), "open") << path;
  }
}

}  // namespace
}  // namespace roost::access
