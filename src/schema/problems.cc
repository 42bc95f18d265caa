#include "schema/problems.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "expr/expression.h"
#include "schema/pattern.h"
#include "schema/times.h"

namespace roost::schema {
namespace {

bool IsNumeric(Type type) { return type == Type::kInteger || type == Type::kNumber; }

template <typename Rule>
bool AreCrossed(const Rule& rule) {
  return rule.min.has_value() && rule.max.has_value() && *rule.min > *rule.max;
}

bool IsShare(double share) { return share >= 0 && share <= 1; }

bool IsSet(const std::vector<std::string>& values) {
  return std::is_sorted(values.begin(), values.end()) &&
         std::adjacent_find(values.begin(), values.end()) == values.end();
}

// The first line: those about expressions show the place in further ones.
std::string MessageOf(const absl::Status& status) {
  const std::string message(status.message());
  return message.substr(0, message.find('\n'));
}

// Gathers what is wrong with one column.
class ColumnProblems {
 public:
  ColumnProblems(const Schema& schema, const ColumnRules& column, std::vector<Problem>& problems)
      : schema_(schema), column_(column), problems_(problems) {}

  void Find() {
    FindMisplaced();
    FindBadBounds();
    FindBadNumbers();
    FindBadTexts();
    FindBadLists();
    FindBadDistances(column_.drift, "drift");
    FindBadDistances(column_.skew, "skew");
    FindBadSources();
    for (const std::string& environment : column_.in_environments) {
      if (Has(column_.not_in_environments, environment)) {
        Bad("column '{}' is both in the environment '{}' and not in it", column_.name, environment);
      }
    }
  }

 private:
  static bool Has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void Add(Rule rule, std::string message, std::string tfx) {
    problems_.push_back({column_.name, rule, std::move(message), std::move(tfx)});
  }

  template <typename... Parts>
  void Bad(fmt::format_string<Parts...> format, Parts&&... parts) {
    Add(Rule::kSchema, fmt::format(format, std::forward<Parts>(parts)...), "INVALID_SCHEMA_SPECIFICATION");
  }

  // `rule` is there and the column's type is none of `types`.
  void OnlyFor(bool is_there, std::string_view rule, std::string_view words, std::initializer_list<Type> types) {
    if (!is_there || std::find(types.begin(), types.end(), column_.type) != types.end()) return;
    const bool untyped = column_.type == Type::kAny;
    Add(untyped ? Rule::kSchema : Rule::kRuleForType,
        fmt::format("'{}' is a rule for {}, and column '{}' is {}", rule, words, column_.name, TypeName(column_.type)),
        untyped ? "FEATURE_MISSING_TYPE" : "DOMAIN_INVALID_FOR_TYPE");
  }

  void FindMisplaced() {
    const bool holds_number = column_.holds == Content::kInteger || column_.holds == Content::kNumber;
    if (column_.type != Type::kText || !holds_number) {
      OnlyFor(column_.range.has_value(), "range", "integers and numbers", {Type::kInteger, Type::kNumber});
    }
    OnlyFor(holds_number, "holds", "text", {Type::kText});
    OnlyFor(column_.nan != Policy::kAllow, "nan", "numbers", {Type::kInteger, Type::kNumber});
    OnlyFor(column_.infinity != Policy::kAllow, "infinity", "numbers", {Type::kInteger, Type::kNumber});
    OnlyFor(column_.categorical, "categorical", "integers and numbers", {Type::kInteger, Type::kNumber});
    OnlyFor(column_.values.has_value(), "values", "text", {Type::kText});
    OnlyFor(column_.pattern.has_value(), "pattern", "text", {Type::kText});
    OnlyFor(column_.words.has_value(), "words", "text", {Type::kText});
    OnlyFor(column_.images.has_value(), "images", "binary columns", {Type::kBinary});
    OnlyFor(column_.bools.has_value(), "bools", "text, numbers and bools",
            {Type::kText, Type::kInteger, Type::kNumber, Type::kBool});
    OnlyFor(column_.times.has_value(), "times", "text and integers", {Type::kText, Type::kInteger});
    OnlyFor(column_.order.has_value(), "order", "numbers and times", {Type::kInteger, Type::kNumber, Type::kTime});
    OnlyFor(column_.lengths.has_value(), "lengths", "lists", {Type::kList});
    OnlyFor(column_.nesting.has_value(), "nesting", "lists", {Type::kList});
    OnlyFor(column_.shape.has_value(), "shape", "lists", {Type::kList});
    OnlyFor(column_.embedding.has_value(), "embedding", "lists", {Type::kList});
    for (const Band& band : column_.bands) {
      if (band.of == Statistic::kMissing || band.of == Statistic::kDistinct) continue;
      OnlyFor(true, fmt::format("bands of {}", StatisticName(band.of)), "numbers and times",
              {Type::kInteger, Type::kNumber, Type::kTime});
    }
  }

