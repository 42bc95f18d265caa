#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/registry.h"

namespace roost::mlflow {

struct ExportRunRequest {
  std::string reference;      ///< as ExportModel
  std::string url;            ///< of the tracking server: "https://mlflow.example.com"
  std::string experiment;     ///< made where it is missing; empty: the project's name
  std::string authorization;  ///< of every call: "Bearer TOKEN"; empty: none
};

struct ExportRunResponse {
  registry::ModelVersion version;
  std::string experiment;  ///< its name
  std::string experiment_id, run_id;
  std::string url;  ///< where people look at the run; without what is secret in the request's
  int64_t parameters = 0, metrics = 0, files = 0;
};

/// Writes a version and its training to a tracking server over MLflow's REST interface 2.0: a run with the keys of
/// `model` of its roost.yaml as parameters, its evaluation as metrics (the dummy's under "dummy."), where it came from
/// as tags, and its folder (mlmodel.h) as the artifact "model", which runs:/RUN/model loads. What fails half-way leaves
/// a run of the state FAILED.
///
/// The errors of MakeModelFolder and of net::HttpClient; Unauthenticated, PermissionDenied, Unavailable as the server
/// answers; FailedPrecondition for what else it refuses, and where it does not take artifacts itself
/// (mlflow server --serve-artifacts).
absl::StatusOr<ExportRunResponse> ExportRun(api::Project& project, const ExportRunRequest& request,
                                            const Context& context);

}  // namespace roost::mlflow
