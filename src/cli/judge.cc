// roost compare, roost gate

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/gate.h"
#include "api/measure.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/compare_page.h"
#include "cli/hooks.h"
#include "cli/model_consumers.h"
#include "cli/model_trial.h"
#include "cli/table_text.h"
#include "table/text_file.h"

namespace roost::cli {
namespace {

using evaluate::Estimate;
using evaluate::NamedMetric;

constexpr int kDigits = 4;

std::string NumberOrDash(const std::optional<double>& number) {
  return number.has_value() ? FormatNumber(*number, kDigits) : "-";
}

/// "-0.00071 [-0.0019, 0.00048]".
std::string DifferenceText(const Estimate& difference, double confidence) {
  const std::optional<evaluate::Interval> interval = difference.At(confidence);
  if (!interval.has_value()) return NumberOrDash(difference.value);
  return fmt::format("{} [{}, {}]", NumberOrDash(difference.value), FormatNumber(interval->low, kDigits),
                     FormatNumber(interval->high, kDigits));
}

/// "better", "worse", or nothing where chance may have made the difference.
std::string JudgementOf(const NamedMetric& metric, const Estimate& difference, double confidence) {
  switch (evaluate::TendencyOf(metric, difference, confidence)) {
    case evaluate::Tendency::kBetter: return "better";
    case evaluate::Tendency::kWorse: return "worse";
    case evaluate::Tendency::kUnclear: break;
  }
  return "";
}

/// Lines that begin with words of their own, then one metric of all models and the first's difference to the second.
class FiguresTable {
 public:
  FiguresTable(const api::Measured& measured, std::vector<std::string> head, std::string align)
      : measured_(measured), rows_{std::move(head)}, align_(std::move(align)) {
    for (const std::string& name : measured.names()) {
      rows_.front().push_back(name);
      align_ += 'r';
    }
    rows_.front().insert(rows_.front().end(), {"difference", ""});
    align_ += "ll";
  }

  void Add(std::vector<std::string> words, const evaluate::SliceFigures& figures, size_t metric) {
    for (const auto& model : figures.models) words.push_back(NumberOrDash(model[metric].value));
    const Estimate& difference = figures.differences.front()[metric];
    words.push_back(DifferenceText(difference, measured_.confidence));
    words.push_back(JudgementOf(*measured_.metrics[metric], difference, measured_.confidence));
    rows_.push_back(std::move(words));
  }

  std::string Text() const { return AlignColumns(rows_, align_); }

