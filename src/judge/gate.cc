#include "judge/gate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "profile/special_functions.h"

namespace roost::judge {
namespace {

using evaluate::Better;
using evaluate::Estimate;
using evaluate::NamedMetric;
using evaluate::SliceFigures;

/// How many findings share which chance for a mistake.
struct Budget {
  double of_all_rows = 0;
  double of_slices = 0;
  double of_proofs = 0;

  double ShareOf(const Rule& rule) const {
    if (rule.needs_proof()) return of_proofs;
    return rule.each_slice ? of_slices : of_all_rows;
  }
};

bool Applies(const Rule& rule, const Snapshot& snapshot) {
  return snapshot.has_champion || !ComparesWithChampion(rule.intent);
}

Budget SplitBudget(const Snapshot& snapshot, const GateOptions& options) {
  int64_t whole = 0;
  int64_t parts = 0;
  for (const Rule& rule : options.rules) {
    if (rule.needs_proof() || !Applies(rule, snapshot)) continue;
    (rule.each_slice ? parts : whole) += rule.each_slice ? std::ssize(snapshot.slices) - 1 : 1;
  }
  const double all = 1 - options.confidence;
  const double half = whole > 0 && parts > 0 ? all / 2 : all;
  Budget budget{.of_proofs = all};
  if (whole > 0) budget.of_all_rows = half / static_cast<double>(whole);
  if (parts > 0) budget.of_slices = half / static_cast<double>(parts);
  return budget;
}

/// Where the metric stands among the snapshot's.
size_t PositionOf(const Snapshot& snapshot, const NamedMetric* metric) {
  const auto found = std::find(snapshot.metrics.begin(), snapshot.metrics.end(), metric);
  return static_cast<size_t>(found - snapshot.metrics.begin());
}

/// By how much a rule is broken, and the estimate that this comes from, whose error it has.
struct Excess {
  const Estimate* estimate;
  std::optional<double> value;
};

Excess ExcessOf(const Rule& rule, const NamedMetric& metric, const SliceFigures& figures, size_t position) {
  const Estimate& own = figures.models[0][position];
  if (!ComparesWithChampion(rule.intent)) {
    if (!own.value.has_value()) return {&own, std::nullopt};
    if (rule.intent == Intent::kAtLeast) return {&own, rule.bound - *own.value};
    const bool is_distance = metric.better == Better::kNearest;
    return {&own, (is_distance ? std::abs(*own.value - metric.nearest) : *own.value) - rule.bound};
  }
  const Estimate& difference = figures.differences[0][position];
  if (!difference.value.has_value()) return {&difference, std::nullopt};
  const double gain = metric.better == Better::kHigher ? *difference.value : -*difference.value;
  switch (rule.intent) {
    case Intent::kMaxRegression: return {&difference, -gain - rule.bound};
    case Intent::kMinGain: return {&difference, rule.bound - gain};
    default: return {&difference, gain - rule.bound};
  }
}

/// Student's quantiles, each of which takes some microseconds and is wanted for many slices.
class Quantiles {
 public:
  /// Of 1 - error_share.
  double Of(double error_share, double degrees) {
    const auto [entry, is_new] = known_.try_emplace({error_share, degrees}, 0);
    if (is_new) entry->second = profile::StudentQuantile(1 - error_share, degrees);
    return entry->second;
  }

