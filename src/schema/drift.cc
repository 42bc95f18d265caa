#include "schema/drift.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "profile/special_functions.h"
#include "schema/statistics.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;
using profile::Comparison;
using profile::Distance;
using profile::Distribution;
using profile::Measure;
using profile::Profile;

// A bound from few versions is at most so many times the greatest distance seen.
constexpr double kMaxBoundFactor = 3;
// Takes the noise of the last bits from a bound before it is rounded up: three times 0.1 is 0.3, not 0.31.
constexpr double kNoNoise = 1 - 1e-12;

Comparability ComparabilityOf(const Distribution* now, const Distribution* baseline) {
  if (now == nullptr) return Comparability::kNotInData;
  if (baseline == nullptr) return Comparability::kNotInBaseline;
  if (!profile::AreComparable(*now, *baseline)) return Comparability::kOtherKind;
  return Comparability::kCompared;
}

ColumnDrift CompareColumn(const std::string& column, const Distribution* now, const Distribution* baseline,
                          const DriftOptions& options) {
  ColumnDrift drift{.column = column, .comparability = ComparabilityOf(now, baseline)};
  if (drift.comparability != Comparability::kCompared) return drift;
  const bool deciles = options.deciles.contains(column);
  drift.comparison = Compare(
      *now, *baseline, {.jensen_shannon = deciles ? profile::Histograms::kDeciles : profile::Histograms::kEqualWidth});
  if (drift.comparison.distances.empty()) drift.comparability = Comparability::kNoValues;
  return drift;
}

// The p-value of the one test that each type of column has.
std::optional<double> PValueOf(const Comparison& comparison) {
  for (const Distance& distance : comparison.distances) {
    if (distance.p_value) return distance.p_value;
  }
  return std::nullopt;
}

void Judge(const DriftLimits& limits, double budget, std::vector<ColumnDrift>& drifts) {
  std::vector<double> p_values;
  std::vector<ColumnDrift*> tested;
  for (ColumnDrift& drift : drifts) {
    const std::optional<double> p_value = PValueOf(drift.comparison);
    if (!p_value) continue;
    p_values.push_back(*p_value);
    tested.push_back(&drift);
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t i = 0; i < tested.size(); ++i) {
    ColumnDrift& drift = *tested[i];
    drift.adjusted_p_value = adjusted[i];
    if (adjusted[i] >= budget) continue;
    for (const auto& [measure, limit] : limits.find(drift.column)->second) {
      const Distance* distance = drift.comparison.Find(measure);
      if (distance == nullptr || distance->value <= limit) continue;
      drift.drifted.push_back({.measure = measure, .value = distance->value, .limit = limit});
    }
  }
}

bool EndsAtOne(Measure measure) { return measure != Measure::kPopulationStability && measure != Measure::kWasserstein; }

void AddNames(const std::vector<ColumnSummary>& columns, std::vector<std::string>& names) {
  for (const ColumnSummary& column : columns) {
    if (!ChangesByNature(column)) names.push_back(column.name);
    AddNames(column.children, names);
  }
}

// The distances of one column between versions that follow each other, by measure.
using History = std::map<Measure, std::vector<double>>;

History HistoryOf(std::span<const Profile* const> versions, std::string_view column) {
  History history;
  std::optional<Distribution> last;
  for (const Profile* version : versions) {
    std::optional<Distribution> next = version->DistributionOf(column);
    if (next && last && profile::AreComparable(*next, *last)) {
      for (const Distance& distance : Compare(*next, *last).distances) {
        history[distance.measure].push_back(distance.value);
      }
    }
    if (next) last = std::move(next);
  }
  return history;
}

