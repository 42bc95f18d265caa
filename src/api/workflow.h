#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipeline/workflow.h"

namespace roost::api {

/// Instead of a schedule: the workflow runs when somebody starts it, whatever roost.yaml says.
inline constexpr const char* kNoSchedule = "none";

struct ExportedWorkflow {
  std::string text;
  std::string schedule;  ///< of cron; empty: none
};

/// The pipeline of the project in, or above, `project` as a DAG of Airflow. Where `workflow` leaves out the name it is
/// the project's, the folder is where the project lies now, the schedule is `watch.triggers.schedule` of roost.yaml,
/// and the tasks are those of the project's models. The workspace is not opened. InvalidArgument where roost.yaml has
/// no model, or a schedule that cron does not have; the errors of pipeline::AirflowDag and ReadProject.
absl::StatusOr<ExportedWorkflow> ExportAirflow(const std::string& project, pipeline::Workflow workflow);

/// The same as a workflow of Argo. The name is made one that Kubernetes takes, and the folder is /project.
/// FailedPrecondition, with a hint, where the workspace lies in a folder and the pods share no volume that has it: each
/// would begin with an empty one.
absl::StatusOr<ExportedWorkflow> ExportArgo(const std::string& project, pipeline::Workflow workflow,
                                            pipeline::ArgoOptions options);

}  // namespace roost::api
