// The runs that were written down.

#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/run.h"
#include "base/format.h"
#include "base/status.h"
#include "pipeline/step_key.h"

namespace roost::api {
namespace {

using Values = std::map<std::string, std::string>;

struct RunValues {
  Values configuration, inputs, metrics;
};

void AddMetrics(const Json& output, Values& metrics) {
  const Json found = output.is_object() ? output.value("metrics", Json()) : Json();
  if (!found.is_object()) return;
  for (const auto& [name, figures] : found.items()) {
    const Json value = figures.is_object() ? figures.value("value", Json()) : Json();
    metrics[name] = value.is_number() ? FormatNumber(value.get<double>(), 6) : "";
  }
}

absl::StatusOr<RunValues> ValuesOf(const RunDescription& run) {
  RunValues values;
  for (const registry::StepRecord& record : run.steps) {
    const std::string what = fmt::format("step {} of run {}", record.step, record.run);
    TRY_ASSIGN(const Json json, ParseJson(record.key, what));
    TRY_ASSIGN(const pipeline::StepKey key, pipeline::StepKey::FromJson(json));
    values.configuration.insert(key.configuration.begin(), key.configuration.end());
    for (const auto& inputs : {key.inputs, key.chosen}) {
      for (const auto& [role, input] : inputs) {
        const std::string id = input.id.substr(0, 12);
        values.inputs[fmt::format("{} {}", record.step, role)] = input.name.empty() ? id : input.name;
      }
    }
    TRY_ASSIGN(const Json work, ParseJson(record.output, what));
    if (work.is_object()) AddMetrics(work.value("output", Json()), values.metrics);
  }
  return values;
}

std::vector<RunDifference> DifferencesOf(const Values& first, const Values& second) {
  Values all = first;
  all.insert(second.begin(), second.end());
  const auto value_in = [](const Values& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
  std::vector<RunDifference> differences;
  for (const auto& [name, value] : all) {
    RunDifference difference{name, value_in(first, name), value_in(second, name)};
    if (difference.first != difference.second) differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace

absl::StatusOr<std::vector<registry::RunRecord>> ListRuns(Project& project, int64_t limit) {
  TRY_ASSIGN(const registry::RunLog log, registry::RunLog::Open(project.store().database()));
  return log.List(project.config().project, limit);
}

absl::StatusOr<RunDescription> ShowRun(Project& project, int64_t number) {
  TRY_ASSIGN(const registry::RunLog log, registry::RunLog::Open(project.store().database()));
  RunDescription description;
  TRY_ASSIGN(description.run, log.Find(project.config().project, number));
  TRY_ASSIGN(description.steps, log.StepsOf(number));
  return description;
}

absl::StatusOr<RunComparison> CompareRuns(Project& project, int64_t first, int64_t second) {
  TRY_ASSIGN(const RunDescription one, ShowRun(project, first));
  TRY_ASSIGN(const RunDescription other, ShowRun(project, second));
  TRY_ASSIGN(const RunValues before, ValuesOf(one));
  TRY_ASSIGN(const RunValues after, ValuesOf(other));
  return RunComparison{.configuration = DifferencesOf(before.configuration, after.configuration),
                       .inputs = DifferencesOf(before.inputs, after.inputs),
                       .metrics = DifferencesOf(before.metrics, after.metrics)};
}

}  // namespace roost::api
