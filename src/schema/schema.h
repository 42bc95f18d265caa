#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column/column_view.h"
#include "schema/rules.h"

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
  kList,     ///< "list": what it holds has rules of its own, under the name "tags[]"
  kStruct,   ///< "struct": its columns have rules of their own, under names such as "address.city"
  kOther,    ///< "other": whatever else, lists and structs too; only missing values are checked
};

/// Whether a column has to be there.
enum class Presence {
  kRequired,    ///< it is an error where it is missing
  kOptional,    ///< checked where it is there
  kDeprecated,  ///< neither missed nor checked
};

/// How far a column is on its way. As in TensorFlow Data Validation a column is checked where it has no stage, and in
/// beta, in production and where it is derived.
enum class Stage { kPlanned, kAlpha, kBeta, kProduction, kDeprecated, kDebugOnly, kDisabled, kDerived };

/// What values stand for beyond their type. Integer and number are checked, for text columns; the others are marks for
/// readers.
enum class Content { kInteger, kNumber, kTimeOfDay, kUrl, kAudio, kVideo, kEntity, kContentChunk };

/// What one column must be like. An absent rule allows everything.
struct ColumnRules {
  std::string name;         ///< or the path of what is nested, as in profile::ColumnSummary: "address.city", "tags[]"
  std::string description;  ///< for people
  Type type = Type::kAny;
  Presence presence = Presence::kRequired;
  std::optional<Stage> stage;
  std::vector<std::string> in_environments;      ///< besides the schema's default ones
  std::vector<std::string> not_in_environments;  ///< stronger than both
  std::optional<Content> holds;
  bool categorical = false;  ///< numbers that are names of things: neither range nor bands are inferred
  std::optional<MissingRule> missing;
  std::optional<PresentRule> present;
  Policy nan = Policy::kAllow;         ///< for numbers
  Policy infinity = Policy::kAllow;    ///< for numbers
  Policy duplicates = Policy::kAllow;  ///< a value that another row has too
  std::optional<RangeRule> range;
  std::optional<ValuesRule> values;
  std::optional<DistinctRule> distinct;
  std::optional<PatternRule> pattern;
  std::optional<BoolsRule> bools;
  std::optional<TimesRule> times;
  std::optional<OrderRule> order;
  std::optional<LengthsRule> lengths;
  std::optional<int64_t> nesting;  ///< how many lists lie inside one another; 1 for a list of plain values
  std::optional<ShapeRule> shape;
  std::optional<EmbeddingRule> embedding;
  std::optional<WordsRule> words;
  std::optional<ImagesRule> images;
  std::vector<Band> bands;            ///< each statistic once, in the order of Statistic
  std::optional<DistanceRule> drift;  ///< against the previous span
  std::optional<DistanceRule> skew;   ///< against the data at serving
  std::optional<DerivedRule> derived;
  friend bool operator==(const ColumnRules&, const ColumnRules&) = default;
};

/// Values that several columns share.
struct Domain {
  std::string name;
  std::vector<std::string> values;  ///< sorted by bytes, each once
  friend bool operator==(const Domain&, const Domain&) = default;
};

/// How many rows there are, or (as a ratio) how many compared with another version.
struct RowsRule {
  std::optional<double> min, max;
  Severity severity = Severity::kError;
  friend bool operator==(const RowsRule&, const RowsRule&) = default;
};

/// No two rows have the same values in `columns`; a row with a null in one of them has no key, which breaks it too.
struct Key {
  std::vector<std::string> columns;
  Severity severity = Severity::kError;
  friend bool operator==(const Key&, const Key&) = default;
};

/// The values of `columns` are found in `references`, columns of the dataset `dataset`. Rows with a null pass.
struct ForeignKey {
  std::vector<std::string> columns;
  std::string dataset;
  std::vector<std::string> references;  ///< as many
  Severity severity = Severity::kError;
  friend bool operator==(const ForeignKey&, const ForeignKey&) = default;
};

