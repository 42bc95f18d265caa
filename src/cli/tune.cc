// roost tune

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/tune.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/model_option.h"
#include "cli/table_text.h"
#include "pipeline/tune.h"

namespace roost::cli {
namespace {

std::string ScoreOf(const pipeline::TrialResult& result) {
  return result.score.has_value() ? fmt::format("{:.5f}", *result.score) : std::string("failed");
}

Json ToJson(const api::TuneResponse& response) {
  Json trials = Json::array();
  for (size_t i = 0; i < response.results.size(); ++i) {
    const pipeline::TrialResult& result = response.results[i];
    Json values = Json::object();
    for (size_t p = 0; p < response.parameters.size(); ++p) {
      values[response.parameters[p]] = pipeline::ValueToJson(response.runs[i].values[p]);
    }
    Json trial{{"trial", result.trial},
               {"rung", result.rung},
               {"share", response.runs[i].budget},
               {"values", std::move(values)},
               {"score", result.score.has_value() ? Json(*result.score) : Json(nullptr)},
               {"seconds", result.seconds}};
    if (!result.note.empty()) trial["note"] = result.note;
    trials.push_back(std::move(trial));
  }
  Json edits = Json::object();
  for (const auto& [key, value] : response.edits) edits[key] = value;
  return {{"dataset", response.dataset}, {"metric", response.metric},   {"trials", std::move(trials)},
          {"resumed", response.resumed}, {"best", response.best.trial}, {"edits", std::move(edits)},
          {"written", response.written}};
}

std::string Table(const api::TuneResponse& response) {
  std::vector<std::vector<std::string>> lines{{"trial", "rows"}};
  std::string align = "rr";
  for (const std::string& parameter : response.parameters) {
    lines.front().push_back(parameter);
    align += 'r';
  }
  lines.front().push_back(response.metric);
  align += 'r';
  for (size_t i = 0; i < response.results.size(); ++i) {
    std::vector<std::string> line{FormatCount(response.results[i].trial), FormatShare(response.runs[i].budget)};
    for (const pipeline::ParameterValue& value : response.runs[i].values) {
      const Json json = pipeline::ValueToJson(value);
      line.push_back(json.is_string() ? json.get<std::string>() : json.dump());
    }
    line.push_back(ScoreOf(response.results[i]));
    lines.push_back(std::move(line));
  }
  return AlignColumns(lines, align);
}

// One trial that is done, for programs that watch.
Json TrialEvent(const pipeline::TrialRun& run, const pipeline::TrialResult& result) {
  return {{"message_type", "trial"},
          {"trial", run.trial},
          {"rung", run.rung},
          {"share", run.budget},
          {"score", result.score.has_value() ? Json(*result.score) : Json(nullptr)}};
}

absl::StatusOr<int> RunTune(api::TuneRequest request, const std::string& model, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY(project.SelectModel(model));
  request.on_trial = [&session](const pipeline::TrialRun& run, const pipeline::TrialResult& result) {
    if (session.json()) return session.NoteJson(TrialEvent(run, result));
    session.Note(fmt::format("trial {} with {} of the rows: {}{}", run.trial, FormatShare(run.budget), ScoreOf(result),
                             result.note.empty() ? "" : fmt::format(": {}", result.note)));
  };
  TRY_ASSIGN(const api::TuneResponse response, api::Tune(project, request, session.MakeContext(JsonProgress::kYes)));
  if (session.json()) {
    session.Print(ToText(ToJson(response)));
    return 0;
  }
  session.Print(Table(response));
  session.Print(fmt::format("\nbest: trial {}, {} {}; in roost.yaml, under model.trainer:\n", response.best.trial,
                            response.metric, ScoreOf(response.best)));
  for (const auto& [key, value] : response.edits) session.Print(fmt::format("    {}: {}\n", key, value));
  if (response.resumed > 0) {
    session.Note(fmt::format("{} results were there already, from an earlier search over the same",
                             FormatCount(response.resumed)));
  }
  session.Note(response.written ? "wrote roost.yaml\nnext: roost train"
                                : "next: put these into roost.yaml, or let --write do it");
  return 0;
}

}  // namespace

void AddTuneCommand(CLI::App& app, Session& session) {
  CLI::App* tune =
      app.add_subcommand("tune", "Search the trainer's parameters: what model.tune in roost.yaml declares");
  auto request = std::make_shared<api::TuneRequest>();
  tune->add_option("DATASET", request->reference, "Default: the latest version of the project's dataset");
  tune->add_flag("--write", request->write, "The best values into roost.yaml");
  tune->footer(
      "Random trials begin with a share of the rows, and the best go on with more (successive halving). Every result "
      "is\n"
      "kept at once: the same command goes on where it was interrupted.");
  auto model = std::make_shared<std::string>();
  AddModelOption(*tune, *model);
  tune->callback([request, model, &session] { session.Finish(RunTune(*request, *model, session)); });
}

}  // namespace roost::cli
