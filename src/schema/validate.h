#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"
#include "schema/schema.h"

namespace roost::schema {

/// What was broken. In a column, anomalies come in this order.
enum class Rule {
  kRows,       ///< "rows": there are none
  kColumn,     ///< "column": a required column is missing
  kRenamed,    ///< "renamed": it is missing, and a new column looks like it
  kNewColumn,  ///< "new_column"
  kType,       ///< "type"
  kMissing,    ///< "missing": too many rows have no value
  kNan,        ///< "nan"
  kInfinity,   ///< "infinity"
  kMin,        ///< "min": values below the range
  kMax,        ///< "max": values above it
  kValues,     ///< "values": too many values that are not among the known ones
};

std::string_view RuleName(Rule rule);

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
  std::vector<int64_t> rows;                 ///< numbers of rows that broke it, rising, at most 5; see AddRows
  std::optional<ColumnRules> proposed;       ///< the column's rules, so changed that the data fulfils this one
  Edit edit;                                 ///< the same as a difference of lines
};

/// The anomalies of one dataset version or file: errors first, then in the schema's order, new columns last.
struct Report {
  int64_t rows = 0;  ///< that were looked at
  std::vector<Anomaly> anomalies;

  int64_t Count(Severity severity) const;
};

/// Whether a check of the data says no.
inline bool HasErrors(const Report& report) { return report.Count(Severity::kError) > 0; }

/// Holds the data's profile against `schema`. Pure: the same values in, the same report out.
/// A column of another kind is reported once; its other rules say nothing then. A renamed column is one anomaly, and
/// its rules are checked once the new name is accepted.
Report Validate(const Schema& schema, const profile::ProfileSummary& summary);

/// `schema` with the proposal of `anomaly`, one of its reports; unchanged where there is none.
Schema Accept(const Schema& schema, const Anomaly& anomaly);

}  // namespace roost::schema
