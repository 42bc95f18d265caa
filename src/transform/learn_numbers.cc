#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "transform/learn.h"

namespace roost::transform {
namespace {

using profile::NumberSummary;

constexpr size_t kPercentiles = 101;

absl::Status LearnImputed(const FeatureSpec& spec, const NumberSummary& raw, FittedFeature& feature) {
  std::optional<double> value;
  switch (spec.impute) {
    case Impute::kNone:
    case Impute::kValue: return absl::OkStatus();
    case Impute::kMean: value = raw.mean; break;
    case Impute::kMin: value = raw.min; break;
    case Impute::kMax: value = raw.max; break;
    case Impute::kMedian:
      if (raw.percentiles.size() == kPercentiles) value = raw.percentiles[50];
      break;
  }
  if (!value.has_value()) return NoValue();
  if (!std::isfinite(*value)) {
    return absl::InvalidArgumentError(fmt::format("the {} of the values is not finite", ImputeName(spec.impute)));
  }
  feature.steps.imputed = *value;
  return absl::OkStatus();
}

absl::Status LearnLogFloor(double least, FittedFeature& feature) {
  if (!std::isfinite(least)) return NoValue();
  if (least <= -1) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format(
            "log is ln(1 + value), which no value at or below -1 has; the least is {}", FormatExact(least))),
        "set clip_low to 0, or leave out log");
  }
  feature.steps.log_floor = least;
  return absl::OkStatus();
}

absl::Status LearnMoments(const NumberSummary& values, FittedFeature& feature) {
  if (!values.mean.has_value() || !values.standard_deviation.has_value()) return NoValue();
  if (!std::isfinite(*values.mean) || !std::isfinite(*values.standard_deviation)) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("mean {} and standard deviation {} are not both finite",
                                               FormatNumber(*values.mean), FormatNumber(*values.standard_deviation))),
        "the column's values are too large; use bucketize");
  }
  feature.mean = *values.mean;
  feature.standard_deviation = *values.standard_deviation;
  if (feature.use != Operation::kPolynomial || feature.standard_deviation > 0) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("all values are {}: their powers tell nothing", FormatExact(feature.mean))),
                  "leave this feature out");
}

absl::Status LearnRange(const NumberSummary& values, FittedFeature& feature) {
  if (!values.min.has_value() || !values.max.has_value()) return NoValue();
  feature.min = *values.min;
  feature.max = *values.max;
  if (feature.min < feature.max && std::isfinite(feature.max - feature.min)) return absl::OkStatus();
  if (feature.min < feature.max) {
    return WithHint(absl::InvalidArgumentError("the values' range is too large"), "set clip_low and clip_high");
  }
  return WithHint(
      absl::InvalidArgumentError(fmt::format("all values are {}: there is no range", FormatExact(feature.min))),
      "leave this feature out");
}

absl::Status LearnBorders(const NumberSummary& values, int64_t buckets, FittedFeature& feature) {
  if (values.percentiles.size() != kPercentiles) return NoValue();
  const std::vector<double>& percentiles = values.percentiles;
  for (int64_t i = 1; i < buckets; ++i) {
    // The nearest percentile, i / buckets of 100, halves upwards.
    const auto nearest = static_cast<size_t>((200 * i + buckets) / (2 * buckets));
    const double border = percentiles[nearest];
    const double last = feature.borders.empty() ? percentiles.front() : feature.borders.back();
    // A border at the minimum or past the maximum would have an empty bucket beside it.
    if (border > last && border <= percentiles.back() && std::isfinite(border)) feature.borders.push_back(border);
  }
  if (!feature.borders.empty()) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format(
                      "all values fall into one bucket: no quantile border lies between the smallest value, {}, and "
                      "the largest, {}",
                      FormatExact(percentiles.front()), FormatExact(percentiles.back()))),
                  "use more buckets or standardize, or leave this feature out");
}

double Clipped(const NumberSteps& steps, double value) {
  if (steps.clip_low.has_value()) value = std::max(value, *steps.clip_low);
  return steps.clip_high.has_value() ? std::min(value, *steps.clip_high) : value;
}

}  // namespace

absl::Status LearnNumbers(const FeatureSpec& spec, const profile::ColumnSummary* column,
                          const FeatureStatistics& statistics, FittedFeature& feature) {
  const bool is_plain = IsPlainNumber(feature, column);
  if (is_plain ? column->number->finite == 0 : statistics.wanted.any() && statistics.rows == 0) return NoValue();
  TRY(LearnImputed(spec, is_plain ? *column->number : statistics.raw.Summarize(), feature));
  if (spec.log) {
    TRY(LearnLogFloor(is_plain ? Clipped(feature.steps, column->number->min.value_or(-1)) : statistics.least, feature));
  }
  if (feature.use == Operation::kNumber || !feature.borders.empty()) return absl::OkStatus();
  const NumberSummary values = statistics.wanted.prepared ? statistics.prepared.Summarize() : *column->number;
  if (feature.use == Operation::kMinMax) return LearnRange(values, feature);
  if (feature.use == Operation::kBucketize) return LearnBorders(values, spec.buckets, feature);
  return LearnMoments(values, feature);
}

}  // namespace roost::transform