/// Columns that are one sparse feature together: lists of positions and a list of values, equally long in every row.
struct SparseFeature {
  std::string name;
  std::vector<std::string> index_columns;
  std::string value_column;
  Severity severity = Severity::kError;
  friend bool operator==(const SparseFeature&, const SparseFeature&) = default;
};

/// A column and the weights of its values, equally long in every row.
struct WeightedFeature {
  std::string name;
  std::string column;
  std::string weight_column;
  Severity severity = Severity::kError;
  friend bool operator==(const WeightedFeature&, const WeightedFeature&) = default;
};

enum class Scope { kRow, kProfile };

/// A boolean expression (docs/expressions.md) that must not be false; null is not false.
struct CustomRule {
  std::string name;
  std::string check;
  Scope scope = Scope::kRow;  ///< of each row, or of the whole: figures of the profile, see docs/validate.md
  double max_share = 0;       ///< of rows that may break it
  Severity severity = Severity::kError;
  friend bool operator==(const CustomRule&, const CustomRule&) = default;
};

/// What the rows must be like as a whole.
struct DatasetRules {
  std::optional<RowsRule> rows;                      ///< how many
  std::optional<RowsRule> rows_to_previous_span;     ///< rows now / rows of the previous span
  std::optional<RowsRule> rows_to_previous_version;  ///< rows now / rows of the previous version
  std::optional<MissingRule> duplicate_rows;         ///< the share of rows that repeat another one
  std::vector<Key> keys;
  std::vector<ForeignKey> foreign_keys;
  double false_alarms = 0.05;  ///< the chance that a check of unchanged data reports any drift, or any skew
  friend bool operator==(const DatasetRules&, const DatasetRules&) = default;
};

/// What a dataset must look like. A plain value; names are unique.
struct Schema {
  Policy new_columns = Policy::kWarning;  ///< columns that are not in `columns`
  /// The newest version that was counted for the rules on trial (Confirm): it and older ones are not counted again.
  std::optional<int64_t> confirmed_version;
  std::vector<ColumnRules> columns;  ///< in the order of the data from which it was inferred
  std::vector<std::string> default_environments;
  std::vector<Domain> domains;
  DatasetRules dataset;
  std::vector<SparseFeature> sparse_features;
  std::vector<WeightedFeature> weighted_features;
  std::vector<CustomRule> rules;

  const ColumnRules* Find(std::string_view name) const;
  const Domain* FindDomain(std::string_view name) const;
  /// What `rule` allows, whether it lists it or names a domain. Empty for a domain that is not there.
  const std::vector<std::string>& AllowedBy(const ValuesRule& rule) const;
  friend bool operator==(const Schema&, const Schema&) = default;
};

std::string_view TypeName(Type type);
std::string_view PresenceName(Presence presence);  ///< "required", "optional", "deprecated"
std::string_view StageName(Stage stage);           ///< "planned", ..., "debug_only", "derived"
std::string_view ContentName(Content content);     ///< "integer", ..., "time_of_day", "entity", "content_chunk"
std::string_view ScopeName(Scope scope);           ///< "row", "profile"

/// Whether columns of that stage are checked.
bool IsChecked(std::optional<Stage> stage);
/// Whether the column is checked: it is not deprecated, and its stage is one that is.
bool IsChecked(const ColumnRules& column);

/// What tells `key` from the others of `all`, in anomalies: its columns, and where another one has the same, what they
/// refer to: "code", "code in airports (iata)".
std::string NameOf(const ForeignKey& key, const std::vector<ForeignKey>& all);

/// Whether the column has to be there in `environment` ("" asks for none: every column does): one of its own or of the
/// schema's default environments, and not one that it is not in. Where neither names any, it is in all.
bool IsIn(const Schema& schema, const ColumnRules& column, std::string_view environment);

/// The type of data stored as `type`.
Type TypeOf(column::Type type);

/// "an integer" and so on, for messages.
std::string_view TypeWithArticle(Type type);

}  // namespace roost::schema
