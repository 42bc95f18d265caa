#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "profile/distance.h"
#include "schema/check_column.h"
#include "schema/statistics.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using profile::Measure;

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
                        ShareText(contributor.share), ShareText(contributor.baseline_share));
  }
  return text;
}

// The limits of one column against one other dataset.
class DistanceChecker {
 public:
  DistanceChecker(const ColumnRules& rules, Rule against, const profile::Profile& now, const profile::Profile& control,
                  Report& report)
      : rules_(rules), against_(against), now_(now), control_(control), report_(report) {}

  void Run() {
    const std::optional<profile::Distribution> now = now_.DistributionOf(rules_.name);
    const std::optional<profile::Distribution> before = control_.DistributionOf(rules_.name);
    if (!now.has_value() && !before.has_value()) return;
    if (!now.has_value() || !before.has_value() || now->is_numeric != before->is_numeric) {
      AddControl(now.has_value(), before.has_value());
      return;
    }
    const profile::Comparison comparison = profile::Compare(*now, *before);
    const std::optional<DistanceRule>& rule = rules_.*Field();
    for (size_t i = 0; i < rule->limits.size(); ++i) {
      const profile::Distance* distance = comparison.Find(rule->limits[i].measure);
      if (distance == nullptr) continue;  // one side has no value, which other rules see
      const DistanceLimit& limit = rule->limits[i];
      const bool broken = distance->value > limit.max;
      report_.distances.push_back({.column = rules_.name,
                                   .against = against_,
                                   .measure = limit.measure,
                                   .observed = distance->value,
                                   .max = limit.max,
                                   .p_value = distance->p_value,
                                   .broken = broken});
      if (broken) AddBroken(i, *distance, comparison);
    }
  }

 private:
  std::optional<DistanceRule> ColumnRules::*Field() const {
    return against_ == Rule::kDrift ? &ColumnRules::drift : &ColumnRules::skew;
  }
  std::string_view Other() const { return against_ == Rule::kDrift ? "the previous span" : "the data at serving"; }

  void AddBroken(size_t index, const profile::Distance& distance, const profile::Comparison& comparison) {
    const std::optional<DistanceRule>& rule = rules_.*Field();
    const double max = rule->limits[index].max;
    ColumnRules proposed = rules_;
    (proposed.*Field())->limits[index].max = RoundedUp(distance.value);
    std::string test;
    if (distance.p_value.has_value()) test = fmt::format(" (p = {})", FormatNumber(*distance.p_value, 2));
    Anomaly anomaly{.column = rules_.name,
                    .rule = against_,
                    .severity = rule->severity,
                    .message = fmt::format("the {} from {} is {}{}, want at most {}{}", Words(distance.measure),
                                           Other(), FormatNumber(distance.value, 3), test, FormatNumber(max, 3),
                                           ContributorText(comparison)),
                    .observed = FormatNumber(distance.value, 3),
                    .bound = fmt::format("at most {}", FormatNumber(max, 3)),
                    .detail = std::string(profile::MeasureName(distance.measure)),
                    .tfx = TfxMeasure(distance.measure)};
    anomaly.edit = EditBetween(ColumnLines(rules_), ColumnLines(proposed));
    anomaly.proposed = std::move(proposed);
    report_.anomalies.push_back(std::move(anomaly));
  }

  void AddControl(bool is_here, bool is_there) {
    std::string message = fmt::format("the column is not in {}, with which it is to be compared", Other());
    if (is_here && is_there) {
      message = fmt::format("the column is of another kind in {}, with which it is to be compared", Other());
    } else if (is_there) {
      message = fmt::format("the column is in {}, and not in the data", Other());
    }
    report_.anomalies.push_back(
        {.column = rules_.name,
         .rule = Rule::kControl,
         .severity = (rules_.*Field())->severity,
         .message = std::move(message),
         .observed = is_here ? "here" : "not here",
         .bound = is_there ? "there" : "not there",
         .detail = std::string(RuleName(against_)),
         .tfx = is_here ? "COMPARATOR_CONTROL_DATA_MISSING" : "COMPARATOR_TREATMENT_DATA_MISSING"});
  }

  const ColumnRules& rules_;
  Rule against_;
  const profile::Profile& now_;
  const profile::Profile& control_;
  Report& report_;
};

// Columns that serving has otherwise, or not at all, and that nothing says so of.
void CheckServing(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                  Report& report) {
  const profile::ProfileSummary serving = controls.serving->Summarize();
  for (const ColumnRules& rules : schema.columns) {
    const profile::ColumnSummary* here = summary.Find(rules.name);
    if (here == nullptr || rules.skew.has_value() || rules.presence == Presence::kDeprecated ||
        !IsChecked(rules.stage) || !IsIn(schema, rules, controls.serving_environment)) {
      continue;
    }
    const profile::ColumnSummary* there = serving.Find(rules.name);
    if (there != nullptr && (Fits(TypeOf(*here), TypeOf(*there)) || Fits(TypeOf(*there), TypeOf(*here)))) continue;
    ColumnRules proposed = rules;
    if (there == nullptr) {
      proposed.not_in_environments.push_back(controls.serving_environment);
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
  for (const ColumnRules& rules : schema.columns) {
    if (controls.now == nullptr || rules.presence == Presence::kDeprecated || !IsChecked(rules.stage)) continue;
    if (rules.drift.has_value() && controls.previous_span != nullptr) {
      DistanceChecker(rules, Rule::kDrift, *controls.now, *controls.previous_span, report).Run();
    }
    if (rules.skew.has_value() && controls.serving != nullptr) {
      DistanceChecker(rules, Rule::kSkew, *controls.now, *controls.serving, report).Run();
    }
  }
  if (controls.serving != nullptr) CheckServing(schema, summary, controls, report);
}

}  // namespace roost::schema
