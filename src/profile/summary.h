#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column/column_view.h"

namespace roost::profile {

/// One value of a text column and how often it came.
struct ValueCount {
  std::string value;
  int64_t count = 0;
  friend bool operator==(const ValueCount&, const ValueCount&) = default;
};

/// `count` values v with low <= v < high (the last bar of a histogram: <= high).
struct HistogramBar {
  double low = 0;
  double high = 0;
  int64_t count = 0;
};

/// Numbers; for time columns the same in seconds since 1970-01-01T00:00Z. NaN and infinities are counted apart and are
/// in no other figure. The optionals are empty where there was no finite value.
struct NumberSummary {
  int64_t finite = 0;
  int64_t zeros = 0;
  int64_t negative = 0;
  int64_t nan = 0;
  int64_t positive_infinity = 0;
  int64_t negative_infinity = 0;
  std::optional<double> min, max;                 ///< exact
  std::optional<int64_t> min_micros, max_micros;  ///< of times: the same in microseconds, without rounding
  std::optional<double> mean;                     ///< correctly rounded from an exact sum
  std::optional<double> standard_deviation;       ///< of the population
  /// 101 values: [q] is the q-th percentile, within 0.2 % of the value (of times: within 1/2,048 of the span); [0] and
  /// [100] are min and max. Or empty.
  std::vector<double> percentiles;
  std::vector<HistogramBar> histogram;  ///< 10 bars of equal width from min to max; one where all values are equal
};

/// Text and binary columns.
struct TextSummary {
  int64_t empty = 0;
  int64_t invalid_utf8 = 0;
  int64_t min_length = 0;  ///< bytes
  int64_t max_length = 0;
  double mean_length = 0;
  std::vector<ValueCount> top;  ///< by falling count, then by value
  /// `top` holds every distinct value with its exact count. Else it holds the frequent ones that a sketch found
  /// (value_sketch.h says with which chance), with counts that may be too high by 0.034 % of the rows.
  bool exact = true;
};

/// The statistics of one column.
struct ColumnSummary {
  std::string name;
  column::Type type = column::Type::kNull;
  std::string type_text;  ///< as the user sees it: "int64", "timestamp[us]"
  int64_t rows = 0;
  int64_t missing = 0;  ///< nulls
  double distinct = 0;  ///< exact where `distinct_is_exact`, else within about 1.6 %
  bool distinct_is_exact = false;
  std::optional<NumberSummary> number;  ///< numbers, bools and times
  std::optional<TextSummary> text;      ///< text and binary; for bools the top values "false" and "true"
};

/// The statistics of one dataset version or file, as values; made from a Profile by Summarize (profile.h).
struct ProfileSummary {
  int64_t rows = 0;
  std::vector<ColumnSummary> columns;  ///< in the data's order

  const ColumnSummary* Find(std::string_view name) const {
    for (const ColumnSummary& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

}  // namespace roost::profile
