#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "profile/distance.h"
#include "schema/check_column.h"
#include "schema/drift.h"
#include "schema/statistics.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using profile::Measure;

// The environment of the data at serving: columns that are not in it may be absent there.
constexpr std::string_view kServing = "serving";

std::string_view Words(Measure measure) {
  switch (measure) {
    case Measure::kLInfinity: return "L-infinity distance";
    case Measure::kJensenShannon: return "Jensen-Shannon divergence";
    case Measure::kNormalizedAbsoluteDifference: return "normalised absolute difference";
    case Measure::kPopulationStability: return "population stability index";
    case Measure::kWasserstein: return "Wasserstein distance";
    case Measure::kKolmogorovSmirnov: return "Kolmogorov-Smirnov distance";
    case Measure::kChiSquare: return "chi-square effect (Cramér's V)";
  }
  return "";
}

std::string TfxMeasure(Measure measure) {
  switch (measure) {
    case Measure::kLInfinity: return "COMPARATOR_L_INFTY_HIGH";
    case Measure::kJensenShannon: return "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH";
    case Measure::kNormalizedAbsoluteDifference: return "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH";
    default: return "";
  }
}

std::string ContributorText(const profile::Comparison& comparison) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < comparison.contributors.size() && i < kShown; ++i) {
    const profile::Contributor& contributor = comparison.contributors[i];
    text += fmt::format("{}{} {} (was {})", i == 0 ? "; most in " : ", ", Quoted(contributor.value),
                        FormatShare(contributor.share), FormatShare(contributor.baseline_share));
  }
  return text;
}

// What broke the limits of one rule, of all columns, against one other dataset.
class Comparer {
 public:
  Comparer(const Schema& schema, Rule against, Report& report)
      : schema_(schema),
        against_(against),
        field_(against == Rule::kDrift ? &ColumnRules::drift : &ColumnRules::skew),
        report_(report) {}

  void Run(const profile::Profile& now, const profile::Profile& control) {
    DriftLimits limits;
    DriftOptions options{.false_alarm_budget = schema_.dataset.false_alarms};
    for (const ColumnRules& rules : schema_.columns) {
      const std::optional<DistanceRule>& rule = rules.*field_;
      if (!rule.has_value() || !IsChecked(rules)) continue;
      for (const DistanceLimit& limit : rule->limits) limits[rules.name][limit.measure] = limit.max;
      if (rule->deciles) options.deciles.insert(rules.name);
    }
    std::map<std::string_view, const ColumnDrift*> found;
    const std::vector<ColumnDrift> drifts = FindDrift(now, control, limits, options);
    for (const ColumnDrift& drift : drifts) found[drift.column] = &drift;
    for (const ColumnRules& rules : schema_.columns) {
      const auto drift = found.find(rules.name);
      if (drift != found.end()) Add(rules, *drift->second);
    }
  }

 private:
  std::string_view Other() const { return against_ == Rule::kDrift ? "the previous span" : "the data at serving"; }

  void Add(const ColumnRules& rules, const ColumnDrift& drift) {
    if (drift.comparability != Comparability::kCompared) {
      AddControl(rules, drift.comparability);
      return;
    }
    for (const DistanceLimit& limit : (rules.*field_)->limits) {
      const profile::Distance* distance = drift.comparison.Find(limit.measure);
      if (distance == nullptr) continue;  // the type of column has no such distance
      const bool broken = std::any_of(drift.drifted.begin(), drift.drifted.end(),
                                      [&limit](const DriftedMeasure& one) { return one.measure == limit.measure; });
      report_.distances.push_back({.column = rules.name,
                                   .against = against_,
                                   .measure = limit.measure,
                                   .observed = distance->value,
                                   .max = limit.max,
                                   .p_value = drift.adjusted_p_value,
                                   .broken = broken});
      if (!broken) continue;
      // What weighs most is said once.
      const bool is_first = limit.measure == drift.drifted.front().measure;
      AddBroken(rules, limit, *distance, drift, is_first ? ContributorText(drift.comparison) : "");
    }
  }

