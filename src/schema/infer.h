#pragma once

#include <cstdint>
#include <optional>

#include "profile/summary.h"
#include "schema/schema.h"

namespace roost::schema {

/// How much is read into what was seen.
struct InferOptions {
  int64_t max_values = 1000;       ///< a text with more distinct values gets no list of them
  int64_t max_value_length = 200;  ///< nor one with a longer value, in bytes
  double min_repeats = 2;          ///< nor one whose values come less often than this on average (names, ids)
  double range_margin = 0.5;       ///< a range is widened on each side by this share of its width
};

/// A schema that `summary` fulfils. Types and columns that had every value become errors; all that is a guess from
/// one look at the data (ranges, known values, NaN, shares of missing values) starts as a warning:
/// - missing: never seen gives "none may be missing", an error; else at most twice the share that was seen;
/// - range: from least to greatest finite value, widened by `range_margin` and rounded outwards to two digits of its
///   width; it does not cross zero where no value did;
/// - values: all values of a text whose exact list is short (see InferOptions);
/// - nan, infinity: a warning where there were none.
/// Without rows only names and types are inferred.
Schema Infer(const profile::ProfileSummary& summary, const InferOptions& options = {});

/// The rules of one column, as Infer makes them.
ColumnRules InferColumn(const profile::ColumnSummary& column, const InferOptions& options = {});

/// The largest missing share to allow after `share` was seen: twice that, rounded up to two digits, at most 1.
double MissingShareAbove(double share);

/// The range to allow after values from `min` to `max`, or nothing where that is beyond what doubles can hold.
std::optional<RangeRule> RangeAround(double min, double max, bool integer, const InferOptions& options = {});

}  // namespace roost::schema
