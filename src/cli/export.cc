// roost export

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "api/workflow.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/write_file.h"

namespace roost::cli {
namespace {

struct ExportOptions {
  pipeline::Workflow workflow;
  pipeline::ArgoOptions argo;
  std::string path;
  bool overwrite = false;
};

absl::StatusOr<int> Write(const std::string& text, const ExportOptions& options, const char* next, Session& session) {
  if (options.path.empty() || options.path == "-") {
    session.Print(text);
    return 0;
  }
  TRY(WriteFile(options.path, text, options.overwrite));
  session.Note(fmt::format("wrote {}\nnext: {}", options.path, next));
  return 0;
}

absl::StatusOr<int> ExportAirflow(const ExportOptions& options, Session& session) {
  TRY_ASSIGN(const api::ExportedWorkflow made, api::ExportAirflow(session.project(), options.workflow));
  return Write(made.text, options, "put it into Airflow's folder of DAGs", session);
}

absl::StatusOr<int> ExportArgo(const ExportOptions& options, Session& session) {
  TRY_ASSIGN(const api::ExportedWorkflow made, api::ExportArgo(session.project(), options.workflow, options.argo));
  return Write(made.text, options,
               made.schedule.empty() ? "kubectl create -f, in the namespace of Argo's workflows"
                                     : "kubectl apply -f, in the namespace of Argo's workflows",
               session);
}

void AddCommonOptions(CLI::App& command, const std::shared_ptr<ExportOptions>& options) {
  pipeline::Workflow& workflow = options->workflow;
  command
      .add_option("--schedule", workflow.schedule,
                  "When it runs: cron's five fields in UTC, @daily, or none; default: as watch.triggers says")
      ->type_name("CRON");
  command.add_option("--name", workflow.name, "The workflow's name; default: the project's")->type_name("NAME");
  command
      .add_option("--retries", workflow.retries,
                  "How often a step is tried again that was stopped or found something away; default: 2")
      ->type_name("N")
      ->check(CLI::Range(0, 100));
  command.add_option("-o,--output", options->path, "Default: stdout")->type_name("FILE");
  command.add_flag("-f,--force", options->overwrite, "Replace the file where there is one");
}

void AddAirflow(CLI::App& group, Session& session) {
  CLI::App* command = group.add_subcommand("airflow", "A DAG of Airflow, as a file of Python");
  auto options = std::make_shared<ExportOptions>();
  options->workflow.program = "roost";
  AddCommonOptions(*command, options);
  command
      ->add_option("--folder", options->workflow.folder, "Where the tasks find the project; default: where it is now")
      ->type_name("DIR");
  command->add_option("--program", options->workflow.program, "roost where the tasks run; default: the one on PATH")
      ->type_name("FILE");
  command->add_option("--image", options->workflow.image, "Run the steps in containers of this image, by Docker")
      ->type_name("IMAGE");
  command->footer(
      "Folder, program and image are parameters of each run of the DAG. Put the file into Airflow's folder of DAGs;\n"
      "tasks on several machines need one workspace that all of them reach. docs/orchestrate.md");
  command->callback([options, &session] { session.Finish(ExportAirflow(*options, session)); });
}

void AddArgo(CLI::App& group, Session& session) {
  CLI::App* command = group.add_subcommand("argo", "A Workflow of Argo, with a schedule a CronWorkflow, as YAML");
  auto options = std::make_shared<ExportOptions>();
  options->workflow.program = "/opt/roost/bin/roost";
  AddCommonOptions(*command, options);
  pipeline::ArgoOptions& argo = options->argo;
  command->add_option("--image", options->workflow.image, "The image of the steps (deploy/Dockerfile)")
      ->type_name("IMAGE")
      ->required();
  command->add_option("--volume", argo.volume, "The PersistentVolumeClaim that holds the project")->type_name("NAME");
  command
      ->add_option("--config-map", argo.config_map,
                   "Or a ConfigMap with roost.yaml and the schemas; without both the project is in the image")
      ->type_name("NAME");
  command->add_option("--secret", argo.secret, "A Secret with variables: AWS_ACCESS_KEY_ID, PGPASSWORD and so on")
      ->type_name("NAME");
  command->add_option("--service-account", argo.service_account, "Of the pods")->type_name("NAME");
  command->add_option("--folder", options->workflow.folder, "Where the pods find the project; default: /project")
      ->type_name("DIR");
  command->add_option("--program", options->workflow.program, "roost in the image; default: /opt/roost/bin/roost")
      ->type_name("FILE");
  command->add_option("--cpu", argo.cpu, "Processors that a step asks for; default: 1")->type_name("N");
  command->add_option("--memory", argo.memory, "Memory that a step asks for, and its limit; default: 2Gi")
      ->type_name("SIZE");
  command->add_option("--gpus", argo.gpus, "GPUs of the step that trains; default: none")
      ->type_name("N")
      ->check(CLI::Range(0, 64));
  command->footer("Pods share nothing but a volume, or a workspace in S3 and PostgreSQL. docs/orchestrate.md");
  command->callback([options, &session] { session.Finish(ExportArgo(*options, session)); });
}

}  // namespace

void AddExportCommands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("export", "The pipeline as a workflow of Airflow or Argo");
  group->require_subcommand(1);
  AddAirflow(*group, session);
  AddArgo(*group, session);
}

}  // namespace roost::cli
