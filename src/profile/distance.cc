#include "profile/distance.h"

#include "base/check.h"
#include "profile/number_distance.h"
#include "profile/text_distance.h"

namespace roost::profile {
namespace {

constexpr Measure kMeasures[] = {
    Measure::kLInfinity,           Measure::kJensenShannon, Measure::kNormalizedAbsoluteDifference,
    Measure::kPopulationStability, Measure::kWasserstein,   Measure::kKolmogorovSmirnov,
    Measure::kChiSquare,
};

int64_t ValuesOf(const Distribution& distribution) {
  int64_t count = distribution.others + distribution.nan;
  count += distribution.positive_infinity + distribution.negative_infinity;
  for (const Bucket& bucket : distribution.buckets) count += bucket.count;
  for (const ValueCount& value : distribution.values) count += value.count;
  return count;
}

double MissingShare(int64_t missing, int64_t values) {
  return missing == 0 ? 0 : static_cast<double>(missing) / static_cast<double>(missing + values);
}

}  // namespace

std::string_view MeasureName(Measure measure) {
  switch (measure) {
    case Measure::kLInfinity: return "l_infinity";
    case Measure::kJensenShannon: return "jensen_shannon";
    case Measure::kNormalizedAbsoluteDifference: return "normalized_absolute_difference";
    case Measure::kPopulationStability: return "population_stability";
    case Measure::kWasserstein: return "wasserstein";
    case Measure::kKolmogorovSmirnov: return "kolmogorov_smirnov";
    case Measure::kChiSquare: return "chi_square";
  }
  return "";
}

std::optional<Measure> MeasureOf(std::string_view name) {
  for (const Measure measure : kMeasures) {
    if (MeasureName(measure) == name) return measure;
  }
  return std::nullopt;
}

const Distance* Comparison::Find(Measure measure) const {
  for (const Distance& distance : distances) {
    if (distance.measure == measure) return &distance;
  }
  return nullptr;
}

bool AreComparable(const Distribution& now, const Distribution& baseline) {
  return now.is_numeric == baseline.is_numeric && now.is_time == baseline.is_time;
}

Comparison Compare(const Distribution& now, const Distribution& baseline, const CompareOptions& options) {
  ROOST_CHECK(AreComparable(now, baseline), "numbers are compared with numbers, times with times, texts with texts");
  const int64_t values = ValuesOf(now);
  const int64_t baseline_values = ValuesOf(baseline);
  Comparison comparison;
  if (values > 0 && baseline_values > 0) {
    comparison = now.is_numeric ? CompareNumbers(now, baseline, options) : CompareTexts(now, baseline);
  }
  comparison.missing_share = MissingShare(now.missing, values);
  comparison.baseline_missing_share = MissingShare(baseline.missing, baseline_values);
  return comparison;
}

}  // namespace roost::profile
