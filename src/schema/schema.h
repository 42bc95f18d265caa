#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column/column_view.h"

namespace roost::schema {

/// What a column must hold. Storage is free: an int16 and an int64 column are both integers.
enum class Type {
  kAny,      ///< "any": not checked (the data had nothing but nulls)
  kInteger,  ///< "integer"
  kNumber,   ///< "number": floats, and integers too
  kText,     ///< "text"
  kTime,     ///< "time": dates and timestamps
  kBool,     ///< "bool"
  kBinary,   ///< "binary"
  kOther,    ///< "other": lists, structs and the like; only missing values are checked
};

enum class Severity { kError, kWarning };

/// What happens when something is seen that may be unwanted.
enum class Policy { kAllow, kWarning, kError };

/// Whether a column has to be there.
enum class Presence {
  kRequired,    ///< it is an error where it is missing
  kOptional,    ///< checked where it is there
  kDeprecated,  ///< neither missed nor checked
};

/// At most `max_share` (0 to 1) of the rows may have no value.
struct MissingRule {
  double max_share = 0;
  Severity severity = Severity::kError;
  friend bool operator==(const MissingRule&, const MissingRule&) = default;
};

/// Finite values must lie from `min` to `max`, both included; an empty bound is none. For integers and numbers.
struct RangeRule {
  std::optional<double> min, max;
  Severity severity = Severity::kWarning;
  friend bool operator==(const RangeRule&, const RangeRule&) = default;
};

/// At least `min_share` (0 to 1) of the values that are not null must be among `allowed`. For text.
struct ValuesRule {
  std::vector<std::string> allowed;  ///< sorted by bytes, each once
  double min_share = 1;
  Severity severity = Severity::kWarning;
  friend bool operator==(const ValuesRule&, const ValuesRule&) = default;
};

/// What one column must be like. An absent rule allows everything.
struct ColumnRules {
  std::string name;
  Type type = Type::kAny;
  Presence presence = Presence::kRequired;
  std::optional<MissingRule> missing;
  Policy nan = Policy::kAllow;       ///< for numbers
  Policy infinity = Policy::kAllow;  ///< for numbers
  std::optional<RangeRule> range;
  std::optional<ValuesRule> values;
  friend bool operator==(const ColumnRules&, const ColumnRules&) = default;
};

/// What a dataset must look like. A plain value; names are unique.
struct Schema {
  Policy new_columns = Policy::kWarning;  ///< columns that are not in `columns`
  std::vector<ColumnRules> columns;       ///< in the order of the data from which it was inferred

  const ColumnRules* Find(std::string_view name) const;
  friend bool operator==(const Schema&, const Schema&) = default;
};

std::string_view TypeName(Type type);
std::string_view SeverityName(Severity severity);  ///< "error", "warning"
std::string_view PolicyName(Policy policy);        ///< "allow", "warning", "error"
std::string_view PresenceName(Presence presence);  ///< "required", "optional", "deprecated"

/// The type of data stored as `type`.
Type TypeOf(column::Type type);

/// "an integer" and so on, for messages.
std::string_view TypeWithArticle(Type type);

/// What is wrong with the column's rules taken together, for example a range for text; "" where nothing is.
std::string ContradictionIn(const ColumnRules& column);

}  // namespace roost::schema
