#include "api/run_summary.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/measure.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/status.h"
#include "pipeline/step_key.h"

namespace roost::api {
namespace {

std::optional<double> NumberIn(const Json& figures, const char* member) {
  const Json found = figures.is_object() ? figures.value(member, Json()) : Json();
  return found.is_number() ? std::optional(found.get<double>()) : std::nullopt;
}

void TakeIfSet(std::string text, std::string& place) {
  if (!text.empty()) place = std::move(text);
}

void AddOutput(const Json& output, RunSummary& run) {
  TakeIfSet(TextMember(output, "data"), run.data);
  TakeIfSet(TextMember(output, "model"), run.model);
  TakeIfSet(TextMember(output, "verdict"), run.verdict);
  const Json metrics = output.is_object() ? output.value("metrics", Json()) : Json();
  if (!metrics.is_object()) return;
  for (const auto& [name, figures] : metrics.items()) {
    run.metrics.push_back({name, NumberIn(figures, "value"), NumberIn(figures, "dummy")});
  }
}

}  // namespace

absl::StatusOr<RunSummary> SummarizeRun(RunDescription description) {
  RunSummary run;
  for (const registry::StepRecord& record : description.steps) {
    const std::string what = fmt::format("step {} of run {}", record.step, record.run);
    TRY_ASSIGN(const Json json, ParseJson(record.key, what));
    TRY_ASSIGN(const pipeline::StepKey key, pipeline::StepKey::FromJson(json));
    run.configuration.insert(key.configuration.begin(), key.configuration.end());
    for (const auto& inputs : {key.inputs, key.chosen}) {
      for (const auto& [role, input] : inputs) {
        const std::string id = input.id.substr(0, 12);
        run.inputs[fmt::format("{} {}", record.step, role)] = input.name.empty() ? id : input.name;
      }
    }
    TRY_ASSIGN(const Json work, ParseJson(record.output, what));
    if (work.is_object()) AddOutput(work.value("output", Json()), run);
  }
  run.description = std::move(description);
  return run;
}

absl::StatusOr<evaluate::BinaryCurves> CurvesOfRun(Project& project, const RunSummary& run, const Context& context) {
  if (run.model.empty() || run.metrics.empty()) {
    return absl::FailedPreconditionError("the run measured no model");
  }
  const auto data = run.inputs.find("evaluate data");
  // The figures are there already: their errors are not asked for.
  const config::EvaluationConfig evaluation{.metrics = {run.metrics.front().name}, .min_rows = 1, .resamples = 0};
  TRY_ASSIGN(
      Measured measured,
      Measure(project,
              {.models = {run.model}, .reference = data == run.inputs.end() ? "" : data->second, .with_curves = true},
              evaluation, context));
  if (!measured.curves.has_value() || measured.curves->curves.empty()) {
    return absl::UnimplementedError("curves are drawn of binary models only");
  }
  return std::move(measured.curves->curves.front());
}

}  // namespace roost::api
