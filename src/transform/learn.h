#pragma once

#include "absl/status/status.h"
#include "profile/summary.h"
#include "transform/fit_statistics.h"
#include "transform/fitted.h"

namespace roost::transform {

// `column` is the profile of the feature's column; null where that is derived, or where the feature has several.

/// What of the feature must be counted over the rows.
StatisticsWanted WantedOf(const FittedFeature& feature, const FeatureSpec& spec, const profile::ColumnSummary* column);

/// Sets what the feature learns. InvalidArgument where the values cannot carry it.
absl::Status Learn(const FeatureSpec& spec, const profile::ColumnSummary* column, const FeatureStatistics& statistics,
                   FittedFeature& feature);

// The parts of Learn.
absl::Status NoValue();
absl::Status LearnNumbers(const FeatureSpec& spec, const profile::ColumnSummary* column,
                          const FeatureStatistics& statistics, FittedFeature& feature);
absl::Status LearnWords(const FeatureSpec& spec, const profile::ColumnSummary* column,
                        const FeatureStatistics& statistics, FittedFeature& feature);

/// Whether `column` is of plain numbers, whose profile says all of them.
bool IsPlainNumber(const FittedFeature& feature, const profile::ColumnSummary* column);

}  // namespace roost::transform