 private:
  const api::Measured& measured_;
  std::vector<std::vector<std::string>> rows_;
  std::string align_;
};

/// One line a metric.
std::string TableOfAllRows(const api::Measured& measured) {
  FiguresTable table(measured, {"metric"}, "l");
  for (size_t m = 0; m < measured.metrics.size(); ++m) {
    table.Add({std::string(measured.metrics[m]->name)}, measured.figures.front(), m);
  }
  return table.Text();
}

/// One line a slice, of the first metric.
std::string TableOfSlices(const api::Measured& measured) {
  FiguresTable table(measured, {"slice", "rows"}, "lr");
  for (size_t s = 0; s < measured.figures.size(); ++s) {
    const evaluate::SliceFigures& figures = measured.figures[s];
    table.Add({measured.slices.slices[s].name, FormatCount(figures.rows)}, figures, 0);
  }
  return table.Text();
}

void PrintMeasured(const api::Measured& measured, Session& session) {
  const std::vector<std::string> names = measured.names();
  session.Print(fmt::format("{} on {} rows of {} {}\n\n{}", names.front(), FormatCount(measured.figures.front().rows),
                            measured.dataset, measured.rows, TableOfAllRows(measured)));
  session.Print(fmt::format("difference: {} minus {}, and where the true one is with {}\n", names[0], names[1],
                            FormatShare(measured.confidence)));
  if (measured.figures.size() > 1) {
    session.Print(fmt::format("\n{} by slice\n\n{}", measured.metrics.front()->name, TableOfSlices(measured)));
  }
  if (!measured.slices.left_out.empty()) {
    session.Note(fmt::format("{} left out: too few rows, or too many values (model.evaluation)",
                             CountOf(static_cast<int64_t>(measured.slices.left_out.size()), "slice")));
  }
}

std::string HeadingOf(const evaluate::DifferenceQuantile& quantile) {
  return quantile.share == 1 ? "greatest" : FormatShare(quantile.share);
}

/// One line a slice: how the first version decides and scores otherwise than the second.
std::string TableOfChanges(const std::vector<evaluate::SliceChanges>& changes, const evaluate::SliceSet& slices) {
  const bool decides = changes.front().flips.has_value();
  std::vector<std::vector<std::string>> rows{{"slice", "rows"}};
  if (decides) rows.front().insert(rows.front().end(), {"changed", "gained", "lost"});
  for (const auto& quantile : changes.front().differences) rows.front().push_back(HeadingOf(quantile));
  for (size_t s = 0; s < changes.size(); ++s) {
    const evaluate::SliceChanges& slice = changes[s];
    std::vector<std::string> words{slices.slices[s].name, FormatCount(slice.rows)};
    if (decides) {
      for (const int64_t count : {slice.flips->changed(), slice.flips->gained, slice.flips->lost}) {
        words.push_back(FormatCount(count));
      }
    }
    for (const auto& quantile : slice.differences) words.push_back(FormatNumber(quantile.difference, kDigits));
    words.resize(rows.front().size());
    rows.push_back(std::move(words));
  }
  return AlignColumns(rows, "l" + std::string(rows.front().size() - 1, 'r'));
}

/// What the first version changed from the second one.
void PrintChanges(const api::Measured& measured, Session& session) {
  if (measured.changes.empty()) return;
  const std::vector<evaluate::SliceChanges>& changes = measured.changes.front();
  const std::vector<std::string> names = measured.names();
  const bool decides = changes.front().flips.has_value();
  session.Print(fmt::format("\n{} from {} to {}\n\n{}", decides ? "decisions and scores" : "scores", names[1], names[0],
                            TableOfChanges(changes, measured.slices)));
  if (decides) session.Print("gained: wrong before and right now; lost: right before\n");
  session.Print("50 %: the scores of half of the rows differ by at most so much\n");
}

struct CompareOptions {
  api::MeasureRequest request;
  std::string part = "evaluate";
  std::string html;
};

absl::StatusOr<int> RunCompare(const CompareOptions& options, Session& session) {
  api::MeasureRequest request = options.request;
  TRY_ASSIGN(request.part, api::ParsePart(options.part));
  request.with_curves = session.json() || !options.html.empty();
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const config::ModelConfig* model = project.config().FindModel(request.models.front());
  TRY_ASSIGN(const api::Measured measured,
             api::Measure(project, request, model != nullptr ? model->evaluation : config::EvaluationConfig(),
                          session.MakeContext(JsonProgress::kYes)));
  if (!options.html.empty()) {
    TRY(table::WriteTextFile(options.html, ComparePage(measured)));
    session.Note(fmt::format("wrote {}", options.html));
  }
  if (session.json()) {
    Json json = api::ToJson(measured);
    if (!measured.versions.empty()) json["touched"] = TouchedJson(project, measured.versions.front());
    session.Print(ToText(json));
  } else {
    PrintMeasured(measured, session);
    PrintChanges(measured, session);
    if (!measured.versions.empty()) PrintTouched(project, measured.versions.front(), session);
  }
  return 0;
}

/// The findings that a person must see: all that are not kept, and how many are.
std::string FindingsText(const judge::Verdict& verdict, Session& session) {
  std::string text;
  for (const judge::Finding& finding : verdict.findings) {
    if (finding.outcome == judge::Outcome::kKept) continue;
    const bool is_broken = finding.outcome == judge::Outcome::kBroken;
    text +=
        fmt::format("{}  {}\n", session.Colored(is_broken ? "broken    " : "not judged", is_broken ? "red" : "yellow"),
                    finding.ToText());
  }
  return text;
}

/// The infrastructure check, as a line of FindingsText.
std::string ServerText(const judge::ServerCheck& server, Session& session) {
  return fmt::format("{}  server: {}\n",
                     server.passed() ? session.Colored("kept      ", "green") : session.Colored("broken    ", "red"),
                     server.ToText());
}

/// The age of the training data, and what was served: lines as that.
std::string ChecksText(const api::GateResponse& response, Session& session) {
  const auto line = [&](std::string_view name, bool judged, bool passed, const std::string& text) {
    const std::string word = !judged  ? session.Colored("not judged", "yellow")
                             : passed ? session.Colored("kept      ", "green")
                                      : session.Colored("broken    ", "red");
    return fmt::format("{}  {}: {}\n", word, name, text);
  };
  std::string text;
  if (response.age.has_value()) text += line("age", true, response.age->passed(), response.age->ToText());
  const judge::ServingCheck& serving = response.serving;
  return text + line("serving", serving.judged(), serving.passed(), serving.ToText());
}

absl::StatusOr<int> RunGate(api::GateRequest request, Session& session) {
  request.trial = TryModelApart;
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::GateResponse response, api::Gate(project, request, session.MakeContext(JsonProgress::kYes)));
  const std::string name = response.measured.versions.front().ToString();
  if (session.json()) {
    Json json = api::ToJson(response);
    json["evidence"] = response.evidence.ToHex();
    session.Print(ToText(json));
    SendHooks(project, session);
    return response.blessed() ? 0 : kCheckSaidNo;
  }
  PrintMeasured(response.measured, session);
  const int64_t kept = response.verdict.Count(judge::Outcome::kKept) + response.baseline.Count(judge::Outcome::kKept);
  const auto all = static_cast<int64_t>(response.verdict.findings.size() + response.baseline.findings.size());
  session.Print(fmt::format("\n{}{}{}{}{} of {} kept\n", FindingsText(response.verdict, session),
                            FindingsText(response.baseline, session), ServerText(response.server, session),
                            ChecksText(response, session), FormatCount(kept), CountOf(all, "rule")));
  session.Print(fmt::format(
      "{}: {}\n", name, response.blessed() ? session.Colored("blessed", "green") : session.Colored("refused", "red")));
  if (!response.note.empty()) session.Note(response.note);
  if (!response.has_champion) session.Note("there is no champion to compare with");
  if (response.blessed()) {
    session.Note(fmt::format("next: roost model promote {} --reason TEXT{}", name,
                             response.has_champion ? "" : ", if a person finds it good"));
  }
  SendHooks(project, session);
  return response.blessed() ? 0 : kCheckSaidNo;
}

}  // namespace

