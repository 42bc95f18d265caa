#include "schema/yaml_rules.h"

#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "base/format.h"
#include "schema/schema.h"
#include "schema/yaml_keys.h"

namespace roost::schema {
namespace {

using Keys = std::shared_ptr<const DeclaredKeys>;

constexpr auto kRequired = roost::Presence::kRequired;
constexpr std::initializer_list<Type> kTypes = {Type::kAny,    Type::kInteger, Type::kNumber, Type::kText,
                                                Type::kTime,   Type::kBool,    Type::kBinary, Type::kList,
                                                Type::kStruct, Type::kOther};
constexpr std::initializer_list<Policy> kPolicies = {Policy::kAllow, Policy::kWarning, Policy::kError};
constexpr std::initializer_list<Presence> kPresences = {Presence::kRequired, Presence::kOptional,
                                                        Presence::kDeprecated};
constexpr std::initializer_list<Stage> kStages = {Stage::kPlanned,    Stage::kAlpha,      Stage::kBeta,
                                                  Stage::kProduction, Stage::kDeprecated, Stage::kDebugOnly,
                                                  Stage::kDisabled,   Stage::kDerived};
constexpr std::initializer_list<Content> kContents = {Content::kInteger, Content::kNumber,      Content::kTimeOfDay,
                                                      Content::kUrl,     Content::kAudio,       Content::kVideo,
                                                      Content::kEntity,  Content::kContentChunk};
constexpr std::initializer_list<Statistic> kStatistics = {Statistic::kMissing, Statistic::kDistinct, Statistic::kZeros,
                                                          Statistic::kMean,    Statistic::kSpread,   Statistic::kP1,
                                                          Statistic::kP5,      Statistic::kP25,      Statistic::kP50,
                                                          Statistic::kP75,     Statistic::kP95,      Statistic::kP99};
constexpr std::initializer_list<profile::Measure> kMeasures = {profile::Measure::kLInfinity,
                                                               profile::Measure::kJensenShannon,
                                                               profile::Measure::kNormalizedAbsoluteDifference,
                                                               profile::Measure::kPopulationStability,
                                                               profile::Measure::kWasserstein,
                                                               profile::Measure::kKolmogorovSmirnov,
                                                               profile::Measure::kChiSquare};

template <typename T>
void AddSeverity(DeclaredKeys& keys, std::string meaning) {
  AddChoice(keys, {"severity", "", "", std::move(meaning)}, &T::severity, kSeverities, &SeverityName);
}

template <typename T>
void AddConfirmed(DeclaredKeys& keys) {
  AddInteger(keys, {"confirmed", "", "", "versions that kept the rule while it is on trial; 3 make it an error"},
             &T::confirmed);
}

Keys MissingKeys(std::string meaning) {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"max_share", "", "0", std::move(meaning)}, &MissingRule::max_share, kShare);
  AddSeverity<MissingRule>(*keys, "what it is when there are more");
  AddConfirmed<MissingRule>(*keys);
  return keys;
}

Keys PresentKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddInteger(*keys, {"min_count", "", "1", "the fewest rows that must have a value"}, &PresentRule::min_count);
  AddSeverity<PresentRule>(*keys, "what it is when fewer have one");
  return keys;
}

Keys RangeKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"min", "", "", "the smallest value allowed"}, &RangeRule::min, {});
  AddNumber(*keys, {"max", "", "", "the largest value allowed"}, &RangeRule::max, {});
  AddSeverity<RangeRule>(*keys, "what a value outside is");
  AddConfirmed<RangeRule>(*keys);
  return keys;
}

Keys ValuesKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"min_share", "", "1", "the smallest share of values that must be among them"},
            &ValuesRule::min_share, kShare);
  AddSeverity<ValuesRule>(*keys, "what it is when fewer are");
  AddConfirmed<ValuesRule>(*keys);
  AddText(*keys, "domain", &ValuesRule::domain, "the domain of the schema that holds the known values");
  AddTexts(*keys, "allowed", &ValuesRule::allowed, "the values that are known, where no domain is named",
           roost::Presence::kOptional, true);
  return keys;
}

