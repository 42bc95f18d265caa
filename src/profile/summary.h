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

/// How the values of a number or time column follow each other, nulls and NaN left out. It follows the rows' order, so
/// it is there only where the profile's parts were merged in that order.
struct OrderSummary {
  int64_t rises = 0;  ///< neighbours of which the second is greater
  int64_t falls = 0;
  int64_t repeats = 0;      ///< neighbours that are equal
  double greatest_gap = 0;  ///< the greatest difference of neighbours, without its sign; of times in seconds

  bool ascending() const { return falls == 0 && rises > 0; }
  bool descending() const { return rises == 0 && falls > 0; }
  /// Ascending or descending without equal neighbours.
  bool strict() const { return repeats == 0; }
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
  /// Third and fourth standardised moment of the population (kurtosis less 3), from the histogram's fine buckets; empty
  /// where all values are equal or the spread is too narrow for these buckets.
  std::optional<double> skewness, kurtosis;
  /// 101 values: [q] is the q-th percentile, within 0.2 % of the value (of times: within 1/2,048 of the span); [0] and
  /// [100] are min and max. Or empty.
  std::vector<double> percentiles;
  std::vector<HistogramBar> histogram;  ///< 10 bars of equal width from min to max; one where all values are equal
  std::optional<OrderSummary> order;
};

/// A shape of texts, and the share (0 to 1) of the values that have it. Letters are shown as A or a, digits as 9, other
/// characters as themselves; a run of more than four of a kind as "a+".
struct PatternShare {
  std::string pattern;
  double share = 0;
  std::string example;
};

/// What texts could be read as. Shares (0 to 1) of the values that are not empty.
struct TextKinds {
  double integer = 0;
  double number = 0;  ///< integers too
  double boolean = 0;
  double time = 0;          ///< in `time_format`
  std::string time_format;  ///< the strptime format that most values have, or "unix seconds" and the like; "" for none
  double other_times = 0;   ///< times in another format than that
  double words = 0;         ///< texts of at least three words whose mean length is 2.5 to 8 (natural language)
};

/// What bytes hold where they are images: by their first bytes.
struct ImageSummary {
  int64_t images = 0;               ///< values that begin as an image of a known format
  std::vector<ValueCount> formats;  ///< "jpeg", "png", "gif", "bmp", "webp", "tiff"
  int64_t max_width = 0;            ///< pixels, of those whose header tells
  int64_t max_height = 0;
};

/// Words of a text column, counted on request. A word is a run of letters and digits (Unicode), in lower case.
struct TokenSummary {
  int64_t tokens = 0;
  double mean_token_length = 0;  ///< characters
  std::vector<HistogramBar> token_lengths;
  int64_t min_tokens = 0;  ///< in a row
  int64_t max_tokens = 0;
  std::vector<HistogramBar> sequence_lengths;
  /// Words with their counts, and in how many rows they stand; by falling count. Where `exact` is false, the least and
  /// greatest number in a row and the mean position are 0, and so is `rows` where it is not known.
  struct Token {
    std::string token;
    int64_t count = 0;
    int64_t rows = 0;
    int64_t min_in_row = 0;  ///< over all rows
    int64_t max_in_row = 0;
    double mean_position = 0;  ///< 0 is the first word of a row, 1 the last
  };
  std::vector<Token> top;
  bool exact = true;               ///< `top` holds every word
  std::optional<double> coverage;  ///< share of the tokens in the vocabulary, where one was given
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
  std::optional<double> entropy;       ///< bits; empty where `exact` is false
  std::vector<PatternShare> patterns;  ///< by falling share, at most 10; of text
  std::optional<TextKinds> kinds;      ///< of text
  /// `patterns` and `kinds` are of all values; else told from the frequent ones and a sample of 1,024 distinct values,
  /// chosen by their hash.
  bool patterns_are_exact = true;
  std::optional<ImageSummary> images;  ///< of binary columns
  std::optional<TokenSummary> tokens;  ///< on request
};

/// Lists: how many values they hold. Null lists are missing, empty ones are not.
struct ListSummary {
  int64_t empty = 0;
  int64_t total = 0;  ///< values in all lists
  int64_t min_length = 0;
  int64_t max_length = 0;
  double mean_length = 0;
  std::vector<double> percentiles;      ///< 101 of the lengths, as in NumberSummary
  std::vector<HistogramBar> histogram;  ///< of the lengths
};

/// The same statistics with a weight for each row, on request. Weights are rounded to 2^-20; rows whose weight is null,
/// negative or not finite count for nothing.
struct WeightedSummary {
  struct Value {
    std::string value;
    double weight = 0;
  };
  double present = 0;  ///< the weight of all rows that have a value
  double missing = 0;
  std::optional<double> mean, standard_deviation;  ///< of finite values
  std::vector<double> percentiles;                 ///< 101, or none
  struct Bar {
    double low = 0;
    double high = 0;
    double weight = 0;
  };
  std::vector<Bar> histogram;  ///< the bars of NumberSummary::histogram
  std::vector<Value> top;      ///< of text
};

/// The statistics of one column.
struct ColumnSummary {
  std::string name;  ///< of what is nested the whole path: "address.city"; the values of lists are "tags[]"
  column::Type type = column::Type::kNull;
  std::string type_text;  ///< as the user sees it: "int64", "timestamp[us]"
  int64_t rows = 0;       ///< of nested values: the lists' values, the structs' rows
  int64_t missing = 0;    ///< nulls
  double distinct = 0;    ///< exact where `distinct_is_exact`, else within about 1.6 %
  bool distinct_is_exact = false;
  std::optional<NumberSummary> number;  ///< numbers, bools and times
  std::optional<TextSummary> text;      ///< text and binary; for bools the top values "false" and "true"
  std::optional<ListSummary> list;
  std::optional<WeightedSummary> weighted;
  std::vector<ColumnSummary> children;  ///< a list's values; a struct's columns

  /// All values that are not missing are the same one.
  bool constant() const { return rows > missing && distinct_is_exact && distinct == 1; }
};

struct SliceSummary;

/// The statistics of one dataset version or file, as values; made from a Profile by Summarize (profile.h).
struct ProfileSummary {
  int64_t rows = 0;
  std::optional<double> weight;  ///< of all rows, where weights were asked for
  /// Share (0 to 1) of the rows that are a further copy of another row; exact up to 4,096 distinct rows, else from a
  /// sample of as many distinct rows, chosen by their hash. Empty without rows or where a column cannot be read.
  std::optional<double> duplicate_share;
  bool duplicate_share_is_exact = false;
  std::vector<ColumnSummary> columns;  ///< in the data's order
  std::vector<SliceSummary> slices;    ///< on request

  /// The column of that name or path, or null.
  const ColumnSummary* Find(std::string_view name) const;
};

/// The rows of one slice: "origin=ATL", "origin=ATL, month=5", "delay in [0, 15)".
struct SliceSummary {
  std::string slice;
  ProfileSummary profile;
};

}  // namespace roost::profile
