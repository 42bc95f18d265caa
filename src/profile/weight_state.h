#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/exact_sum.h"
#include "profile/summary.h"
#include "profile/top_values.h"
#include "profile/weighted_buckets.h"

namespace roost::profile {

/// The statistics of one column in which each row has a weight. A law-abiding state: see README.md. Weights are whole
/// units of 2^-20, so that their sums are exact; products with values are rounded once each and then summed exactly.
///
/// Cost: about 60 ns a row. Threads: a state belongs to one thread at a time.
class WeightState {
 public:
  static constexpr int64_t kUnitsPerOne = 1 << 20;
  /// The most units of all rows together.
  static constexpr int64_t kMaxUnits = int64_t{1} << 62;

  /// Of a column of texts (or bytes), or of any other.
  explicit WeightState(bool is_text) : is_text_(is_text) {}

  /// The units of a weight: 0 where it is negative or not finite; at most 2^40.
  static int64_t UnitsOf(double weight);

  /// `units` has one entry per row. What the rows together weigh stays within kMaxUnits (Profile sees to it).
  void Add(const column::ColumnView& column, std::span<const int64_t> units);
  void Merge(const WeightState& other);

  /// `min` and `max` are those of the column's finite values.
  WeightedSummary Summarize(const std::optional<double>& min, const std::optional<double>& max) const;

  void Serialize(std::string& bytes) const;
  static absl::StatusOr<WeightState> Parse(ByteReader& reader, bool is_text, int64_t max_units);

 private:
  struct Units {
    int64_t present = 0;
    int64_t missing = 0;
    int64_t finite = 0;
  };

  // Built of its parts: the compiler warns, wrongly, where a hash map is moved into one that was just made.
  WeightState(bool is_text, Units units, FloatSums sums, FloatSums squares, WeightedBuckets buckets, TopValues values)
      : is_text_(is_text),
        units_(units),
        sums_(std::move(sums)),
        squares_(std::move(squares)),
        buckets_(std::move(buckets)),
        values_(std::move(values)) {}

  void AddNumber(double value, int64_t units);

  bool is_text_;
  Units units_;
  FloatSums sums_;     // of weight * value
  FloatSums squares_;  // of weight * value^2
  WeightedBuckets buckets_;
  TopValues values_;  // of texts
};

}  // namespace roost::profile