Keys DistinctKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddInteger(*keys, {"min", "", "", "the fewest different values"}, &DistinctRule::min);
  AddInteger(*keys, {"max", "", "", "the most different values"}, &DistinctRule::max);
  AddSeverity<DistinctRule>(*keys, "what another number is");
  return keys;
}

Keys PatternKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "regex", &PatternRule::regex, "what a text must match as a whole, in RE2's syntax");
  AddTexts(*keys, "shapes", &PatternRule::shapes, "the shapes that are known, such as AA-9999",
           roost::Presence::kOptional, true);
  AddNumber(*keys, {"min_share", "", "1", "the smallest share of values that must be so"}, &PatternRule::min_share,
            kShare);
  AddSeverity<PatternRule>(*keys, "what it is when fewer are");
  AddConfirmed<PatternRule>(*keys);
  return keys;
}

Keys BoolsKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "true_text", &BoolsRule::true_text, "the text for true, in text columns");
  AddText(*keys, "false_text", &BoolsRule::false_text, "the text for false, in text columns");
  AddSeverity<BoolsRule>(*keys, "what another value is");
  return keys;
}

Keys TimesKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddTexts(*keys, "formats", &TimesRule::formats,
           "strptime formats for text; unix days, unix seconds, unix milliseconds, unix microseconds or unix "
           "nanoseconds for integers",
           kRequired);
  AddNumber(*keys, {"min_share", "", "1", "the smallest share of values that must have one of them"},
            &TimesRule::min_share, kShare);
  AddSeverity<TimesRule>(*keys, "what it is when fewer have");
  AddConfirmed<TimesRule>(*keys);
  return keys;
}

Keys OrderKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddChoice(*keys, {"direction", "", "", "how values go from row to row"}, &OrderRule::direction,
            {Direction::kAscending, Direction::kDescending}, &DirectionName);
  AddBool(*keys, "strict", &OrderRule::strict, "whether equal neighbours break it");
  AddNumber(*keys, {"max_gap", "", "", "the greatest difference of neighbours; of times in seconds"},
            &OrderRule::max_gap, {.min = 0});
  AddSeverity<OrderRule>(*keys, "what it is when they do not");
  AddConfirmed<OrderRule>(*keys);
  return keys;
}

Keys LengthsKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddInteger(*keys, {"min", "", "", "the fewest values in a list"}, &LengthsRule::min);
  AddInteger(*keys, {"max", "", "", "the most values in a list"}, &LengthsRule::max);
  AddSeverity<LengthsRule>(*keys, "what another list is");
  AddConfirmed<LengthsRule>(*keys);
  return keys;
}

Keys ShapeKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddKey<ShapeRule>(*keys, {"dims", "list of integers", "", "[3] is three values, [2, 3] two lists of three"},
                    kRequired, [](const YamlNode& node, ShapeRule& rule) -> absl::Status {
                      if (!node.IsList() || node.Elements().empty()) {
                        return node.Error("want a list with one number or more");
                      }
                      for (const YamlNode& element : node.Elements()) {
                        TRY_ASSIGN(const int64_t dim, ReadInteger(element, {.min = 1}));
                        rule.dims.push_back(dim);
                      }
                      return absl::OkStatus();
                    });
  AddSeverity<ShapeRule>(*keys, "what a list of another shape is");
  return keys;
}

Keys EmbeddingKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddInteger(*keys, {"size", "", "", "how many numbers each list has"}, &EmbeddingRule::size, {.min = 1}, kRequired);
  AddSeverity<EmbeddingRule>(*keys, "what another list is");
  return keys;
}

