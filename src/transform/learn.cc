#include "transform/learn.h"

#include "base/status.h"

namespace roost::transform {
namespace {

// Whether the operation, not its steps, learns from numbers.
bool LearnsFromNumbers(const FittedFeature& feature) {
  if (!IsOfNumbers(feature.use) || feature.use == Operation::kNumber) return false;
  return feature.use != Operation::kBucketize || feature.borders.empty();
}

bool LearnsVocabulary(const FittedFeature& feature) {
  switch (feature.use) {
    case Operation::kOneHot:
    case Operation::kOrdinal:
    case Operation::kMultiHot: return true;
    case Operation::kTokens:
    case Operation::kCross: return feature.hash_buckets == 0;
    default: return false;
  }
}

// Whether the profile lists every word of the column with its count.
bool IsExactText(const profile::ColumnSummary* column) {
  return column != nullptr && column::IsText(column->type) && column->text.has_value() && column->text->exact;
}

}  // namespace

bool IsPlainNumber(const FittedFeature& feature, const profile::ColumnSummary* column) {
  const bool of_column = TakesKind(feature.use, column::Kind::kNumber);
  return of_column && column != nullptr && column->number.has_value();
}

StatisticsWanted WantedOf(const FittedFeature& feature, const FeatureSpec& spec, const profile::ColumnSummary* column) {
  StatisticsWanted wanted;
  if (IsOfNumbers(feature.use)) {
    const bool is_plain = IsPlainNumber(feature, column);
    const bool is_learned = spec.impute != Impute::kNone && spec.impute != Impute::kValue;
    const bool is_changed = spec.log || spec.clip_low || spec.clip_high;
    wanted.raw = !is_plain && is_learned;
    wanted.prepared = (LearnsFromNumbers(feature) && (!is_plain || is_changed)) || (spec.log && !is_plain);
    wanted.log = spec.log;
  } else if (LearnsVocabulary(feature)) {
    const bool is_listed = feature.use == Operation::kOneHot || feature.use == Operation::kOrdinal;
    wanted.words = !(is_listed && IsExactText(column));
  }
  wanted.rows = column == nullptr;
  return wanted;
}

absl::Status NoValue() {
  return WithHint(absl::InvalidArgumentError("the column has no value to learn from"), "leave this feature out");
}

absl::Status Learn(const FeatureSpec& spec, const profile::ColumnSummary* column, const FeatureStatistics& statistics,
                   FittedFeature& feature) {
  if (column == nullptr ? statistics.rows == 0 : column->missing >= column->rows) return NoValue();
  if (IsOfNumbers(feature.use)) return LearnNumbers(spec, column, statistics, feature);
  if (LearnsVocabulary(feature)) {
    return LearnWords(spec, column, statistics, feature);
  }
  return absl::OkStatus();
}

}  // namespace roost::transform
