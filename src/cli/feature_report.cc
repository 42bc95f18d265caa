// roost features report

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/feature_report.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/features_page.h"
#include "cli/model_option.h"
#include "cli/table_text.h"
#include "table/text_file.h"

namespace roost::cli {
namespace {

using evaluate::Estimate;
using evaluate::FeatureFindings;
using evaluate::ReportedFeature;

constexpr int kDigits = 4;

std::string LossText(const Estimate& loss, double confidence) {
  if (!loss.value.has_value()) return "-";
  const std::string value = FormatNumber(*loss.value, kDigits);
  const std::optional<evaluate::Interval> interval = loss.At(confidence);
  if (!interval.has_value()) return value;
  return fmt::format("{} [{}, {}]", value, FormatNumber(interval->low, kDigits), FormatNumber(interval->high, kDigits));
}

std::string TableOf(const FeatureFindings& findings) {
  std::vector<std::vector<std::string>> lines{
      {"feature", "columns", "loss without it", "", "importance", "a row takes", "missing"}};
  for (const ReportedFeature* feature : findings.by_worth()) {
    lines.push_back({feature->name, fmt::format("{}", fmt::join(feature->columns, ", ")),
                     LossText(feature->loss, findings.confidence), std::string(evaluate::NeedName(feature->need)),
                     FormatNumber(feature->importance, 3),
                     feature->row_ns.has_value() ? fmt::format("{:.0f} ns", *feature->row_ns) : "-",
                     FormatRoughShare(feature->missing_share)});
  }
  return AlignColumns(lines, "llllrrr");
}

// What its columns say.
std::string LegendOf(const FeatureFindings& findings) {
  std::string text = fmt::format("loss: by how much {} is worse without it, and where the true loss is with {}\n",
                                 findings.metric->name, FormatShare(findings.confidence));
  if (findings.Count(evaluate::FeatureNeed::kUnclear) > 0) {
    text += fmt::format("unclear: the rows do not tell whether more than {} would be lost (--max-loss)\n",
                        FormatNumber(findings.max_loss, 3));
  }
  return text;
}

// What follows from the table.
std::string Conclusions(const FeatureFindings& findings) {
  std::string text;
  for (const ReportedFeature& feature : findings.features) {
    if (feature.only_repeats()) {
      text += fmt::format("{} only repeats {}\n", feature.name, fmt::join(feature.repeats, ", "));
    }
    if (!feature.failure.empty()) text += fmt::format("{} failed: {}\n", feature.name, feature.failure);
  }
  for (const std::vector<std::string>& group : findings.groups) {
    text += fmt::format("alike: {}\n", fmt::join(group, ", "));
  }
  if (findings.together.has_value()) {
    text += fmt::format("can go at once: {}; loss {}\n", fmt::join(findings.together->names, ", "),
                        LossText(findings.together->loss, findings.confidence));
  }
  if (const auto names = findings.not_tried(); !names.empty()) {
    text += fmt::format("not tried: {}\n", fmt::join(names, ", "));
  }
  return text.empty() ? text : "\n" + text;
}

std::string HeadOf(const api::FeatureReport& report) {
  const FeatureFindings& findings = report.findings;
  const auto number = [](const std::optional<double>& value) {
    return value.has_value() ? FormatNumber(*value, kDigits) : std::string("-");
  };
  return fmt::format("{} on {} rows of {} {}\n{} {} with all features, the dummy's {}; up to {} may be lost{}\n\n",
                     report.version.ToString(), FormatCount(report.num_rows), report.dataset, report.rows,
                     findings.metric->name, number(findings.value), number(findings.dummy),
                     FormatNumber(findings.max_loss, 3), findings.max_loss_is_given ? "" : ", a hundredth of the gain");
}

struct ReportOptions {
  api::FeatureReportRequest request;
  std::optional<double> budget_minutes;
  std::string html;
};

void TellTrial(const api::ReportedTrial& trial, Session& session) {
  const std::optional<double>& loss = trial.trial->loss.value;
  if (session.json()) {
    session.NoteJson({{"message_type", "trial"},
                      {"without", trial.names},
                      {"loss", loss.has_value() ? Json(*loss) : Json(nullptr)}});
    return;
  }
  session.Note(fmt::format("without {}: {}", fmt::join(trial.names, ", "),
                           !trial.trial->failure.empty() ? trial.trial->failure
                           : loss.has_value()            ? fmt::format("loss {}", FormatNumber(*loss, kDigits))
                                                         : std::string("not defined")));
}

absl::Status CheckBudget(const ReportOptions& options) {
  if (options.budget_minutes.has_value() && !(*options.budget_minutes > 0)) {
    return absl::InvalidArgumentError("--budget wants more than 0 minutes");
  }
  if (options.request.trainings.has_value() && *options.request.trainings < 0) {
    return absl::InvalidArgumentError("--trainings wants a number from 0 on");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunReport(ReportOptions options, const std::string& selected, Session& session) {
  TRY(CheckBudget(options));
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY(project.SelectModel(selected));
  if (options.budget_minutes.has_value()) options.request.budget = absl::Minutes(*options.budget_minutes);
  options.request.on_trial = [&session](const api::ReportedTrial& trial) { TellTrial(trial, session); };
  const config::ModelConfig* model = project.config().FindModel(options.request.model);
  TRY_ASSIGN(const api::FeatureReport report,
             api::MakeFeatureReport(project, options.request,
                                    model != nullptr ? model->evaluation : config::EvaluationConfig(),
                                    session.MakeContext(JsonProgress::kYes)));
  if (!options.html.empty()) {
    TRY(table::WriteTextFile(options.html, FeaturesPage(report)));
    session.Note(fmt::format("wrote {}", options.html));
  }
  if (session.json()) {
    session.Print(ToText(api::ToJson(report)));
    return 0;
  }
  session.Print(HeadOf(report) + TableOf(report.findings) + LegendOf(report.findings) + Conclusions(report.findings));
  if (report.resumed > 0) {
    session.Note(fmt::format("from an earlier call: {}", CountOf(report.resumed, "training")));
  }
  if (!report.findings.is_whole) session.Note("the budget is spent: the same command goes on");
  return 0;
}

}  // namespace

void AddFeatureReportCommand(CLI::App& features, const std::shared_ptr<std::string>& model, Session& session) {
  CLI::App* report = features.add_subcommand("report", "What each feature of a model is worth, and what it costs");
  auto options = std::make_shared<ReportOptions>();
  report->add_option("MODEL", options->request.model, "NAME or NAME@VERSION; default: the project's latest");
  report
      ->add_option("--max-loss", options->request.max_loss,
                   "What may be lost, in the metric's unit; default: a hundredth of the gain over the dummy")
      ->type_name("NUMBER");
  report->add_option("--budget", options->budget_minutes, "No training begins after so many minutes; default: no limit")
      ->type_name("MINUTES");
  report->add_option("--trainings", options->request.trainings, "At most so many trainings; default: no limit")
      ->type_name("NUMBER");
  report->add_option("--html", options->html, "Write a report that opens in any browser")->type_name("FILE");
  report->footer(
      "Trains without each feature, the least important first, then without all that can go at once. Every result is\n"
      "kept at once: the same command goes on where it was interrupted. Times are of this machine (docs/features.md).");
  AddModelOption(*report, *model);
  report->callback([options, model, &session] { session.Finish(RunReport(*options, *model, session)); });
}

}  // namespace roost::cli
