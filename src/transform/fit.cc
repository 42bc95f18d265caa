#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "transform/fitted.h"

namespace roost::transform {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;

constexpr size_t kPercentiles = 101;

absl::StatusOr<const ColumnSummary*> RequireColumn(const std::string& name, const ProfileSummary& summary) {
  if (const ColumnSummary* column = summary.Find(name)) return column;
  std::vector<std::string> names;
  for (const ColumnSummary& column : summary.columns) names.push_back(column.name);
  const std::string_view closest = ClosestName(name, names);
  return WithHint(
      absl::NotFoundError(fmt::format("the data has no such column; its columns are {}", fmt::join(names, ", "))),
      closest.empty() ? "name a column of the training data" : fmt::format("did you mean '{}'?", closest));
}

absl::Status CheckRange(std::string_view parameter, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} must be {} to {}, not {}", parameter, FormatCount(low), FormatCount(high), FormatCount(value)));
}

absl::Status CheckParameters(const FeatureSpec& spec) {
  if (*spec.use == Operation::kBucketize) return CheckRange("buckets", spec.buckets, 2, kMaxBuckets);
  if (*spec.use != Operation::kOneHot) return absl::OkStatus();
  TRY(CheckRange("top", spec.top, 1, kMaxWords));
  if (spec.min_count < 1) {
    return absl::InvalidArgumentError(fmt::format("min_count must be at least 1, not {}", FormatCount(spec.min_count)));
  }
  return CheckRange("unknown_buckets", spec.unknown_buckets, 1, kMaxUnknownBuckets);
}

absl::Status CheckKind(const FeatureSpec& spec, const ColumnSummary& column) {
  const column::Kind wanted = KindFor(*spec.use);
  const auto kind = column::KindOf(column.type);
  if (kind.ok() && *kind == wanted) return absl::OkStatus();
  const std::string message =
      fmt::format("takes a {}, and the column holds {}", column::KindName(wanted), column.type_text);
  std::string_view hint = "no feature can be made from this type; leave the column out";
  if (kind.ok()) {
    switch (*kind) {
      case column::Kind::kNumber: hint = "use standardize or bucketize for a number column"; break;
      case column::Kind::kText: hint = "use one_hot for a text column"; break;
      case column::Kind::kTime: hint = "use hour, weekday or month for a time column"; break;
      default: break;
    }
  }
  return WithHint(absl::InvalidArgumentError(message), hint);
}

absl::Status NoValue() {
  return WithHint(absl::InvalidArgumentError("the column has no value to learn from"), "leave this feature out");
}

absl::Status FitStandardize(const ColumnSummary& column, FittedFeature& feature) {
  if (!column.number.has_value() || column.number->finite == 0) return NoValue();
  const std::optional<double> mean = column.number->mean;
  const std::optional<double> deviation = column.number->standard_deviation;
  if (!mean.has_value() || !deviation.has_value()) return NoValue();
  if (!std::isfinite(*mean) || !std::isfinite(*deviation)) {
    return WithHint(absl::InvalidArgumentError(fmt::format("mean {} and standard deviation {} are not both finite",
                                                           FormatNumber(*mean), FormatNumber(*deviation))),
                    "the column's values are too large; use bucketize");
  }
  feature.mean = *mean;
  feature.standard_deviation = *deviation;
  return absl::OkStatus();
}

absl::Status FitBucketize(const ColumnSummary& column, const FeatureSpec& spec, FittedFeature& feature) {
  if (!column.number.has_value() || column.number->percentiles.size() != kPercentiles) return NoValue();
  const std::vector<double>& percentiles = column.number->percentiles;
  for (int64_t i = 1; i < spec.buckets; ++i) {
    // The nearest percentile, i / buckets of 100, halves upwards.
    const auto nearest = static_cast<size_t>((200 * i + spec.buckets) / (2 * spec.buckets));
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

absl::Status FitOneHot(const ColumnSummary& column, const FeatureSpec& spec, FittedFeature& feature) {
  if (!column.text.has_value()) return NoValue();
  std::vector<std::string> words;
  absl::flat_hash_set<std::string> known;
  for (const profile::ValueCount& entry : column.text->top) {
    if (static_cast<int64_t>(words.size()) == spec.top) break;
    // Words that are not UTF-8 could not be written as JSON and read back.
    if (entry.count < spec.min_count || !IsUtf8(entry.value)) continue;
    if (known.insert(entry.value).second) words.push_back(entry.value);
  }
  if (words.empty()) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("no word came at least {} times", FormatCount(spec.min_count))),
        "lower min_count, or leave this feature out");
  }
  feature.vocabulary = Vocabulary(std::move(words), static_cast<int32_t>(spec.unknown_buckets));
  return absl::OkStatus();
}

absl::Status FitFeature(const FeatureSpec& spec, const ProfileSummary& summary, FittedFeature& feature) {
  feature.column = spec.column;
  feature.use = *spec.use;
  TRY_ASSIGN(const ColumnSummary* column, RequireColumn(spec.column, summary));
  TRY(CheckParameters(spec));
  if (column->missing >= column->rows) return NoValue();
  TRY(CheckKind(spec, *column));
  switch (*spec.use) {
    case Operation::kStandardize: return FitStandardize(*column, feature);
    case Operation::kBucketize: return FitBucketize(*column, spec, feature);
    case Operation::kOneHot: return FitOneHot(*column, spec, feature);
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    default: return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Transform> Transform::Fit(const TransformSpec& declared, const FitData& data, const Context&) {
  const std::vector<FeatureSpec>& features = declared.features;
  const ProfileSummary& summary = data.summary;
  std::vector<FittedFeature> fitted(features.size());
  for (size_t i = 0; i < features.size(); ++i) {
    const FeatureSpec& spec = features[i];
    const absl::Status status = FitFeature(spec, summary, fitted[i]);
    if (!status.ok()) return Annotate(status, DescribeFeature(i, OperationName(*spec.use), spec.column));
  }
  return Fitted::Assemble(std::move(fitted));
}

}  // namespace roost::transform