Keys TokenKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "token", &TokenRule::token, "the word", kRequired);
  AddInteger(*keys, {"min_in_row", "", "", "how often it comes in each row at least"}, &TokenRule::min_in_row);
  AddInteger(*keys, {"max_in_row", "", "", "how often it comes in each row at most"}, &TokenRule::max_in_row);
  AddNumber(*keys, {"min_share", "", "", "the smallest share of rows that have it"}, &TokenRule::min_share, kShare);
  AddNumber(*keys, {"max_share", "", "", "the largest share of rows that have it"}, &TokenRule::max_share, kShare);
  AddNumber(*keys, {"min_position", "", "", "its mean place is not before this: 0 is the first word of a row"},
            &TokenRule::min_position, kShare);
  AddNumber(*keys, {"max_position", "", "", "its mean place is not after this: 1 is the last word of a row"},
            &TokenRule::max_position, kShare);
  return keys;
}

Keys WordsKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "vocabulary", &WordsRule::vocabulary, "the domain of the schema that holds the known words");
  AddNumber(*keys, {"min_coverage", "", "", "the smallest share of words that must be known"}, &WordsRule::min_coverage,
            kShare);
  AddNumber(*keys, {"min_mean_length", "", "", "the smallest mean length of words, in characters"},
            &WordsRule::min_mean_length, {.min = 0});
  AddInteger(*keys, {"min_words", "", "", "the fewest words in a row"}, &WordsRule::min_words);
  AddInteger(*keys, {"max_words", "", "", "the most words in a row"}, &WordsRule::max_words);
  AddSections(*keys, "tokens", &WordsRule::tokens, TokenKeys(), "rules about single words");
  AddSeverity<WordsRule>(*keys, "what breaking it is");
  return keys;
}

Keys ImagesKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"min_share", "", "", "the smallest share of values that must be images of a known format"},
            &ImagesRule::min_share, kShare);
  AddInteger(*keys, {"max_bytes", "", "", "the size of the largest image allowed"}, &ImagesRule::max_bytes);
  AddSeverity<ImagesRule>(*keys, "what breaking it is");
  return keys;
}

Keys BandKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddChoice(*keys, {"of", "", "", "the statistic: spread is the distance of p1 and p99"}, &Band::of, kStatistics,
            &StatisticName, kRequired);
  AddNumber(*keys, {"min", "", "", "the least it may be"}, &Band::min, {});
  AddNumber(*keys, {"max", "", "", "the most it may be"}, &Band::max, {});
  AddNumber(*keys, {"error_below", "", "", "less than this is an error whatever the severity"}, &Band::error_below, {});
  AddNumber(*keys, {"error_above", "", "", "more than this is an error whatever the severity"}, &Band::error_above, {});
  AddSeverity<Band>(*keys, "what it is when it lies outside");
  return keys;
}

Keys DistanceKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  for (const profile::Measure measure : kMeasures) {
    AddKey<DistanceRule>(
        *keys,
        {std::string(profile::MeasureName(measure)), NumberText({.min = 0}), "",
         "the greatest distance allowed by this measure"},
        roost::Presence::kOptional, [measure](const YamlNode& node, DistanceRule& rule) -> absl::Status {
          TRY_ASSIGN(const double max, ReadNumber(node, {.min = 0}));
          rule.limits.push_back({measure, max});
          std::sort(rule.limits.begin(), rule.limits.end(),
                    [](const DistanceLimit& a, const DistanceLimit& b) { return a.measure < b.measure; });
          return absl::OkStatus();
        });
  }
  AddBool(*keys, "deciles", &DistanceRule::deciles,
          "whether jensen_shannon compares tenths of the values instead of ten bars of equal width");
  AddSeverity<DistanceRule>(*keys, "what a greater distance is");
  return keys;
}

Keys DerivedKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddTexts(*keys, "from", &DerivedRule::from, "the columns that it is computed from");
  AddText(*keys, "expression", &DerivedRule::expression, "how, as an expression; empty where another tool does it");
  return keys;
}

