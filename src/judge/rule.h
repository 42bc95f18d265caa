#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluate/metric.h"
#include "predict/task.h"

namespace roost::judge {

/// What a rule wants of a metric.
enum class Intent {
  kAtLeast,            ///< its value is at least the bound
  kAtMost,             ///< its value, of metrics that should be near to one its distance from it, is at most the bound
  kMaxRegression,      ///< it is worse than the champion's by at most the bound
  kMinGain,            ///< it is better than the champion's by at least the bound
  kMaxSuspiciousGain,  ///< it is better than the champion's by at most the bound: more is likely a leak of the label
};

/// "at_least" and so on: the key of roost.yaml.
std::string_view IntentName(Intent intent);
/// The intents in the order of the enum.
std::vector<Intent> AllIntents();

/// Whether the rule compares with the champion.
bool ComparesWithChampion(Intent intent);

struct Rule {
  std::string metric;  ///< evaluate/metric.h
  Intent intent = Intent::kMaxRegression;
  double bound = 0;         ///< in the metric's unit; at least 0 where the rule compares with the champion
  bool each_slice = false;  ///< of every slice; else of all rows
  /// False: the rule is broken where the figures show that, beyond chance. True: it is broken unless the figures show,
  /// beyond chance, that it is kept, so it needs rows enough. min_gain is always so.
  bool proven = false;

  bool needs_proof() const { return proven || intent == Intent::kMinGain; }

  friend bool operator==(const Rule&, const Rule&) = default;
};

/// InvalidArgument, saying what would do, where the task has no such metric, where the metric says nothing of how good
/// a model is (at_least and at_most are for all), where it is to be near a value and the rule is another than at_most,
/// and for bounds that are not finite or below 0 where they may not be.
absl::Status CheckRule(predict::Task task, const Rule& rule);

/// "log_loss: max_regression 0.002, of each slice".
std::string ToText(const Rule& rule);

}  // namespace roost::judge
