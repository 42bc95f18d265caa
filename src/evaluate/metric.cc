#include "evaluate/metric.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/format.h"
#include "base/status.h"
#include "evaluate/metric_tables.h"

namespace roost::evaluate {

std::span<const NamedMetric> MetricsOf(predict::Task task) {
  switch (task) {
    case predict::Task::kBinary: return BinaryMetrics();
    case predict::Task::kClasses: return ClassesMetrics();
    case predict::Task::kNumber: return NumberMetrics();
    case predict::Task::kCounts: return CountMetrics();
    case predict::Task::kRanking: return RankingMetrics();
  }
  return {};
}

absl::StatusOr<const NamedMetric*> FindMetric(predict::Task task, std::string_view name) {
  std::vector<std::string> names;
  for (const NamedMetric& metric : MetricsOf(task)) {
    if (metric.name == name) return &metric;
    names.emplace_back(metric.name);
  }
  const std::string_view closest = ClosestName(name, names);
  return WithHint(absl::NotFoundError(fmt::format("there is no metric '{}' of task {}", name, predict::TaskName(task))),
                  closest.empty() ? fmt::format("There are: {}.", fmt::join(names, ", "))
                                  : fmt::format("did you mean '{}'?", closest));
}

std::optional<double> BetterBy(const NamedMetric& metric, double value, double other) {
  switch (metric.better) {
    case Better::kHigher: return value - other;
    case Better::kLower: return other - value;
    case Better::kNearest: return std::abs(other - metric.nearest) - std::abs(value - metric.nearest);
    case Better::kNeither: break;
  }
  return std::nullopt;
}

}  // namespace roost::evaluate