Keys RowsKeys(std::string what) {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"min", "", "", "the smallest " + what}, &RowsRule::min, {.min = 0});
  AddNumber(*keys, {"max", "", "", "the largest " + what}, &RowsRule::max, {.min = 0});
  AddSeverity<RowsRule>(*keys, "what another one is");
  return keys;
}

void AddColumnSections(DeclaredKeys& keys) {
  AddSection(keys, "missing", &ColumnRules::missing, MissingKeys("the largest share of rows without a value"),
             "how many rows may have no value");
  AddSection(keys, "present", &ColumnRules::present, PresentKeys(), "how many rows must have a value");
  AddChoice(keys, {"nan", "", "", "what a NaN is"}, &ColumnRules::nan, kPolicies, &PolicyName);
  AddChoice(keys, {"infinity", "", "", "what an infinite value is"}, &ColumnRules::infinity, kPolicies, &PolicyName);
  AddChoice(keys, {"duplicates", "", "", "what a value that another row has too is"}, &ColumnRules::duplicates,
            kPolicies, &PolicyName);
  AddSection(keys, "range", &ColumnRules::range, RangeKeys(), "the bounds of a number");
  AddSection(keys, "values", &ColumnRules::values, ValuesKeys(), "the known values of a text");
  AddSection(keys, "distinct", &ColumnRules::distinct, DistinctKeys(), "how many different values there are");
  AddSection(keys, "pattern", &ColumnRules::pattern, PatternKeys(), "what a text looks like");
  AddSection(keys, "bools", &ColumnRules::bools, BoolsKeys(), "values stand for true and false");
  AddSection(keys, "times", &ColumnRules::times, TimesKeys(), "texts or integers that are times");
  AddSection(keys, "order", &ColumnRules::order, OrderKeys(), "how values follow each other");
  AddSection(keys, "lengths", &ColumnRules::lengths, LengthsKeys(), "how many values a list holds");
  AddInteger(keys, {"nesting", "", "", "how many lists lie inside one another"}, &ColumnRules::nesting,
             {.min = 1, .max = 50});
  AddSection(keys, "shape", &ColumnRules::shape, ShapeKeys(), "the one shape that every list has");
  AddSection(keys, "embedding", &ColumnRules::embedding, EmbeddingKeys(), "lists of so many numbers");
  AddSection(keys, "words", &ColumnRules::words, WordsKeys(), "text in natural language");
  AddSection(keys, "images", &ColumnRules::images, ImagesKeys(), "binary values that are images");
  AddSections(keys, "bands", &ColumnRules::bands, BandKeys(), "statistics and where they lie");
  AddSection(keys, "drift", &ColumnRules::drift, DistanceKeys(), "how far the values may be from the previous span's");
  AddSection(keys, "skew", &ColumnRules::skew, DistanceKeys(), "how far the values may be from those at serving");
  AddSection(keys, "derived", &ColumnRules::derived, DerivedKeys(), "the column is computed from others");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadTextList(const YamlNode& node) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one text or more");
  absl::flat_hash_set<std::string> seen;
  std::vector<std::string> texts;
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(std::string text, ReadText(element));
    if (!seen.insert(text).second) return element.Error(fmt::format("the value '{}' stands here twice", text));
    texts.push_back(std::move(text));
  }
  return texts;
}

Keys ColumnKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "name", &ColumnRules::name, "the column's name", kRequired);
  AddText(*keys, "description", &ColumnRules::description, "what it is, for people");
  AddChoice(*keys, {"type", "", "", "what it holds; how it is stored is free, and numbers may come as integers"},
            &ColumnRules::type, kTypes, &TypeName, kRequired);
  AddChoice(*keys, {"presence", "", "", "whether it has to be there; a deprecated column is not checked"},
            &ColumnRules::presence, kPresences, &PresenceName);
  AddChoice(*keys, {"stage", "", "", "how far it is on its way; only beta, production and derived columns are checked"},
            &ColumnRules::stage, kStages, &StageName);
  AddTexts(*keys, "in_environments", &ColumnRules::in_environments,
           "environments that have it besides the default ones");
  AddTexts(*keys, "not_in_environments", &ColumnRules::not_in_environments, "environments that lack it");
  AddChoice(*keys, {"holds", "", "", "what its values stand for; integer and number are checked in text"},
            &ColumnRules::holds, kContents, &ContentName);
  AddBool(*keys, "categorical", &ColumnRules::categorical, "whether its numbers are names of things");
  AddColumnSections(*keys);
  return keys;
}

