#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"

namespace roost::profile {

/// One figure of a profile under the name by which an expression reads it (docs/expressions.md); empty where the
/// dataset or the column has none.
struct Figure {
  std::string name;
  std::optional<double> value;
};

/// Every figure of `summary`, those that a column does not have included, as empty: so an expression over the same
/// columns can be bound whatever their types are. Counts are numbers of rows, shares lie between 0 and 1, times are in
/// seconds since 1970-01-01T00:00Z. Slices are left out; each has a profile of its own.
///
/// Of the whole: rows, columns, weight, duplicate_share.
///
/// Of each column, those in structs and lists too, after its name or path and a dot ("delay.mean", "tags[].distinct"):
///   rows, missing, missing_share (of rows), present (rows - missing), distinct, distinct_share (of present).
///   Numbers, bools and times: finite, zeros, negative, nan, infinite; zero_share, negative_share, nan_share,
///   infinite_share (of present); min, max, mean, standard_deviation, skewness, kurtosis, p1 to p99; and, where the
///   rows' order is known, rises, falls, repeats, greatest_gap.
///   Texts: empty, empty_share (of present), invalid_utf8, min_length, max_length, mean_length (bytes), entropy (bits),
///   top_count and top_share (the most frequent value's), top_pattern_share, and of the values that are not empty
///   integer_share, number_share, boolean_share, time_share, words_share.
///   Texts whose words were counted: tokens, mean_token_length, min_tokens, max_tokens, vocabulary_coverage.
///   Images: images, image_share (of present), max_width, max_height.
///   Lists: empty, empty_share (of present), values, min_length, max_length, mean_length (values).
///   With weights: weighted_missing_share, weighted_mean, weighted_standard_deviation.
///
/// Cost: about 150 figures a column; where an expression reads few of them, the other overload is cheaper.
std::vector<Figure> FiguresOf(const ProfileSummary& summary);

/// Those of `names` that are figures of `summary`, in their order.
std::vector<Figure> FiguresOf(const ProfileSummary& summary, std::span<const std::string> names);

}  // namespace roost::profile