  void FindBadBounds() {
    const auto check = [this](const auto& rule, std::string_view name) {
      if (rule.has_value() && AreCrossed(*rule))
        Bad("the {} of column '{}' has a min above its max", name, column_.name);
    };
    check(column_.range, "range");
    check(column_.distinct, "number of distinct values");
    check(column_.lengths, "length");
    for (size_t i = 0; i < column_.bands.size(); ++i) {
      const Band& band = column_.bands[i];
      check(std::optional(band), fmt::format("band of {}", StatisticName(band.of)));
      if (i > 0 && column_.bands[i - 1].of == band.of) {
        Bad("column '{}' has two bands of {}", column_.name, StatisticName(band.of));
      }
    }
    const auto share = [this](double value, std::string_view name) {
      if (!IsShare(value)) Bad("the share of '{}' in column '{}' is not between 0 and 1", name, column_.name);
    };
    if (column_.missing.has_value()) share(column_.missing->max_share, "missing");
    if (column_.values.has_value()) share(column_.values->min_share, "values");
    if (column_.pattern.has_value()) share(column_.pattern->min_share, "pattern");
    if (column_.times.has_value()) share(column_.times->min_share, "times");
    if (column_.images.has_value() && column_.images->min_share.has_value())
      share(*column_.images->min_share, "images");
    if (column_.present.has_value() && column_.present->min_count < 0) {
      Bad("column '{}' wants fewer than 0 rows with a value", column_.name);
    }
  }

  void FindBadNumbers() {
    if (!column_.bools.has_value()) return;
    const BoolsRule& bools = *column_.bools;
    const bool has_texts = !bools.true_text.empty() || !bools.false_text.empty();
    if (column_.type == Type::kText && bools.true_text == bools.false_text) {
      Add(Rule::kBoolTexts,
          fmt::format("'bools' of column '{}' needs a text for true and another one for false", column_.name),
          bools.true_text.empty() ? "BOOL_TYPE_INVALID_CONFIG" : "INVALID_DOMAIN_SPECIFICATION");
    } else if (column_.type != Type::kText && has_texts) {
      Add(Rule::kBoolTexts,
          fmt::format("'bools' of column '{}' has texts for true and false, and the column is {}", column_.name,
                      TypeName(column_.type)),
          "BOOL_TYPE_INVALID_CONFIG");
    }
  }

  void FindBadTexts() {
    if (column_.values.has_value()) FindBadValues(*column_.values);
    if (column_.pattern.has_value()) {
      const auto pattern = Pattern::Make(*column_.pattern);
      if (!pattern.ok()) Bad("the pattern of column '{}': {}", column_.name, MessageOf(pattern.status()));
    }
    if (column_.times.has_value()) {
      for (const std::string& format : column_.times->formats) {
        const auto reader = TimeFormat::Make(format);
        if (!reader.ok()) {
          Bad("the times of column '{}': {}", column_.name, MessageOf(reader.status()));
        } else if (column_.type == Type::kInteger && !reader->is_unix()) {
          Bad("the times of column '{}' have the format '{}', which integers cannot have", column_.name, format);
        }
      }
    }
    if (!column_.words.has_value()) return;
    const WordsRule& words = *column_.words;
    if (!words.vocabulary.empty() && schema_.FindDomain(words.vocabulary) == nullptr) NoDomain(words.vocabulary);
    if (words.min_words.has_value() && words.max_words.has_value() && *words.min_words > *words.max_words) {
      Bad("the words of column '{}' have a min above their max", column_.name);
    }
    if (words.min_coverage.has_value() && words.vocabulary.empty()) {
      Bad("the words of column '{}' have a coverage and no vocabulary", column_.name);
    }
  }

  void NoDomain(const std::string& name) {
    Add(Rule::kDomain, fmt::format("column '{}' names the domain '{}', which is not there", column_.name, name),
        "INVALID_DOMAIN_SPECIFICATION");
  }