  void AddBroken(const ColumnRules& rules, const DistanceLimit& limit, const profile::Distance& distance,
                 const ColumnDrift& drift, const std::string& most) {
    ColumnRules proposed = rules;
    for (DistanceLimit& changed : (proposed.*field_)->limits) {
      if (changed.measure == limit.measure) changed.max = RoundedUp(distance.value);
    }
    std::string chance;
    if (drift.adjusted_p_value.has_value()) chance = fmt::format(" (p = {})", FormatNumber(*drift.adjusted_p_value, 2));
    Anomaly anomaly{.column = rules.name,
                    .rule = against_,
                    .severity = (rules.*field_)->severity,
                    .message = fmt::format("the {} from {} is {}{}, want at most {}{}", Words(limit.measure), Other(),
                                           FormatNumber(distance.value, 3), chance, FormatNumber(limit.max, 3), most),
                    .observed = FormatNumber(distance.value, 3),
                    .bound = fmt::format("at most {}", FormatNumber(limit.max, 3)),
                    .detail = std::string(profile::MeasureName(limit.measure)),
                    .tfx = TfxMeasure(limit.measure)};
    anomaly.edit = EditBetween(ColumnLines(rules), ColumnLines(proposed));
    anomaly.proposed = std::move(proposed);
    report_.anomalies.push_back(std::move(anomaly));
  }

  void AddControl(const ColumnRules& rules, Comparability comparability) {
    if (comparability == Comparability::kNoValues) return;  // which other rules see
    const bool is_here = comparability != Comparability::kNotInData;
    std::string message = fmt::format("the column is not in {}, with which it is to be compared", Other());
    if (comparability == Comparability::kOtherKind) {
      message = fmt::format("the column is of another kind in {}, with which it is to be compared", Other());
    } else if (!is_here) {
      message = fmt::format("the column is in {}, and not in the data", Other());
    }
    report_.anomalies.push_back(
        {.column = rules.name,
         .rule = Rule::kControl,
         .severity = (rules.*field_)->severity,
         .message = std::move(message),
         .observed = is_here ? "here" : "not here",
         .bound = comparability == Comparability::kNotInBaseline ? "not there" : "there",
         .detail = std::string(RuleName(against_)),
         .tfx = is_here ? "COMPARATOR_CONTROL_DATA_MISSING" : "COMPARATOR_TREATMENT_DATA_MISSING"});
  }

  const Schema& schema_;
  Rule against_;
  std::optional<DistanceRule> ColumnRules::*field_;
  Report& report_;
};

// Columns that serving has otherwise, or not at all, and that nothing says so of.
void CheckServing(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                  Report& report) {
  const profile::ProfileSummary serving = controls.serving->Summarize();
  const ColumnIndex columns_here = IndexOf(summary);
  const ColumnIndex columns_there = IndexOf(serving);
  for (const ColumnRules& rules : schema.columns) {
    const profile::ColumnSummary* here = FindIn(columns_here, rules.name);
    if (here == nullptr || rules.skew.has_value() || !IsChecked(rules) || !IsIn(schema, rules, kServing)) {
      continue;
    }
    const profile::ColumnSummary* there = FindIn(columns_there, rules.name);
    if (there != nullptr && (Fits(TypeOf(*here), TypeOf(*there)) || Fits(TypeOf(*there), TypeOf(*here)))) continue;
    ColumnRules proposed = rules;
    if (there == nullptr) {
      std::erase(proposed.in_environments, kServing);
      proposed.not_in_environments.emplace_back(kServing);
      std::sort(proposed.not_in_environments.begin(), proposed.not_in_environments.end());
    }
    Anomaly anomaly{.column = rules.name,
                    .rule = Rule::kServing,
                    .severity = Severity::kWarning,
                    .message = there == nullptr
                                   ? "the column is not in the data at serving, and nothing says that it may be absent"
                                   : fmt::format("the column is {} here and {} at serving", TypeName(TypeOf(*here)),
                                                 TypeName(TypeOf(*there))),
                    .observed = there == nullptr ? "absent" : std::string(TypeName(TypeOf(*there))),
                    .bound = std::string(TypeName(TypeOf(*here))),
                    .tfx = "SCHEMA_TRAINING_SERVING_SKEW"};
    if (there == nullptr) {
      anomaly.edit = EditBetween(ColumnLines(rules), ColumnLines(proposed));
      anomaly.proposed = std::move(proposed);
    }
    report.anomalies.push_back(std::move(anomaly));
  }
}

}  // namespace

void CheckDistances(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                    Report& report) {
  if (controls.now != nullptr && controls.previous_span != nullptr) {
    Comparer(schema, Rule::kDrift, report).Run(*controls.now, *controls.previous_span);
  }
  if (controls.now != nullptr && controls.serving != nullptr) {
    Comparer(schema, Rule::kSkew, report).Run(*controls.now, *controls.serving);
  }
  if (controls.serving != nullptr) CheckServing(schema, summary, controls, report);
}

}  // namespace roost::schema
