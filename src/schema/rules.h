#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/distance.h"

namespace roost::schema {

/// The rules that a column can have, as plain values. Each says in `severity` what breaking it is. In a rule that was
/// inferred, `confirmed` counts the versions that kept it since: it is on trial, and becomes an error after enough of
/// them (confirm.h). A rule without the count was written or settled by a person and stays as it is.

enum class Severity { kError, kWarning };

/// What happens when something is seen that may be unwanted.
enum class Policy { kAllow, kWarning, kError };

/// At most `max_share` (0 to 1) of the rows may have no value.
struct MissingRule {
  double max_share = 0;
  Severity severity = Severity::kError;
  std::optional<int64_t> confirmed;
  friend bool operator==(const MissingRule&, const MissingRule&) = default;
};

/// At least `min_count` rows must have a value.
struct PresentRule {
  int64_t min_count = 1;
  Severity severity = Severity::kError;
  friend bool operator==(const PresentRule&, const PresentRule&) = default;
};

/// Finite values must lie from `min` to `max`, both included; an empty bound is none. For integers and numbers, and
/// for text that holds such.
struct RangeRule {
  std::optional<double> min, max;
  Severity severity = Severity::kWarning;
  std::optional<int64_t> confirmed;
  friend bool operator==(const RangeRule&, const RangeRule&) = default;
};

/// At least `min_share` (0 to 1) of the values that are not null must be among the known ones: `allowed`, or those of
/// the schema's domain of the name `domain`. For text.
struct ValuesRule {
  std::vector<std::string> allowed;  ///< sorted by bytes, each once; empty where `domain` is not
  double min_share = 1;
  Severity severity = Severity::kWarning;
  std::string domain;
  std::optional<int64_t> confirmed;
  friend bool operator==(const ValuesRule&, const ValuesRule&) = default;
};

/// A figure of a column that is compared with what it was in earlier versions.
enum class Statistic {
  kMissing,   ///< "missing": the share (0 to 1) of rows without a value
  kDistinct,  ///< "distinct": how many different values
  kZeros,     ///< "zeros": the share of the finite values that are 0
  kMean,      ///< "mean"
  kSpread,    ///< "spread": from the 1st to the 99th percentile, robust against outliers
  kP1,        ///< "p1", ...: percentiles
  kP5,
  kP25,
  kP50,
  kP75,
  kP95,
  kP99,
};

/// A statistic must lie from `min` to `max`. Inferred bands are wide enough for all but few versions of a sound source,
/// so they stay warnings and are never on trial. Below `error_below` or above `error_above` it is an error, whatever
/// `severity` is: so much is no chance but another unit or another quantity.
struct Band {
  Statistic of = Statistic::kMean;
  std::optional<double> min, max;
  std::optional<double> error_below, error_above;
  Severity severity = Severity::kWarning;
  friend bool operator==(const Band&, const Band&) = default;
};

/// The number of different values.
struct DistinctRule {
  std::optional<int64_t> min, max;
  Severity severity = Severity::kError;
  friend bool operator==(const DistinctRule&, const DistinctRule&) = default;
};

/// How many values a list holds; an empty list holds none and is not missing.
struct LengthsRule {
  std::optional<int64_t> min, max;
  Severity severity = Severity::kError;
  std::optional<int64_t> confirmed;
  friend bool operator==(const LengthsRule&, const LengthsRule&) = default;
};

/// Every list has this shape: {3} is three values, {2, 3} two lists of three.
struct ShapeRule {
  std::vector<int64_t> dims;
  Severity severity = Severity::kError;
  friend bool operator==(const ShapeRule&, const ShapeRule&) = default;
};

enum class Direction { kAscending, kDescending };

/// Values must not fall (rise) from row to row, nulls left out; `strict` ones must rise (fall). For numbers and times.
struct OrderRule {
  Direction direction = Direction::kAscending;
  bool strict = false;
  std::optional<double> max_gap;  ///< of neighbours, of times in seconds
  Severity severity = Severity::kWarning;
  std::optional<int64_t> confirmed;
  friend bool operator==(const OrderRule&, const OrderRule&) = default;
};

/// At least `min_share` of the texts must match `regex` as a whole (RE2's syntax), where there is one, and have one of
/// `shapes` (profile::PatternShare), where there are any.
struct PatternRule {
  std::string regex;
  std::vector<std::string> shapes;  ///< sorted, each once
  double min_share = 1;
  Severity severity = Severity::kWarning;
  std::optional<int64_t> confirmed;
  friend bool operator==(const PatternRule&, const PatternRule&) = default;
};

/// Values stand for true and false: texts are one of the two, numbers 1 or 0. `true_text` and `false_text` are for text
/// columns, which need both.
struct BoolsRule {
  std::string true_text;
  std::string false_text;
  Severity severity = Severity::kError;
  friend bool operator==(const BoolsRule&, const BoolsRule&) = default;
};

/// At least `min_share` of the values are times in one of `formats`: strptime formats for text ("%Y-%m-%d"), "unix
/// days", "unix seconds", "unix milliseconds", "unix microseconds", "unix nanoseconds" for integers.
struct TimesRule {
  std::vector<std::string> formats;
  double min_share = 1;
  Severity severity = Severity::kError;
  std::optional<int64_t> confirmed;
  friend bool operator==(const TimesRule&, const TimesRule&) = default;
};

/// How often one word may come. Shares are of the rows with a text; positions are means from 0 (first word) to 1.
struct TokenRule {
  std::string token;
  std::optional<int64_t> min_in_row, max_in_row;
  std::optional<double> min_share, max_share;  ///< of the rows that have it
  std::optional<double> min_position, max_position;
  friend bool operator==(const TokenRule&, const TokenRule&) = default;
};

/// Text in natural language. Its figures are counted when the profile has words (profile::TokenSummary).
struct WordsRule {
  std::string vocabulary;                 ///< the domain of the schema with the known words, or ""
  std::optional<double> min_coverage;     ///< the share (0 to 1) of the words that are known
  std::optional<double> min_mean_length;  ///< of the words, in characters
  std::optional<int64_t> min_words;       ///< in a row
  std::optional<int64_t> max_words;
  std::vector<TokenRule> tokens;
  Severity severity = Severity::kError;
  friend bool operator==(const WordsRule&, const WordsRule&) = default;
};

/// Binary values are images: of a known format by their first bytes, and not too large.
struct ImagesRule {
  std::optional<double> min_share;
  std::optional<int64_t> max_bytes;
  Severity severity = Severity::kError;
  friend bool operator==(const ImagesRule&, const ImagesRule&) = default;
};

/// Lists of `size` numbers, none of which is missing.
struct EmbeddingRule {
  int64_t size = 0;
  Severity severity = Severity::kError;
  friend bool operator==(const EmbeddingRule&, const EmbeddingRule&) = default;
};

/// How far apart the values may be from those of another dataset: one bound for each measure that counts.
/// What drift is, and what is chance: drift.h.
struct DistanceLimit {
  profile::Measure measure = profile::Measure::kJensenShannon;
  double max = 0;
  friend bool operator==(const DistanceLimit&, const DistanceLimit&) = default;
};
struct DistanceRule {
  std::vector<DistanceLimit> limits;  ///< in the order of Measure, each once
  bool deciles = false;  ///< Jensen-Shannon compares tenths of the values instead of ten bars of equal width
  Severity severity = Severity::kWarning;
  friend bool operator==(const DistanceRule&, const DistanceRule&) = default;
};

/// The column is computed from others, by an expression (docs/expressions.md) or by another tool.
struct DerivedRule {
  std::vector<std::string> from;  ///< columns of the schema
  std::string expression;         ///< or ""
  friend bool operator==(const DerivedRule&, const DerivedRule&) = default;
};

/// The severity of what breaks a policy that does not allow it.
Severity SeverityOf(Policy policy);

std::string_view SeverityName(Severity severity);     ///< "error", "warning"
std::string_view PolicyName(Policy policy);           ///< "allow", "warning", "error"
std::string_view StatisticName(Statistic statistic);  ///< "missing", "spread", "p50", ...
std::string_view DirectionName(Direction direction);  ///< "ascending", "descending"

}  // namespace roost::schema
