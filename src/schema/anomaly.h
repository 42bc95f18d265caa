#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/distance.h"
#include "profile/summary.h"
#include "schema/schema.h"

namespace roost::schema {

/// What was broken. In a column, anomalies come in this order. docs/validate.md says what each means.
enum class Rule {
  // The schema itself.
  kSchema,         ///< "schema": a rule that cannot hold, a name that is missing or not known
  kDomain,         ///< "domain": known values that are no set, or a domain that is not there
  kRuleForType,    ///< "rule_for_type": a rule that does not go with the column's type
  kBoolTexts,      ///< "bool_texts": texts for true and false in a number column, or none in a text column
  kNameTaken,      ///< "name_taken": a sparse or weighted feature has the name of a column
  kDerivedSource,  ///< "derived_source": a derived column comes from what is not there
  kDerivedStage,   ///< "derived_stage": a derived column has a stage that is not "derived"
  // All rows.
  kRows,     ///< "rows": there are none
  kFewRows,  ///< "few_rows", "many_rows": out of the bounds
  kManyRows,
  kRowsFell,  ///< "rows_fell", "rows_rose": compared with the previous span or version
  kRowsRose,
  kDuplicateRows,  ///< "duplicate_rows"
  kKey,            ///< "key": rows with the same key, or none
  kForeignKey,     ///< "foreign_key": a value that is not in the other dataset
  kSparseValue,    ///< "sparse_value", "sparse_index", "sparse_length": parts that are missing or not equally long
  kSparseIndex,
  kSparseLength,
  kWeightedValue,  ///< "weighted_value", "weighted_weight", "weighted_length": the same of weighted features
  kWeightedWeight,
  kWeightedLength,
  kCustom,  ///< "custom": a rule of the schema's own
  // One column.
  kColumn,      ///< "column": a required column is missing
  kRenamed,     ///< "renamed": it is missing, and a new column looks like it
  kNewColumn,   ///< "new_column"
  kType,        ///< "type"
  kNesting,     ///< "nesting": more or fewer lists inside one another
  kMissing,     ///< "missing": too many rows have no value
  kPresent,     ///< "present": too few rows have one
  kNan,         ///< "nan"
  kInfinity,    ///< "infinity"
  kMin,         ///< "min": values below the range
  kMax,         ///< "max": values above it
  kEncoding,    ///< "encoding": texts that are not UTF-8, where values are known
  kValues,      ///< "values": too many values that are not among the known ones
  kHolds,       ///< "holds": texts that are no numbers
  kPattern,     ///< "pattern"
  kBools,       ///< "bools": values that stand neither for true nor for false
  kTimes,       ///< "times": texts or integers that are no times of the formats
  kDistinct,    ///< "distinct": too few or too many different values
  kDuplicates,  ///< "duplicates": values that another row has too
  kOrder,       ///< "order": values that fall where they should rise, or leap
  kLengths,     ///< "lengths": lists that are too short or too long
  kEmptyLists,  ///< "empty_lists": nothing but empty lists
  kShape,       ///< "shape": lists of another shape
  kEmbedding,   ///< "embedding": lists of another size, or with missing numbers
  kWords,       ///< "words": too few known words, too short ones, too few or too many in a row
  kToken,       ///< "token": a word that comes too often, too rarely or in another place
  kImages,      ///< "images": too few images
  kImageSize,   ///< "image_size": one that is too large
  kBand,        ///< "band": a statistic is not where it was
  kMeaning,     ///< "meaning": the values are more than their type says, a rule is proposed
  // Against other data.
  kDrift,    ///< "drift": too far from the previous span
  kSkew,     ///< "skew": too far from the data at serving
  kControl,  ///< "control": the column is not in the data to compare with, or only there
  kServing,  ///< "serving": the column at serving is another, or is not there
  // The check itself.
  kNotCounted,  ///< "not_counted": a rule that could not be checked
};

std::string_view RuleName(Rule rule);
/// The rule of that name; empty for none.
std::optional<Rule> RuleOfName(std::string_view name);

/// A change of the schema, as lines of its text.
struct Edit {
  std::vector<std::string> removed;
  std::vector<std::string> added;
  friend bool operator==(const Edit&, const Edit&) = default;
};

/// One way in which the data breaks its schema.
struct Anomaly {
  std::string column;  ///< of the schema; for a new column, of the data; "" where it is about all rows
  Rule rule = Rule::kRows;
  Severity severity = Severity::kError;
  std::string message;                       ///< one sentence with the numbers that were compared
  std::string observed;                      ///< "2.4 %", "text", "9999"
  std::string bound;                         ///< "at most 1 %", "integer", "at most 4000"
  std::vector<profile::ValueCount> samples;  ///< values that broke the rule, the most frequent first, at most 10
  std::vector<int64_t> rows;                 ///< numbers of rows that broke it, rising, at most 5; those of a RowScan
  std::optional<ColumnRules> proposed;       ///< the column's rules, so changed that the data fulfils this one
  Edit edit;                                 ///< the same as a difference of lines
  /// Which of several: the statistic of a band, the measure of a drift, the word, the key, the custom rule; or "".
  std::string detail;
  std::optional<int64_t> broken;                 ///< how many rows (or values of lists) broke it, where that is known
  bool broken_is_exact = true;                   ///< else at least so many
  std::string tfx;                               ///< what TensorFlow Data Validation calls it (tfx_names.h), or ""
  std::optional<DatasetRules> proposed_dataset;  ///< where the rule is one of the whole dataset
  std::optional<Domain> proposed_domain;         ///< where the rule is one of a shared domain
  /// What a person decided on it (decisions.h): "snoozed by ann until 2001-06-30: a holiday". An anomaly that was
  /// decided on counts as no error and no warning.
  std::string decided;
};

/// One measured distance, whether it broke its limit or not.
struct DistanceCheck {
  std::string column;
  Rule against = Rule::kDrift;  ///< kDrift or kSkew
  profile::Measure measure = profile::Measure::kJensenShannon;
  double observed = 0;
  double max = 0;
  std::optional<double> p_value;
  bool broken = false;
};

/// The anomalies of one dataset version or file: errors first, then all rows, the schema's order, new columns last.
struct Report {
  int64_t rows = 0;  ///< that were looked at
  std::vector<Anomaly> anomalies;
  std::vector<DistanceCheck> distances;  ///< in the schema's order

  /// Those that nobody decided on.
  int64_t Count(Severity severity) const;
  int64_t CountDecided() const;
};

/// Whether a check of the data says no.
inline bool HasErrors(const Report& report) { return report.Count(Severity::kError) > 0; }

}  // namespace roost::schema
