#include "judge/rule.h"

#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::judge {

using evaluate::Better;

std::string_view IntentName(Intent intent) {
  switch (intent) {
    case Intent::kAtLeast: return "at_least";
    case Intent::kAtMost: return "at_most";
    case Intent::kMaxRegression: return "max_regression";
    case Intent::kMinGain: return "min_gain";
    case Intent::kMaxSuspiciousGain: return "max_suspicious_gain";
  }
  return "";
}

std::vector<Intent> AllIntents() {
  return {Intent::kAtLeast, Intent::kAtMost, Intent::kMaxRegression, Intent::kMinGain, Intent::kMaxSuspiciousGain};
}

bool ComparesWithChampion(Intent intent) { return intent != Intent::kAtLeast && intent != Intent::kAtMost; }

absl::Status CheckRule(predict::Task task, const Rule& rule) {
  TRY_ASSIGN(const evaluate::NamedMetric* metric, evaluate::FindMetric(task, rule.metric));
  const std::string_view name = IntentName(rule.intent);
  if (!std::isfinite(rule.bound)) {
    return absl::InvalidArgumentError(fmt::format("{} of '{}' must be a finite number", name, rule.metric));
  }
  if (metric->better == Better::kNearest && rule.intent != Intent::kAtMost) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is best near {}; it has no {}", rule.metric,
                                                           FormatNumber(metric->nearest), name)),
                    "at_most says how far from that it may be");
  }
  if (!ComparesWithChampion(rule.intent)) {
    const bool is_distance = metric->better == Better::kNearest;
    if (is_distance && rule.bound < 0) {
      return absl::InvalidArgumentError(fmt::format("at_most of '{}' is a distance, at least 0", rule.metric));
    }
    return absl::OkStatus();
  }
  if (metric->better == Better::kNeither) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("'{}' says nothing of how good a model is; it has no {}", rule.metric, name)),
                    "at_least and at_most may bound it");
  }
  if (rule.bound < 0) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("{} of '{}' is at least 0, also where less is better", name, rule.metric)),
                    "leave the sign out: it says how much worse or better, whichever way the metric goes");
  }
  return absl::OkStatus();
}

std::string ToText(const Rule& rule) {
  return fmt::format("{}: {} {}{}{}", rule.metric, IntentName(rule.intent), FormatNumber(rule.bound),
                     rule.proven && rule.intent != Intent::kMinGain ? ", proven" : "",
                     rule.each_slice ? ", of each slice" : "");
}

}  // namespace roost::judge
