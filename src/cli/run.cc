// roost run

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/run.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/hooks.h"
#include "cli/model_option.h"
#include "cli/model_trial.h"
#include "cli/run_history.h"
#include "cli/run_text.h"
#include "pipeline/step.h"

namespace roost::cli {
namespace {

struct RunOptions {
  std::string only, from, model;
  bool dry_run = false;
  bool wait = false;
  bool locked = false;
};

absl::StatusOr<int> RunPipeline(const RunOptions& options, Session& session) {
  if (!options.only.empty() && !options.from.empty()) {
    return absl::InvalidArgumentError("--step and --from exclude each other");
  }
  api::RunRequest request{.trial = TryModelApart, .dry_run = options.dry_run, .locked = options.locked};
  if (!options.only.empty()) {
    TRY_ASSIGN(request.selection.only, pipeline::ParseStep(options.only));
  }
  if (!options.from.empty()) {
    TRY_ASSIGN(request.selection.from, pipeline::ParseStep(options.from));
  }
  request.on_step = [&session](const api::StepResult& result) { ShowStep(result, session); };
  request.wait = options.wait;
  request.on_wait = [&session](const std::string& held) { session.Note(held + "; waiting for its end"); };
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY(project.SelectModel(options.model));
  TRY_ASSIGN(const std::vector<std::string> models, api::ModelsToRun(project, request.selection));
  const Context context = session.MakeContext(JsonProgress::kYes);
  Json runs = Json::array();
  bool is_refused = false;
  for (const std::string& model : models) {
    TRY(project.SelectModel(model));
    if (!model.empty() && !session.json()) session.Print(session.Colored(model, "bold") + "\n");
    const absl::StatusOr<api::RunResponse> ran = api::Run(project, request, context);
    if (!options.dry_run) SendHooks(project, session);
    TRY(ran.status());
    const api::RunResponse& response = *ran;
    is_refused = is_refused || response.state == "refused";
    if (!session.json()) NoteRunEnd(response, session);
    runs.push_back(JsonOfRun(response));
    if (!model.empty()) runs.back()["model"] = model;
  }
  if (session.json()) session.Print(ToText(models.front().empty() ? runs.front() : Json{{"runs", std::move(runs)}}));
  return is_refused ? kCheckSaidNo : 0;
}

}  // namespace

void AddRunCommand(CLI::App& app, Session& session) {
  CLI::App* run = app.add_subcommand("run", "The whole pipeline: ingest, validate, train, evaluate, gate, release");
  auto options = std::make_shared<RunOptions>();
  std::vector<std::string> steps;
  for (const pipeline::Step step : pipeline::kAllSteps) steps.emplace_back(pipeline::StepName(step));
  Offer(run->add_option("--step", options->only, "Only this step, on what the steps before it made last"), steps)
      ->type_name("STEP");
  Offer(run->add_option("--from", options->from, "Do this step and all after it anew, whatever is known"), steps)
      ->type_name("STEP");
  AddModelOption(*run, options->model);
  run->add_flag("--dry-run", options->dry_run, "Say what would be done, and why; do nothing");
  run->add_flag("--wait", options->wait, "Wait for another run of the model that is under way; else exit code 11");
  run->add_flag("--locked", options->locked, "On the version that roost.lock pins, if all else is as it says");
  run->footer(
      "A step is done where its inputs, its part of roost.yaml or the program's way to do it are others than before;\n"
      "else what it made is taken. A run that was killed is gone on with by the next. Exit code 1 where validation or\n"
      "the gate refuse. Of several models each has a run, after those whose scores it takes. docs/run.md");
  AddRunHistoryCommands(*run, session);
  run->require_subcommand(0, 1);
  run->callback([run, options, &session] {
    if (run->get_subcommands().empty()) session.Finish(RunPipeline(*options, session));
  });
}

}  // namespace roost::cli
