#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipeline/step.h"

namespace roost::pipeline {

/// A model of the project, and those before it whose scores it takes.
struct WorkflowModel {
  std::string name;
  std::vector<std::string> takes;
};

/// One step, where the project has several models that of one: `PROGRAM run --step STEP [--model MODEL]`.
struct WorkflowTask {
  std::string name;  ///< letters, digits and '-'; no two tasks have one name
  Step step = Step::kIngest;
  std::string model;               ///< empty: the only one
  std::vector<std::string> after;  ///< the tasks that must have ended well
};

/// The tasks of a project, each after those that it waits for: `ingest` and `validate` once, the others for each model.
/// `models` is empty where the only one has no name of its own; the step `assert` is there where roost.yaml asserts
/// something. Models wait for those whose scores they take.
std::vector<WorkflowTask> TasksOf(const std::vector<WorkflowModel>& models, bool has_assertions);

/// The pipeline as a workflow of another engine. Values in, text out.
struct Workflow {
  std::string name;      ///< letters, digits, '.', '_' and '-'
  std::string schedule;  ///< of CheckSchedule, in UTC; empty: only when somebody starts it
  int64_t retries = 2;   ///< of a step that ended with one of kRetriedExitCodes, was killed, or lost its machine
  std::string folder;    ///< absolute: where the steps find the project
  std::string program;   ///< a path, or a name that is looked for on PATH
  std::string image;     ///< of a container that has the program
  std::vector<WorkflowTask> tasks;
  bool one_at_a_time = false;  ///< of tasks that need not wait for each other
};

/// How a step ends that may end well when it is tried again: somebody else was faster, something remote is away, a
/// limit of this machine, stopped or killed. A refusal (1) and a mistake (2) are the same the next time.
inline constexpr std::array<int, 6> kRetriedExitCodes{11, 13, 14, 130, 137, 143};

/// InvalidArgument where `text` is not a time of cron as both engines read it: five fields of numbers, names of months
/// and days, '*', ',', '-' and '/', or @hourly, @daily, @weekly, @monthly, @yearly. Sunday is 0.
absl::Status CheckSchedule(std::string_view text);

/// A file of Python that Airflow (2.9 and later, 3) reads as a DAG; folder, program and image are parameters of its
/// runs. With an image the steps run in containers of Docker. InvalidArgument for values that the engine cannot have.
absl::StatusOr<std::string> AirflowDag(const Workflow& workflow);

/// What pods need beside the workflow itself.
struct ArgoOptions {
  std::string volume;              ///< a PersistentVolumeClaim that holds the project
  std::string config_map;          ///< or a ConfigMap with the project's files; the workspace lies elsewhere then
  std::vector<std::string> files;  ///< the names of these files
  std::string secret;              ///< a Secret whose members become variables of the environment
  std::string service_account;
  std::string cpu = "1";
  std::string memory = "2Gi";
  int64_t gpus = 0;  ///< of the step that trains
};

/// A Workflow of Argo as YAML, or with a schedule a CronWorkflow (Argo 3.6 and later). InvalidArgument for values that
/// Kubernetes or Argo cannot have.
absl::StatusOr<std::string> ArgoWorkflow(const Workflow& workflow, const ArgoOptions& options);

}  // namespace roost::pipeline
