#include "cli/run_pages.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "report/runs_report.h"

namespace roost::cli {
namespace {

absl::StatusOr<report::RunStepText> StepText(const registry::StepRecord& step) {
  TRY_ASSIGN(const Json work, ParseJson(step.output, "the output of a step"));
  const auto text = [&work](const char* member) {
    const Json found = work.is_object() ? work.value(member, Json()) : Json();
    return found.is_string() ? found.get<std::string>() : std::string();
  };
  const bool was_done = !step.made_by.has_value() && step.state != "skipped";
  return report::RunStepText{.name = step.step,
                             .state = StateOf(step),
                             .made = text("made"),
                             .reason = step.reason,
                             .details = text("details"),
                             .took = was_done ? FormatElapsed(step.finished - step.started) : ""};
}

absl::StatusOr<report::RunText> RunTextOf(const api::RunSummary& run) {
  const registry::RunRecord& record = run.description.run;
  report::RunText text{.number = record.number,
                       .asked = record.scope,
                       .state = StateOf(record),
                       .who = record.author,
                       .began = FormatUtcSeconds(record.started),
                       .took = record.finished.has_value() ? ElapsedOf(record) : "",
                       .message = record.message,
                       .data = run.data,
                       .model = run.model,
                       .verdict = run.verdict,
                       .parameters = run.configuration,
                       .inputs = run.inputs};
  for (const registry::StepRecord& step : run.description.steps) {
    TRY_ASSIGN(report::RunStepText step_text, StepText(step));
    text.steps.push_back(std::move(step_text));
  }
  for (const api::RunMetric& metric : run.metrics) text.metrics.push_back({metric.name, metric.value, metric.dummy});
  return text;
}

absl::StatusOr<report::RunText> WithCurves(api::Project& project, const api::RunSummary& run, const Context& context) {
  TRY_ASSIGN(report::RunText text, RunTextOf(run));
  absl::StatusOr<evaluate::BinaryCurves> curves = api::CurvesOfRun(project, run, context);
  if (curves.ok()) {
    text.curves = *std::move(curves);
  } else if (absl::IsCancelled(curves.status())) {
    return curves.status();
  } else if (!absl::IsFailedPrecondition(curves.status()) && !absl::IsUnimplemented(curves.status())) {
    text.curves_absent = std::string(curves.status().message());
  }
  return text;
}

}  // namespace

std::string StateOf(const registry::RunRecord& run) { return run.finished.has_value() ? run.state : "not finished"; }

std::string ElapsedOf(const registry::RunRecord& run) {
  return run.finished.has_value() ? FormatElapsed(*run.finished - run.started) : "-";
}

std::string StateOf(const registry::StepRecord& step) {
  return step.made_by.has_value() ? fmt::format("hit of run {}", *step.made_by) : step.state;
}

absl::StatusOr<std::string> RunsPage(const std::string& project, const std::vector<api::RunSummary>& runs) {
  std::vector<report::RunText> texts;
  for (const api::RunSummary& run : runs) {
    TRY_ASSIGN(report::RunText text, RunTextOf(run));
    texts.push_back(std::move(text));
  }
  return report::RunsReport(texts, {.name = project, .subtitle = "the pipeline's runs"});
}

absl::StatusOr<std::string> RunPage(api::Project& project, const api::RunSummary& run, const Context& context) {
  TRY_ASSIGN(const report::RunText text, WithCurves(project, run, context));
  return report::RunReport(text, {.name = fmt::format("run {}", text.number),
                                  .subtitle = fmt::format("{} of {}, began {} by {}", text.asked,
                                                          project.config().project, text.began, text.who)});
}

absl::StatusOr<std::string> RunComparisonPage(api::Project& project, const std::vector<api::RunSummary>& runs,
                                              const Context& context) {
  std::vector<report::RunText> texts;
  std::vector<int64_t> numbers;
  for (const api::RunSummary& run : runs) {
    TRY_ASSIGN(report::RunText text, WithCurves(project, run, context));
    numbers.push_back(text.number);
    texts.push_back(std::move(text));
  }
  return report::RunComparisonReport(
      texts, {.name = fmt::format("runs {}", fmt::join(numbers, ", ")), .subtitle = project.config().project});
}

}  // namespace roost::cli