void AddJudgeCommands(CLI::App& app, Session& session) {
  CLI::App* compare = app.add_subcommand("compare", "Measure model versions on the same rows, by slice, with errors");
  auto options = std::make_shared<CompareOptions>();
  compare->add_option("MODEL", options->request.models, "NAME or NAME@VERSION; the first is held against the others")
      ->required()
      ->expected(1, 10);
  compare
      ->add_option("--data", options->request.reference, "A dataset version; default: the one the first was trained on")
      ->type_name("DATASET");
  compare->add_option("--part", options->part, "evaluate (default), test or train: which rows of the split")
      ->type_name("PART");
  compare->add_option("--metric", options->request.metrics, "One more metric; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  compare->add_option("--html", options->html, "Write a report that opens in any browser")->type_name("FILE");
  compare->footer("Slices, metrics, values and what rows depend on each other: model.evaluation in roost.yaml.");
  compare->callback([options, &session] { session.Finish(RunCompare(*options, session)); });

  CLI::App* gate = app.add_subcommand("gate", "Judge whether a model version may be released");
  auto request = std::make_shared<api::GateRequest>();
  gate->add_option("MODEL", request->model, "NAME or NAME@VERSION; default: the project's latest");
  gate->add_option("--against", request->champion, "A version; default: where the alias champion points")
      ->type_name("MODEL");
  gate->add_option("--data", request->reference, "A dataset version; default: the one it was trained on")
      ->type_name("DATASET");
  gate->footer("The rules stand in roost.yaml under model.gate (docs/gate.md). Exit code 1 where a rule is broken.");
  gate->callback([request, &session] { session.Finish(RunGate(*request, session)); });
}

}  // namespace roost::cli
