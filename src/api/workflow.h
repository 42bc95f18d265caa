#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipeline/workflow.h"

namespace roost::api {

/// The pipeline of the project in, or above, `project` as a DAG of Airflow. Where `workflow` leaves out the name it is
/// the project's, and the folder is where the project lies now. The workspace is not opened. InvalidArgument where
/// roost.yaml has no model; the errors of pipeline::AirflowDag and ReadProject.
absl::StatusOr<std::string> ExportAirflow(const std::string& project, pipeline::Workflow workflow);

/// The same as a workflow of Argo. The name is made one that Kubernetes takes, and the folder is /project.
/// FailedPrecondition, with a hint, where the workspace lies in a folder and the pods share no volume that has it: each
/// would begin with an empty one.
absl::StatusOr<std::string> ExportArgo(const std::string& project, pipeline::Workflow workflow,
                                       pipeline::ArgoOptions options);

}  // namespace roost::api