Keys DatasetKeys() {
  auto key = std::make_shared<DeclaredKeys>();
  AddTexts(*key, "columns", &Key::columns, "no two rows have the same values in these", kRequired);
  AddSeverity<Key>(*key, "what a second row is");
  auto foreign_key = std::make_shared<DeclaredKeys>();
  AddTexts(*foreign_key, "columns", &ForeignKey::columns, "columns whose values stand in another dataset", kRequired);
  AddText(*foreign_key, "dataset", &ForeignKey::dataset, "that dataset", kRequired);
  AddTexts(*foreign_key, "references", &ForeignKey::references, "its columns, as many", kRequired);
  AddSeverity<ForeignKey>(*foreign_key, "what a value that is not there is");
  auto keys = std::make_shared<DeclaredKeys>();
  AddSection(*keys, "rows", &DatasetRules::rows, RowsKeys("number of rows"), "how many rows there are");
  AddSection(*keys, "rows_to_previous_span", &DatasetRules::rows_to_previous_span, RowsKeys("ratio"),
             "rows divided by those of the previous span");
  AddSection(*keys, "rows_to_previous_version", &DatasetRules::rows_to_previous_version, RowsKeys("ratio"),
             "rows divided by those of the previous version");
  AddSection(*keys, "duplicate_rows", &DatasetRules::duplicate_rows,
             MissingKeys("the largest share of rows that repeat another one"), "how many rows may be repeated");
  AddSections(*keys, "keys", &DatasetRules::keys, key, "what tells rows apart");
  AddSections(*keys, "foreign_keys", &DatasetRules::foreign_keys, foreign_key, "what refers to other datasets");
  AddNumber(*keys,
            {"false_alarms", "", FormatExact(DatasetRules().false_alarms),
             "the chance that a check of unchanged data reports any drift, all columns together; the same for skew"},
            &DatasetRules::false_alarms, kShare);
  return keys;
}

Keys DomainKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "name", &Domain::name, "how columns call it", kRequired);
  AddTexts(*keys, "values", &Domain::values, "the values that are known", kRequired, true);
  return keys;
}

Keys SparseKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "name", &SparseFeature::name, "its name, which no column has", kRequired);
  AddTexts(*keys, "index_columns", &SparseFeature::index_columns, "the lists of positions", kRequired);
  AddText(*keys, "value_column", &SparseFeature::value_column, "the list of values", kRequired);
  AddSeverity<SparseFeature>(*keys, "what lists that do not go together are");
  return keys;
}

Keys WeightedKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "name", &WeightedFeature::name, "its name, which no column has", kRequired);
  AddText(*keys, "column", &WeightedFeature::column, "the values", kRequired);
  AddText(*keys, "weight_column", &WeightedFeature::weight_column, "their weights", kRequired);
  AddSeverity<WeightedFeature>(*keys, "what values and weights that do not go together are");
  return keys;
}

Keys CustomKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "name", &CustomRule::name, "its name, in messages", kRequired);
  AddText(*keys, "check", &CustomRule::check, "a boolean expression that must not be false", kRequired);
  AddChoice(*keys, {"scope", "", "", "whether it is about each row or about figures of the profile"},
            &CustomRule::scope, {Scope::kRow, Scope::kProfile}, &ScopeName);
  AddNumber(*keys, {"max_share", "", "0", "the largest share of rows that may break it"}, &CustomRule::max_share,
            kShare);
  AddSeverity<CustomRule>(*keys, "what breaking it is");
  return keys;
}

}  // namespace roost::schema