  void FindBadValues(const ValuesRule& rule) {
    if (rule.domain.empty() == rule.allowed.empty()) {
      Add(Rule::kDomain, fmt::format("'values' of column '{}' needs either 'allowed' or 'domain'", column_.name),
          "INVALID_DOMAIN_SPECIFICATION");
    } else if (!rule.domain.empty() && schema_.FindDomain(rule.domain) == nullptr) {
      NoDomain(rule.domain);
    } else if (!IsSet(rule.allowed)) {
      Add(Rule::kDomain, fmt::format("the values of column '{}' are not sorted, or one is there twice", column_.name),
          "INVALID_DOMAIN_SPECIFICATION");
    }
  }

  void FindBadLists() {
    if (!column_.shape.has_value() || column_.shape->dims.empty()) return;
    const int64_t first = column_.shape->dims.front();
    const auto nesting = static_cast<int64_t>(column_.shape->dims.size());
    const bool too_few = column_.lengths.has_value() && column_.lengths->min.value_or(0) > first;
    const bool too_many = column_.lengths.has_value() && column_.lengths->max.value_or(first) < first;
    if (too_few || too_many || column_.nesting.value_or(nesting) != nesting) {
      Add(Rule::kSchema,
          fmt::format("the shape [{}] of column '{}' does not go with its lengths or nesting",
                      fmt::join(column_.shape->dims, ", "), column_.name),
          "INVALID_FEATURE_SHAPE");
    }
  }

  void FindBadDistances(const std::optional<DistanceRule>& rule, std::string_view name) {
    if (!rule.has_value()) return;
    if (rule->limits.empty()) Bad("'{}' of column '{}' names no measure", name, column_.name);
    const bool numeric = IsNumeric(column_.type) || column_.type == Type::kTime;
    for (const DistanceLimit& limit : rule->limits) {
      using profile::Measure;
      const bool of_numbers = limit.measure == Measure::kWasserstein || limit.measure == Measure::kKolmogorovSmirnov;
      const bool of_texts = limit.measure == Measure::kLInfinity || limit.measure == Measure::kChiSquare ||
                            limit.measure == Measure::kNormalizedAbsoluteDifference;
      OnlyFor(of_numbers && !numeric, fmt::format("{}: {}", name, profile::MeasureName(limit.measure)),
              "numbers and times", {});
      OnlyFor(of_texts && numeric, fmt::format("{}: {}", name, profile::MeasureName(limit.measure)), "text and bools",
              {});
    }
  }

  void FindBadSources() {
    const auto bad_source = [this](std::string message) {
      Add(Rule::kDerivedSource, std::move(message), "DERIVED_FEATURE_INVALID_SOURCE");
    };
    const bool stage_is_derived = column_.stage == Stage::kDerived;
    const bool stage_is_free = !column_.stage.has_value() || column_.stage == Stage::kDisabled;
    if (column_.derived.has_value() ? !stage_is_derived && !stage_is_free : stage_is_derived) {
      Add(Rule::kDerivedStage,
          column_.derived.has_value()
              ? fmt::format("column '{}' is derived, and its stage is '{}'", column_.name, StageName(*column_.stage))
              : fmt::format("the stage of column '{}' is 'derived', and nothing says from what", column_.name),
          "DERIVED_FEATURE_BAD_LIFECYCLE");
    }
    if (!column_.derived.has_value()) return;
    for (const std::string& source : column_.derived->from) {
      if (source == column_.name) {
        bad_source(fmt::format("column '{}' is derived from itself", source));
      } else if (schema_.Find(source) == nullptr) {
        bad_source(fmt::format("column '{}' is derived from '{}', which is not there", column_.name, source));
      }
    }
    if (column_.derived->expression.empty()) return;
    const auto expression = expr::Expression::Parse(column_.derived->expression);
    if (!expression.ok()) {
      bad_source(fmt::format("the expression of column '{}': {}", column_.name, MessageOf(expression.status())));
      return;
    }
    for (const std::string& read : expression->columns()) {
      if (Has(column_.derived->from, read)) continue;
      bad_source(fmt::format("the expression of column '{}' reads '{}', which is not in 'from'", column_.name, read));
    }
  }

