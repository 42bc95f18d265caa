#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "transform/calendar.h"
#include "transform/transform.h"
#include "transform/vocabulary.h"

// The inside of a Transform, shared by fit.cc, apply.cc and transform_json.cc. Here, and only here, stands what each
// operation computes; batches and single rows both go through these functions.

namespace roost::transform {

// Limits of what is fitted and of what is read back.
inline constexpr int64_t kMaxFeatures = 1'000;
inline constexpr int64_t kMaxBuckets = 100;
inline constexpr int64_t kMaxWords = 100'000;
inline constexpr int64_t kMaxUnknownBuckets = 1'000;

// Standardized values end here, so that no sum of them with sane weights overflows or becomes NaN.
inline constexpr double kMaxStandardized = 1e150;

/// One declared feature after fitting. It gives exactly one entry for every row.
struct FittedFeature {
  std::string column;
  Operation use = Operation::kStandardize;
  size_t input = 0;   ///< position of the column in the transform's inputs
  int32_t first = 0;  ///< index of its first feature; it has num_slots() in a row

  double mean = 0;                ///< standardize
  double standard_deviation = 0;  ///< standardize; 0: the feature is always 0
  std::vector<double> borders;    ///< bucketize: strictly increasing
  Vocabulary vocabulary;          ///< one_hot

  int32_t num_slots() const;
};

/// The entry of one feature: its index is FittedFeature::first + slot.
struct Entry {
  int32_t slot;
  double value;
};

inline bool IsMissing(double value) { return !std::isfinite(value); }

inline Entry Standardize(const FittedFeature& feature, double value) {
  if (IsMissing(value) || feature.standard_deviation == 0) return {0, 0.0};
  const double scaled = (value - feature.mean) / feature.standard_deviation;
  return {0, std::clamp(scaled, -kMaxStandardized, kMaxStandardized)};
}

/// The number of borders <= value, by a binary search whose steps are arithmetic: its branches would be mispredicted.
/// Missing values come last.
inline Entry Bucketize(const FittedFeature& feature, double value) {
  if (IsMissing(value)) return {static_cast<int32_t>(feature.borders.size()) + 1, 1.0};
  const double* const borders = feature.borders.data();
  size_t below = 0;
  size_t count = feature.borders.size();
  while (count > 1) {
    const size_t half = count / 2;
    below += half * static_cast<size_t>(borders[below + half - 1] <= value);
    count -= half;
  }
  below += static_cast<size_t>(borders[below] <= value);
  return {static_cast<int32_t>(below), 1.0};
}

inline Entry OneHot(const FittedFeature& feature, std::string_view word) {
  return {feature.vocabulary.SlotOf(word), 1.0};
}

inline Entry Hour(int64_t micros) { return {HourOf(micros), 1.0}; }
inline Entry Weekday(int64_t micros) { return {WeekdayOf(micros), 1.0}; }
inline Entry Month(int64_t micros) { return {MonthOf(micros), 1.0}; }

/// The entry of a missing value; that of Standardize and Bucketize is the one of NaN.
inline Entry MissingEntry(const FittedFeature& feature) {
  if (feature.use == Operation::kStandardize) return {0, 0.0};
  return {feature.num_slots() - 1, 1.0};
}

/// The kind of column that an operation takes.
column::Kind KindFor(Operation operation);

/// "feature 2, bucketize of column 'distance'", where `position` counts from 0.
std::string DescribeFeature(size_t position, std::string_view use, std::string_view column);

struct Transform::Fitted {
  std::vector<InputColumn> inputs;
  std::vector<FittedFeature> features;
  int32_t num_features = 0;

  /// Derives inputs and positions from features whose parameters are set. InvalidArgument where there is none or too
  /// many, where one comes twice, or where two want the same column in different kinds.
  static absl::StatusOr<Transform> Assemble(std::vector<FittedFeature> features);
};

}  // namespace roost::transform