 private:
  std::map<std::pair<double, double>, double> known_;
};

Outcome OutcomeOf(const Rule& rule, const Excess& excess, double error_share, Quantiles& quantiles) {
  const bool can_tell = excess.value.has_value() && excess.estimate->standard_error.has_value();
  if (!can_tell) return rule.needs_proof() ? Outcome::kBroken : Outcome::kNotJudged;
  const double reach =
      quantiles.Of(error_share, std::max(excess.estimate->degrees, 1.0)) * *excess.estimate->standard_error;
  if (rule.needs_proof()) return *excess.value <= -reach ? Outcome::kKept : Outcome::kBroken;
  return *excess.value > reach ? Outcome::kBroken : Outcome::kKept;
}

Finding Find(const Snapshot& snapshot, const Rule& rule, const NamedMetric& metric, size_t slice, double error_share,
             Quantiles& quantiles) {
  const size_t position = PositionOf(snapshot, &metric);
  const SliceFigures& figures = snapshot.figures[slice];
  Finding finding{.rule = rule,
                  .slice = snapshot.slices[slice].name,
                  .rows = figures.rows,
                  .value = figures.models[0][position].value,
                  .champion_name = snapshot.champion_name,
                  .error_share = error_share};
  if (snapshot.has_champion) finding.champion = figures.models[1][position].value;
  if (!Applies(rule, snapshot)) {
    finding.outcome = Outcome::kNoChampion;
    return finding;
  }
  const Excess excess = ExcessOf(rule, metric, figures, position);
  finding.excess = excess.value;
  finding.standard_error = excess.estimate->standard_error;
  finding.outcome = OutcomeOf(rule, excess, error_share, quantiles);
  return finding;
}

absl::Status CheckSnapshot(const Snapshot& snapshot, const GateOptions& options) {
  if (!(options.confidence >= 0.5 && options.confidence <= 0.9999)) {
    return absl::InvalidArgumentError("the confidence of a gate is a number from 0.5 to 0.9999");
  }
  if (snapshot.slices.empty() || snapshot.slices.size() != snapshot.figures.size()) {
    return absl::InvalidArgumentError("a gate wants the figures of all rows and of each slice");
  }
  for (const Rule& rule : options.rules) {
    TRY(CheckRule(snapshot.task, rule));
    TRY_ASSIGN(const NamedMetric* metric, evaluate::FindMetric(snapshot.task, rule.metric));
    if (PositionOf(snapshot, metric) == snapshot.metrics.size()) {
      return absl::InvalidArgumentError(fmt::format("metric '{}' was not measured", rule.metric));
    }
  }
  const size_t num_models = snapshot.has_champion ? 2 : 1;
  for (const SliceFigures& figures : snapshot.figures) {
    if (figures.models.size() < num_models || (snapshot.has_champion && figures.differences.empty())) {
      return absl::InvalidArgumentError("the champion was not measured on every slice");
    }
  }
  return absl::OkStatus();
}

/// "worse than the champion's 0.48 by 0.032".
std::string ComparedText(const Finding& finding) {
  const double gain = finding.rule.intent == Intent::kMaxSuspiciousGain ? *finding.excess + finding.rule.bound
                      : finding.rule.intent == Intent::kMinGain         ? finding.rule.bound - *finding.excess
                                                                        : -*finding.excess - finding.rule.bound;
  return fmt::format("{} than the {}'s {} by {}", gain < 0 ? "worse" : "better", finding.champion_name,
                     finding.champion.has_value() ? FormatNumber(*finding.champion) : "-",
                     FormatNumber(std::abs(gain)));
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kKept: return "kept";
    case Outcome::kBroken: return "broken";
    case Outcome::kNotJudged: return "not judged";
    case Outcome::kNoChampion: return "no champion";
  }
  return "";
}

std::string Finding::ToText() const {
  std::string text = fmt::format("{} of {} ({} rows): ", rule.metric, slice, FormatCount(rows));
  text += value.has_value() ? FormatNumber(*value) : "not defined";
  if (excess.has_value() && ComparesWithChampion(rule.intent)) text += ", " + ComparedText(*this);
  if (standard_error.has_value()) text += fmt::format(" (standard error {})", FormatNumber(*standard_error));
  text += fmt::format("; {} {}", IntentName(rule.intent), FormatNumber(rule.bound));
  switch (outcome) {
    case Outcome::kKept: return text + " is kept";
    case Outcome::kBroken:
      return text + (rule.needs_proof() && !(excess.has_value() && *excess > 0) ? " is not proven" : " is broken");
    case Outcome::kNotJudged: return text + " is not judged: too few rows to tell";
    case Outcome::kNoChampion: return text + " is not judged: there is no champion";
  }
  return text;
}

int64_t Verdict::Count(Outcome outcome) const {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const Finding& finding) { return finding.outcome == outcome; });
}

absl::StatusOr<Verdict> Judge(const Snapshot& snapshot, const GateOptions& options) {
  TRY(CheckSnapshot(snapshot, options));
  const Budget budget = SplitBudget(snapshot, options);
  Quantiles quantiles;
  Verdict verdict{.has_champion = snapshot.has_champion, .confidence = options.confidence};
  for (const Rule& rule : options.rules) {
    TRY_ASSIGN(const NamedMetric* metric, evaluate::FindMetric(snapshot.task, rule.metric));
    const size_t begin = rule.each_slice ? 1 : 0;
    const size_t end = rule.each_slice ? snapshot.slices.size() : 1;
    for (size_t slice = begin; slice < end; ++slice) {
      verdict.findings.push_back(Find(snapshot, rule, *metric, slice, budget.ShareOf(rule), quantiles));
    }
  }
  verdict.blessed = verdict.Count(Outcome::kBroken) == 0;
  return verdict;
}

}  // namespace roost::judge