double UpperBound(std::span<const double> distances, double level) {
  if (distances.empty()) return 0;
  const double most = kMaxBoundFactor * *std::max_element(distances.begin(), distances.end());
  if (distances.size() == 1) return most;
  const auto count = static_cast<double>(distances.size());
  const double mean = std::accumulate(distances.begin(), distances.end(), 0.0) / count;
  double squares = 0;
  for (const double distance : distances) squares += (distance - mean) * (distance - mean);
  const double deviation = std::sqrt(squares / (count - 1));
  return std::min(most, mean + profile::StudentQuantile(level, count - 1) * deviation * std::sqrt(1 + 1 / count));
}

// The measures that a column of this kind has and that are judged.
MeasureLimits Defaults(const Distribution& distribution) {
  MeasureLimits limits;
  const std::vector<Measure> measures = distribution.is_numeric
                                            ? std::vector{Measure::kJensenShannon, Measure::kPopulationStability,
                                                          Measure::kWasserstein, Measure::kKolmogorovSmirnov}
                                            : std::vector{Measure::kLInfinity, Measure::kJensenShannon,
                                                          Measure::kPopulationStability, Measure::kChiSquare};
  for (const Measure measure : measures) limits[measure] = *DefaultDriftLimit(measure);
  return limits;
}

}  // namespace

std::vector<double> HolmAdjusted(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double least = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, std::min(1.0, p_values[order[i]] * static_cast<double>(order.size() - i)));
    adjusted[order[i]] = least;
  }
  return adjusted;
}

std::vector<ColumnDrift> FindDrift(const Profile& now, const Profile& baseline, const DriftLimits& limits,
                                   const DriftOptions& options) {
  std::vector<ColumnDrift> drifts;
  for (const auto& [column, measures] : limits) {
    const std::optional<Distribution> ours = now.DistributionOf(column);
    const std::optional<Distribution> theirs = baseline.DistributionOf(column);
    drifts.push_back(CompareColumn(column, ours ? &*ours : nullptr, theirs ? &*theirs : nullptr, options));
  }
  Judge(limits, options.false_alarm_budget, drifts);
  return drifts;
}

std::optional<double> DefaultDriftLimit(Measure measure) {
  switch (measure) {
    case Measure::kLInfinity: return 0.1;
    case Measure::kJensenShannon: return 0.25;
    case Measure::kNormalizedAbsoluteDifference: return std::nullopt;
    case Measure::kPopulationStability: return 0.25;
    case Measure::kWasserstein: return 0.35;
    case Measure::kKolmogorovSmirnov: return 0.2;
    case Measure::kChiSquare: return 0.2;
  }
  return std::nullopt;
}

bool ChangesByNature(const ColumnSummary& column) {
  if (column::IsTime(column.type)) return true;
  if (column.number && column.number->order) {
    const profile::OrderSummary& order = *column.number->order;
    if (order.strict() && (order.ascending() || order.descending())) return true;
  }
  const auto values = static_cast<double>(column.rows - column.missing);
  return column.text && column.type != column::Type::kBool && column.distinct > values / 2 && values > 2;
}

DriftLimits InferDriftLimits(std::span<const Profile* const> versions, double false_alarm_budget) {
  DriftLimits limits;
  if (versions.empty()) return limits;
  std::vector<std::string> names;
  AddNames(versions.back()->Summarize().columns, names);
  size_t count = 0;
  for (const std::string& name : names) {
    const std::optional<Distribution> distribution = versions.back()->DistributionOf(name);
    if (!distribution) continue;
    limits[name] = Defaults(*distribution);
    count += limits[name].size();
  }
  const double level = 1 - false_alarm_budget / static_cast<double>(std::max<size_t>(count, 1));
  for (auto& [name, measures] : limits) {
    const History history = HistoryOf(versions, name);
    for (auto& [measure, limit] : measures) {
      const auto distances = history.find(measure);
      if (distances != history.end())
        limit = std::max(limit, RoundedUp(kNoNoise * UpperBound(distances->second, level)));
    }
    std::erase_if(measures, [](const auto& entry) { return EndsAtOne(entry.first) && entry.second >= 1; });
  }
  std::erase_if(limits, [](const auto& entry) { return entry.second.empty(); });
  return limits;
}

}  // namespace roost::schema
