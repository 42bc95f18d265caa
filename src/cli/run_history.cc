// roost run list | show | compare

#include "cli/run_history.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/run.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

constexpr int64_t kRunsShown = 20;

std::string StateOf(const registry::RunRecord& run) { return run.finished.has_value() ? run.state : "not finished"; }

std::string ElapsedOf(const registry::RunRecord& run) {
  return run.finished.has_value() ? FormatElapsed(*run.finished - run.started) : "-";
}

Json ToJson(const registry::RunRecord& run) {
  return {{"run", run.number},
          {"scope", run.scope},
          {"state", StateOf(run)},
          {"message", run.message},
          {"author", run.author},
          {"started", FormatUtc(run.started)},
          {"finished", run.finished.has_value() ? Json(FormatUtc(*run.finished)) : Json(nullptr)}};
}

absl::StatusOr<Json> ToJson(const registry::StepRecord& step) {
  TRY_ASSIGN(Json key, ParseJson(step.key, "the key of a step"));
  TRY_ASSIGN(Json work, ParseJson(step.output, "the output of a step"));
  return Json{{"step", step.step},
              {"state", step.state},
              {"made_by", step.made_by.has_value() ? Json(*step.made_by) : Json(step.run)},
              {"reason", step.reason},
              {"key", std::move(key)},
              {"work", std::move(work)},
              {"seconds", absl::ToDoubleSeconds(step.finished - step.started)}};
}

absl::StatusOr<int> RunList(int64_t limit, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const std::vector<registry::RunRecord> runs, api::ListRuns(project, limit));
  if (session.json()) {
    Json json = Json::array();
    for (const registry::RunRecord& run : runs) json.push_back(ToJson(run));
    session.Print(ToText(json));
    return 0;
  }
  if (runs.empty()) {
    session.Note("no run yet\nnext: roost run");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"run", "what", "state", "began", "took", "who"}};
  for (const registry::RunRecord& run : runs) {
    rows.push_back({fmt::to_string(run.number), run.scope, StateOf(run), FormatUtcSeconds(run.started), ElapsedOf(run),
                    run.author});
  }
  session.Print(AlignColumns(rows, "rlllll"));
  return 0;
}

absl::StatusOr<int> RunShow(int64_t number, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const api::RunDescription description, api::ShowRun(project, number));
  if (session.json()) {
    Json json = ToJson(description.run);
    json["steps"] = Json::array();
    for (const registry::StepRecord& step : description.steps) {
      TRY_ASSIGN(Json step_json, ToJson(step));
      json["steps"].push_back(std::move(step_json));
    }
    session.Print(ToText(json));
    return 0;
  }
  const registry::RunRecord& run = description.run;
  session.Print(fmt::format("run {} ({}): {}, began {} by {}\n", run.number, run.scope, StateOf(run),
                            FormatUtcSeconds(run.started), Printable(run.author)));
  if (!run.message.empty()) session.Print(fmt::format("{}\n", PrintableLines(run.message)));
  std::vector<std::vector<std::string>> rows;
  for (const registry::StepRecord& step : description.steps) {
    TRY_ASSIGN(const Json work, ParseJson(step.output, "the output of a step"));
    const Json line = work.is_object() ? work.value("made", Json()) : Json();
    const std::string made = line.is_string() ? line.get<std::string>() : "";
    rows.push_back({step.step, step.made_by.has_value() ? fmt::format("hit of run {}", *step.made_by) : step.state,
                    made.empty() ? step.reason : fmt::format("{}; {}", made, step.reason)});
  }
  if (!rows.empty()) session.Print("\n" + AlignColumns(rows, "lll"));
  return 0;
}

Json ToJson(const std::vector<api::RunDifference>& differences) {
  Json json = Json::array();
  for (const api::RunDifference& difference : differences) {
    json.push_back({{"name", difference.name}, {"first", difference.first}, {"second", difference.second}});
  }
  return json;
}

absl::StatusOr<int> RunCompareRuns(int64_t first, int64_t second, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const api::RunComparison comparison, api::CompareRuns(project, first, second));
  if (session.json()) {
    session.Print(ToText(Json{{"first", first},
                              {"second", second},
                              {"configuration", ToJson(comparison.configuration)},
                              {"inputs", ToJson(comparison.inputs)},
                              {"metrics", ToJson(comparison.metrics)}}));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"differs", fmt::format("run {}", first), fmt::format("run {}", second)}};
  for (const auto* differences : {&comparison.configuration, &comparison.inputs, &comparison.metrics}) {
    for (const api::RunDifference& difference : *differences) {
      const auto text = [](const std::string& value) { return value.empty() ? "-" : value; };
      rows.push_back({difference.name, text(difference.first), text(difference.second)});
    }
  }
  if (rows.size() == 1) {
    session.Print("configuration, inputs and metrics are the same\n");
  } else {
    session.Print(AlignColumns(rows, "lll"));
  }
  return 0;
}

}  // namespace

void AddRunHistoryCommands(CLI::App& run, Session& session) {
  CLI::App* list = run.add_subcommand("list", "The runs of this project, newest first");
  auto limit = std::make_shared<int64_t>(kRunsShown);
  list->add_option("--limit", *limit, "Runs at most; default: 20")->check(CLI::PositiveNumber)->type_name("N");
  list->callback([limit, &session] { session.Finish(RunList(*limit, session)); });

  CLI::App* show = run.add_subcommand("show", "One run: its steps, what they made and why");
  auto number = std::make_shared<int64_t>(0);
  show->add_option("RUN", *number, "Its number")->required()->check(CLI::PositiveNumber);
  show->callback([number, &session] { session.Finish(RunShow(*number, session)); });

  CLI::App* compare = run.add_subcommand("compare", "What differs between two runs: configuration, inputs, metrics");
  auto numbers = std::make_shared<std::pair<int64_t, int64_t>>();
  compare->add_option("FIRST", numbers->first, "A run's number")->required()->check(CLI::PositiveNumber);
  compare->add_option("SECOND", numbers->second, "Another one's")->required()->check(CLI::PositiveNumber);
  compare->callback([numbers, &session] { session.Finish(RunCompareRuns(numbers->first, numbers->second, session)); });
}

}  // namespace roost::cli
