// roost run

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/run.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/hooks.h"
#include "cli/model_trial.h"
#include "cli/run_history.h"
#include "pipeline/step.h"

namespace roost::cli {
namespace {

using pipeline::StepState;

std::string StateText(const api::StepResult& result) {
  if (result.is_hit && result.work.state == StepState::kDone) return "hit";
  return std::string(pipeline::StateName(result.work.state));
}

std::string_view ColorOf(StepState state) {
  switch (state) {
    case StepState::kDone: return "green";
    case StepState::kRefused: return "red";
    case StepState::kWaits:
    case StepState::kToDo: return "yellow";
    case StepState::kSkipped:
    case StepState::kNotDone: break;
  }
  return "dim";
}

Json ToJson(const api::StepResult& result) {
  Json json{{"step", pipeline::StepName(result.step)},
            {"state", pipeline::StateName(result.work.state)},
            {"hit", result.is_hit},
            {"reason", result.reason},
            {"made", result.work.made},
            {"details", result.work.details},
            {"output", result.work.output.is_null() ? Json::object() : result.work.output},
            {"key", result.key.empty() ? Json(nullptr) : Json(result.key)}};
  if (result.elapsed.has_value()) json["seconds"] = absl::ToDoubleSeconds(*result.elapsed);
  return json;
}

// "train     done     late-flights@2 from flights@1, warm start; configuration changed (model.trainer.l2), data the
// same (20 ms)", and what else must be seen.
void ShowStep(const api::StepResult& result, Session& session) {
  if (session.json()) {
    session.NoteJson({{"message_type", "step"},
                      {"step", pipeline::StepName(result.step)},
                      {"state", pipeline::StateName(result.work.state)},
                      {"hit", result.is_hit},
                      {"reason", result.reason}});
    return;
  }
  const char* both = result.work.made.empty() || result.reason.empty() ? "" : "; ";
  std::string text = fmt::format("{}{}{}", result.work.made, both, result.reason);
  if (result.elapsed.has_value()) text += fmt::format(" ({})", FormatElapsed(*result.elapsed));
  const std::string state = session.Colored(fmt::format("{:<8}", StateText(result)), ColorOf(result.work.state));
  std::string line = fmt::format("{:<9} {} {}", pipeline::StepName(result.step), state, Printable(text));
  while (line.ends_with(' ')) line.pop_back();
  session.Print(line + "\n" + PrintableLines(result.work.details));
}

// What to do next, and how it ended.
void NoteEnd(const api::RunResponse& response, Session& session) {
  if (!response.run.has_value()) {
    session.Note("nothing was done: this is the plan");
    return;
  }
  for (const api::StepResult& result : response.steps) {
    if (result.work.state == StepState::kRefused && result.step <= pipeline::Step::kValidate) {
      session.Note("next: mend the rows, or 'roost schema accept' what is right");
    }
  }
  const bool is_refused = response.state == "refused";
  session.Note(fmt::format("run {}: {}{}", *response.run, response.state,
                           is_refused ? "; what ran stands, what follows was not done" : ""));
}

struct RunOptions {
  std::string only, from;
  bool dry_run = false;
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
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  const absl::StatusOr<api::RunResponse> ran = api::Run(project, request, session.MakeContext(JsonProgress::kYes));
  if (!options.dry_run) SendHooks(project, session);
  TRY(ran.status());
  const api::RunResponse& response = *ran;
  if (session.json()) {
    Json steps = Json::array();
    for (const api::StepResult& result : response.steps) steps.push_back(ToJson(result));
    session.Print(ToText(Json{{"run", response.run.has_value() ? Json(*response.run) : Json(nullptr)},
                              {"state", response.state},
                              {"steps", std::move(steps)}}));
  } else {
    NoteEnd(response, session);
  }
  return response.state == "refused" ? kCheckSaidNo : 0;
}

}  // namespace

void AddRunCommand(CLI::App& app, Session& session) {
  CLI::App* run = app.add_subcommand("run", "The whole pipeline: ingest, validate, train, evaluate, gate, release");
  auto options = std::make_shared<RunOptions>();
  run->add_option("--step", options->only, "Only this step, on what the steps before it made last")->type_name("STEP");
  run->add_option("--from", options->from, "Do this step and all after it anew, whatever is known")->type_name("STEP");
  run->add_flag("--dry-run", options->dry_run, "Say what would be done, and why; do nothing");
  run->add_flag("--locked", options->locked, "On the version that roost.lock pins, if all else is as it says");
  run->footer(
      "A step is done where its inputs, its part of roost.yaml or the program's way to do it are others than before;\n"
      "else what it made is taken. A run that was killed is gone on with by the next. Exit code 1 where validation or\n"
      "the gate refuse. docs/run.md");
  AddRunHistoryCommands(*run, session);
  run->require_subcommand(0, 1);
  run->callback([run, options, &session] {
    if (run->get_subcommands().empty()) session.Finish(RunPipeline(*options, session));
  });
}

}  // namespace roost::cli