  const Schema& schema_;
  const ColumnRules& column_;
  std::vector<Problem>& problems_;
};

void FindBadDomains(const Schema& schema, std::vector<Problem>& problems) {
  std::set<std::string> names;
  for (const Domain& domain : schema.domains) {
    const auto add = [&](std::string_view what) {
      problems.push_back(
          {"", Rule::kDomain, fmt::format("the domain '{}' {}", domain.name, what), "INVALID_DOMAIN_SPECIFICATION"});
    };
    if (!names.insert(domain.name).second) add("stands here twice");
    if (domain.values.empty()) add("has no values");
    if (!IsSet(domain.values)) add("has a value twice, or its values are not sorted");
  }
}

void FindBadComposites(const Schema& schema, std::vector<Problem>& problems) {
  std::set<std::string> names;
  const auto taken = [&](const std::string& name) {
    return schema.Find(name) != nullptr || !names.insert(name).second;
  };
  const auto missing = [&](const std::string& feature, const std::string& column) {
    if (schema.Find(column) != nullptr) return;
    problems.push_back({"", Rule::kSchema,
                        fmt::format("the feature '{}' names the column '{}', which is not there", feature, column),
                        "INVALID_SCHEMA_SPECIFICATION"});
  };
  for (const SparseFeature& feature : schema.sparse_features) {
    if (taken(feature.name)) {
      problems.push_back({"", Rule::kNameTaken,
                          fmt::format("the sparse feature '{}' has a name that is taken", feature.name),
                          "SPARSE_FEATURE_NAME_COLLISION"});
    }
    for (const std::string& column : feature.index_columns) missing(feature.name, column);
    missing(feature.name, feature.value_column);
  }
  for (const WeightedFeature& feature : schema.weighted_features) {
    if (taken(feature.name)) {
      problems.push_back({"", Rule::kNameTaken,
                          fmt::format("the weighted feature '{}' has a name that is taken", feature.name),
                          "WEIGHTED_FEATURE_NAME_COLLISION"});
    }
    missing(feature.name, feature.column);
    missing(feature.name, feature.weight_column);
  }
}

void FindBadDatasetRules(const Schema& schema, std::vector<Problem>& problems) {
  const auto bad = [&](std::string message) {
    problems.push_back({"", Rule::kSchema, std::move(message), "INVALID_SCHEMA_SPECIFICATION"});
  };
  const DatasetRules& rules = schema.dataset;
  for (const auto& rows : {rules.rows, rules.rows_to_previous_span, rules.rows_to_previous_version}) {
    if (rows.has_value() && AreCrossed(*rows)) bad("the number of rows has a min above its max");
  }
  const auto known = [&](const std::vector<std::string>& columns, std::string_view what) {
    for (const std::string& column : columns) {
      if (schema.Find(column) == nullptr)
        bad(fmt::format("a {} names the column '{}', which is not there", what, column));
    }
  };
  for (const Key& key : rules.keys) known(key.columns, "key");
  for (const ForeignKey& key : rules.foreign_keys) {
    known(key.columns, "foreign key");
    if (key.columns.size() != key.references.size()) {
      bad(fmt::format("the foreign key to '{}' has {} columns here and {} there", key.dataset, key.columns.size(),
                      key.references.size()));
    }
  }
}

void FindBadCustomRules(const Schema& schema, std::vector<Problem>& problems) {
  std::set<std::string> names;
  for (const CustomRule& rule : schema.rules) {
    const auto bad = [&](std::string_view message) {
      problems.push_back(
          {"", Rule::kSchema, fmt::format("the rule '{}': {}", rule.name, message), "INVALID_SCHEMA_SPECIFICATION"});
    };
    if (!names.insert(rule.name).second) bad("another one has this name");
    const auto expression = expr::Expression::Parse(rule.check);
    if (!expression.ok()) bad(MessageOf(expression.status()));
  }
}

}  // namespace

std::vector<Problem> ProblemsIn(const Schema& schema) {
  std::vector<Problem> problems;
  FindBadDomains(schema, problems);
  std::set<std::string> names;
  for (const ColumnRules& column : schema.columns) {
    ColumnProblems(schema, column, problems).Find();
    if (!names.insert(column.name).second) {
      problems.push_back({column.name, Rule::kSchema, fmt::format("column '{}' stands here twice", column.name),
                          "INVALID_SCHEMA_SPECIFICATION"});
    }
  }
  FindBadComposites(schema, problems);
  FindBadDatasetRules(schema, problems);
  FindBadCustomRules(schema, problems);
  return problems;
}

absl::Status WithNames(absl::Status error, Rule rule, std::string_view tfx) {
  return WithHint(std::move(error), fmt::format("rule '{}', in TensorFlow Data Validation {}", RuleName(rule), tfx));
}

}  // namespace roost::schema
