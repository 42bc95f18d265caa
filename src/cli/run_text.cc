#include "cli/run_text.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
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

}  // namespace

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

void NoteRunEnd(const api::RunResponse& response, Session& session) {
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

Json JsonOfRun(const api::RunResponse& response) {
  Json steps = Json::array();
  for (const api::StepResult& result : response.steps) steps.push_back(ToJson(result));
  return {{"run", response.run.has_value() ? Json(*response.run) : Json(nullptr)},
          {"state", response.state},
          {"steps", std::move(steps)}};
}

}  // namespace roost::cli
