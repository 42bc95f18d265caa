// The runs that were written down.

#include <algorithm>
#include <map>
#include <utility>

#include "api/run.h"
#include "api/run_summary.h"
#include "base/format.h"
#include "base/status.h"

namespace roost::api {
namespace {

using Values = std::map<std::string, std::string>;

Values MetricsOf(const RunSummary& run) {
  Values values;
  for (const RunMetric& metric : run.metrics) {
    values[metric.name] = metric.value.has_value() ? FormatNumber(*metric.value, 6) : "";
  }
  return values;
}

std::vector<RunDifference> DifferencesOf(const std::vector<Values>& runs) {
  Values all;
  for (const Values& values : runs) all.insert(values.begin(), values.end());
  std::vector<RunDifference> differences;
  for (const auto& [name, any] : all) {
    RunDifference difference{.name = name};
    for (const Values& values : runs) {
      const auto found = values.find(name);
      difference.values.push_back(found == values.end() ? std::string() : found->second);
    }
    const std::string& first = difference.values.front();
    const auto differs = [&first](const std::string& value) { return value != first; };
    if (std::any_of(difference.values.begin(), difference.values.end(), differs)) {
      differences.push_back(std::move(difference));
    }
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

RunComparison CompareRuns(const std::vector<RunSummary>& runs) {
  std::vector<Values> configuration, inputs, metrics;
  for (const RunSummary& run : runs) {
    configuration.push_back(run.configuration);
    inputs.push_back(run.inputs);
    metrics.push_back(MetricsOf(run));
  }
  return {.configuration = DifferencesOf(configuration),
          .inputs = DifferencesOf(inputs),
          .metrics = DifferencesOf(metrics)};
}

}  // namespace roost::api
