// roost run list | show | compare

#include "cli/run_history.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/run.h"
#include "api/run_summary.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/run_pages.h"
#include "cli/table_text.h"
#include "table/text_file.h"

namespace roost::cli {
namespace {

constexpr int64_t kRunsShown = 20;
constexpr int64_t kRunsOnPage = 1'000;
constexpr char kPage[] = "docs/run.md";

struct ListOptions {
  std::optional<int64_t> limit;
  std::string html;
};

struct ShowOptions {
  int64_t run = 0;
  std::string html;
};

struct CompareOptions {
  std::vector<int64_t> runs;
  std::string html;
};

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

absl::StatusOr<std::vector<api::RunSummary>> Summarize(api::Project& project, const std::vector<int64_t>& numbers) {
  std::vector<api::RunSummary> runs;
  for (const int64_t number : numbers) {
    TRY_ASSIGN(api::RunDescription description, api::ShowRun(project, number));
    TRY_ASSIGN(api::RunSummary run, api::SummarizeRun(std::move(description)));
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::Status WritePage(const std::string& path, const std::string& page, Session& session) {
  TRY(table::WriteTextFile(path, page));
  session.Note(fmt::format("wrote {}", path));
  return absl::OkStatus();
}

absl::StatusOr<int> RunList(const ListOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  const int64_t limit = options.limit.value_or(options.html.empty() ? kRunsShown : kRunsOnPage);
  TRY_ASSIGN(const std::vector<registry::RunRecord> runs, api::ListRuns(project, limit));
  if (!options.html.empty()) {
    std::vector<int64_t> numbers;
    for (const registry::RunRecord& run : runs) numbers.push_back(run.number);
    TRY_ASSIGN(const std::vector<api::RunSummary> summaries, Summarize(project, numbers));
    TRY_ASSIGN(const std::string page, RunsPage(project.config().project, summaries));
    TRY(WritePage(options.html, page, session));
  }
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

absl::StatusOr<int> RunShow(const ShowOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const api::RunDescription description, api::ShowRun(project, options.run));
  if (!options.html.empty()) {
    TRY_ASSIGN(const api::RunSummary summary, api::SummarizeRun(description));
    TRY_ASSIGN(const std::string page, RunPage(project, summary, session.MakeContext()));
    TRY(WritePage(options.html, page, session));
  }
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
    rows.push_back({step.step, StateOf(step), made.empty() ? step.reason : fmt::format("{}; {}", made, step.reason)});
  }
  if (!rows.empty()) session.Print("\n" + AlignColumns(rows, "lll"));
  return 0;
}

Json ToJson(const std::vector<api::RunDifference>& differences) {
  Json json = Json::array();
  for (const api::RunDifference& difference : differences) {
    json.push_back({{"name", difference.name}, {"values", difference.values}});
  }
  return json;
}

absl::StatusOr<int> RunCompareRuns(const CompareOptions& options, Session& session) {
  if (options.runs.size() < 2) return absl::InvalidArgumentError("name two runs or more");
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const std::vector<api::RunSummary> runs, Summarize(project, options.runs));
  const api::RunComparison comparison = api::CompareRuns(runs);
  if (!options.html.empty()) {
    TRY_ASSIGN(const std::string page, RunComparisonPage(project, runs, session.MakeContext()));
    TRY(WritePage(options.html, page, session));
  }
  if (session.json()) {
    session.Print(ToText(Json{{"runs", options.runs},
                              {"configuration", ToJson(comparison.configuration)},
                              {"inputs", ToJson(comparison.inputs)},
                              {"metrics", ToJson(comparison.metrics)}}));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"differs"}};
  for (const int64_t run : options.runs) rows.front().push_back(fmt::format("run {}", run));
  for (const auto* differences : {&comparison.configuration, &comparison.inputs, &comparison.metrics}) {
    for (const api::RunDifference& difference : *differences) {
      std::vector<std::string> row{difference.name};
      for (const std::string& value : difference.values) row.push_back(value.empty() ? "-" : value);
      rows.push_back(std::move(row));
    }
  }
  if (rows.size() == 1) {
    session.Print("configuration, inputs and metrics are the same\n");
  } else {
    session.Print(AlignColumns(rows, std::string(rows.front().size(), 'l')));
  }
  return 0;
}

void AddPageOption(CLI::App& command, std::string& path) {
  command.add_option("--html", path, "Write a report that opens in any browser")->type_name("FILE");
}

}  // namespace

void AddRunHistoryCommands(CLI::App& run, Session& session) {
  CLI::App* list = run.add_subcommand("list", "The runs of this project, newest first");
  auto list_options = std::make_shared<ListOptions>();
  list->add_option("--limit", list_options->limit, "Runs at most; default: 20, of a page 1,000")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  AddPageOption(*list, list_options->html);
  list->footer(kPage);
  list->callback([list_options, &session] { session.Finish(RunList(*list_options, session)); });

  CLI::App* show = run.add_subcommand("show", "One run: its steps, what they made and why");
  auto show_options = std::make_shared<ShowOptions>();
  show->add_option("RUN", show_options->run, "Its number")->required()->check(CLI::PositiveNumber);
  AddPageOption(*show, show_options->html);
  show->footer(kPage);
  show->callback([show_options, &session] { session.Finish(RunShow(*show_options, session)); });

  CLI::App* compare = run.add_subcommand("compare", "What differs between runs: configuration, inputs, metrics");
  auto compare_options = std::make_shared<CompareOptions>();
  compare->add_option("RUN", compare_options->runs, "Numbers of two runs or more")
      ->required()
      ->check(CLI::PositiveNumber);
  AddPageOption(*compare, compare_options->html);
  compare->footer("Whether chance explains the difference of two versions is told by 'roost compare'. docs/run.md");
  compare->callback([compare_options, &session] { session.Finish(RunCompareRuns(*compare_options, session)); });
}

}  // namespace roost::cli
