#include "schema/tfx_names.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "schema/row_scan.h"
#include "schema/summaries_for_test.h"
#include "schema/validate.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using column::Type::kBinary;
using column::Type::kBool;
using column::Type::kFloat64;
using column::Type::kInt64;
using column::Type::kOther;
using profile::ColumnSummary;
using profile::Measure;
using profile::ProfileSummary;

// For each name of TensorFlow Data Validation: data that has the anomaly, and data that nearly has.
struct Case {
  std::string_view name;
  Report hit;
  Report near;
};

Report Check(const ColumnRules& rules, ColumnSummary seen, Controls controls = {}) {
  seen.name = rules.name;
  return Validate({.columns = {rules}}, Summary({std::move(seen)}), controls);
}

Report CheckSchema(Schema schema) {
  std::vector<ColumnSummary> columns;
  for (const ColumnRules& rules : schema.columns) {
    columns.push_back({.name = rules.name, .type = column::Type::kNull, .rows = 10, .missing = 10});
  }
  return Validate(schema, Summary(columns));
}

ColumnRules Column(Type type) { return {.name = "x", .type = type}; }

ColumnRules WithBools(Type type, std::string true_text = "", std::string false_text = "") {
  ColumnRules rules = Column(type);
  rules.bools = BoolsRule{.true_text = std::move(true_text), .false_text = std::move(false_text)};
  return rules;
}

ColumnRules WithValues() {
  ColumnRules rules = Column(Type::kText);
  rules.values = ValuesRule{.allowed = {"a", "b"}};
  return rules;
}

ColumnRules Holding(Content content) {
  ColumnRules rules = Column(Type::kText);
  rules.holds = content;
  return rules;
}

ColumnSummary Numeric(column::Type type, double min = 0, double max = 1) { return Numbers("x", type, min, max, 200); }
ColumnSummary Bytes() { return Plain("x", kBinary, 200); }

void AddBools(std::vector<Case>& cases) {
  const ColumnRules integers = WithBools(Type::kInteger);
  const ColumnRules texts = WithBools(Type::kText, "yes", "no");
  ColumnSummary between = Numeric(kFloat64);
  between.number->mean = 0.5;
  between.number->standard_deviation = 0.5;
  ColumnSummary ends = between;
  ends.number->zeros = 100;
  for (size_t q = 0; q <= 100; ++q) ends.number->percentiles[q] = q > 50 ? 1 : 0;
  cases.push_back({"BOOL_TYPE_BIG_INT", Check(integers, Numeric(kInt64, 0, 2)), Check(integers, Numeric(kInt64))});
  cases.push_back({"BOOL_TYPE_SMALL_INT", Check(integers, Numeric(kInt64, -1, 1)), Check(integers, Numeric(kInt64))});
  cases.push_back({"BOOL_TYPE_UNEXPECTED_STRING", Check(texts, Texts("x", {{"yes", 5}, {"maybe", 1}})),
                   Check(texts, Texts("x", {{"yes", 5}, {"no", 1}}))});
  cases.push_back(
      {"BOOL_TYPE_UNEXPECTED_FLOAT", Check(WithBools(Type::kNumber), between), Check(WithBools(Type::kNumber), ends)});
  cases.push_back({"BOOL_TYPE_INVALID_CONFIG", CheckSchema({.columns = {WithBools(Type::kInteger, "yes", "no")}}),
                   CheckSchema({.columns = {texts}})});
  cases.push_back({"BOOL_TYPE_BYTES_NOT_INT", Check(integers, Bytes()), Check(Column(Type::kInteger), Bytes())});
  cases.push_back({"BOOL_TYPE_BYTES_NOT_STRING", Check(texts, Bytes()), Check(Column(Type::kText), Bytes())});
  cases.push_back({"BOOL_TYPE_FLOAT_NOT_INT", Check(integers, between), Check(WithBools(Type::kNumber), between)});
  cases.push_back({"BOOL_TYPE_FLOAT_NOT_STRING", Check(texts, between), Check(Column(Type::kText), between)});
  cases.push_back({"BOOL_TYPE_INT_NOT_STRING", Check(texts, Numeric(kInt64)), Check(integers, Numeric(kInt64))});
  cases.push_back({"BOOL_TYPE_STRING_NOT_INT", Check(Column(Type::kBool), Texts("x", {{"true", 5}})),
                   Check(texts, Texts("x", {{"yes", 5}}))});
}

void AddKnownValues(std::vector<Case>& cases) {
  ColumnSummary broken = Texts("x", {{"a", 5}, {"b\xff", 1}});
  broken.text->invalid_utf8 = 1;
  ColumnRules most = WithValues();
  most.values->min_share = 0.9;
  cases.push_back({"ENUM_TYPE_INVALID_UTF8", Check(WithValues(), broken), Check(Column(Type::kText), broken)});
  cases.push_back({"ENUM_TYPE_UNEXPECTED_STRING_VALUES", Check(most, Texts("x", {{"a", 89}, {"c", 11}})),
                   Check(most, Texts("x", {{"a", 90}, {"c", 10}}))});
  cases.push_back({"ENUM_TYPE_BYTES_NOT_STRING", Check(WithValues(), Bytes()), Check(Column(Type::kText), Bytes())});
  cases.push_back(
      {"ENUM_TYPE_FLOAT_NOT_STRING", Check(WithValues(), Numeric(kFloat64)), Check(WithValues(), Numeric(kInt64))});
  cases.push_back(
      {"ENUM_TYPE_INT_NOT_STRING", Check(WithValues(), Numeric(kInt64)), Check(WithValues(), Numeric(kFloat64))});
}

void AddPresence(std::vector<Case>& cases) {
  ColumnRules share = Column(Type::kInteger);
  share.missing = MissingRule{.max_share = 0.1};
  ColumnRules count = Column(Type::kInteger);
  count.present = PresentRule{.min_count = 90};
  ColumnRules lists = Column(Type::kList);
  lists.lengths = LengthsRule{.min = 1};
  ColumnRules distinct = Column(Type::kText);
  distinct.distinct = DistinctRule{.min = 2, .max = 3};
  ColumnRules uncounted = Column(Type::kBool);
  uncounted.distinct = DistinctRule{.min = 2};
  cases.push_back({"FEATURE_TYPE_LOW_FRACTION_PRESENT", Check(share, Numbers("x", kInt64, 0, 1, 100, 11)),
                   Check(share, Numbers("x", kInt64, 0, 1, 100, 10))});
  cases.push_back({"FEATURE_TYPE_LOW_NUMBER_PRESENT", Check(count, Numbers("x", kInt64, 0, 1, 100, 11)),
                   Check(count, Numbers("x", kInt64, 0, 1, 100, 10))});
  cases.push_back({"FEATURE_TYPE_NOT_PRESENT", Check(share, Numbers("x", kInt64, 0, 1, 100, 100)),
                   Check(share, Numbers("x", kInt64, 0, 1, 100, 99))});
  cases.push_back(
      {"FEATURE_TYPE_NO_VALUES", Check(lists, Lists("x", 0, 0, 0, 10)), Check(lists, Lists("x", 0, 1, 1, 10))});
  cases.push_back({"FEATURE_TYPE_LOW_UNIQUE", Check(distinct, Texts("x", {{"a", 9}})),
                   Check(distinct, Texts("x", {{"a", 9}, {"b", 1}}))});
  cases.push_back({"FEATURE_TYPE_HIGH_UNIQUE", Check(distinct, Texts("x", {{"a", 9}, {"b", 1}, {"c", 1}, {"d", 1}})),
                   Check(distinct, Texts("x", {{"a", 9}, {"b", 1}, {"c", 1}}))});
  cases.push_back({"FEATURE_TYPE_NO_UNIQUE", Check(uncounted, Plain("x", kBool, 10)),
                   Check(distinct, Texts("x", {{"a", 9}, {"b", 1}}))});
}

void AddLists(std::vector<Case>& cases) {
  ColumnRules lengths = Column(Type::kList);
  lengths.lengths = LengthsRule{.min = 2, .max = 3};
  ColumnRules nesting = Column(Type::kList);
  nesting.nesting = 1;
  ColumnSummary deep = Lists("x", 1, 1, 10, 10);
  deep.children[0] = Lists("x[]", 1, 1, 10, 10);
  ColumnRules shape = Column(Type::kList);
  shape.shape = ShapeRule{.dims = {3}};
  ColumnRules embedding = Column(Type::kList);
  embedding.embedding = EmbeddingRule{.size = 3};
  ColumnSummary with_null = Lists("x", 3, 3, 30, 10);
  with_null.children[0].missing = 1;
  cases.push_back({"FEATURE_TYPE_LOW_NUMBER_VALUES", Check(lengths, Lists("x", 1, 3, 25, 10)),
                   Check(lengths, Lists("x", 2, 3, 25, 10))});
  cases.push_back({"FEATURE_TYPE_HIGH_NUMBER_VALUES", Check(lengths, Lists("x", 2, 4, 25, 10)),
                   Check(lengths, Lists("x", 2, 3, 25, 10))});
  cases.push_back({"FEATURE_TYPE_UNEXPECTED_REPEATED", Check(Column(Type::kInteger), Lists("x", 1, 2, 15, 10)),
                   Check(Column(Type::kList), Lists("x", 1, 2, 15, 10))});
  cases.push_back({"VALUE_NESTEDNESS_MISMATCH", Check(nesting, deep), Check(nesting, Lists("x", 1, 1, 10, 10))});
  cases.push_back(
      {"INVALID_FEATURE_SHAPE", Check(shape, Lists("x", 2, 3, 25, 10)), Check(shape, Lists("x", 3, 3, 30, 10))});
  cases.push_back({"EMBEDDING_SHAPE_INVALID", Check(embedding, with_null), Check(embedding, Lists("x", 3, 3, 30, 10))});
}

void AddNumbers(std::vector<Case>& cases) {
  for (const Type type : {Type::kInteger, Type::kNumber}) {
    ColumnRules range = Column(type);
    range.range = RangeRule{.min = 0, .max = 10};
    const column::Type stored = type == Type::kInteger ? kInt64 : kFloat64;
    const bool integer = type == Type::kInteger;
    const Report inside = Check(range, Numeric(stored, 0, 10));
    cases.push_back(
        {integer ? "INT_TYPE_BIG_INT" : "FLOAT_TYPE_BIG_FLOAT", Check(range, Numeric(stored, 0, 11)), inside});
    cases.push_back(
        {integer ? "INT_TYPE_SMALL_INT" : "FLOAT_TYPE_SMALL_FLOAT", Check(range, Numeric(stored, -1, 10)), inside});
    cases.push_back(
        {integer ? "INT_TYPE_NOT_INT_STRING" : "FLOAT_TYPE_STRING_NOT_FLOAT",
         Check(Holding(integer ? Content::kInteger : Content::kNumber), Texts("x", {{"1", 5}, {"x", 1}})),
         Check(Holding(integer ? Content::kInteger : Content::kNumber), Texts("x", {{"1", 5}, {" 2 ", 1}}))});
    cases.push_back({integer ? "INT_TYPE_INT_EXPECTED" : "FLOAT_TYPE_NOT_FLOAT", Check(Column(type), Bytes()),
                     Check(Column(type), Numeric(kInt64))});
    cases.push_back({integer ? "INT_TYPE_UNKNOWN_TYPE_NUMBER" : "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER",
                     Check(Column(type), Plain("x", kOther, 10)), Check(Column(Type::kOther), Plain("x", kOther, 10))});
  }
  ColumnRules finite = Column(Type::kNumber);
  finite.nan = finite.infinity = Policy::kError;
  ColumnSummary nan = Numeric(kFloat64);
  nan.number->nan = 1;
  ColumnSummary infinite = Numeric(kFloat64);
  infinite.number->negative_infinity = 1;
  cases.push_back({"FLOAT_TYPE_HAS_NAN", Check(finite, nan), Check(finite, infinite)});
  cases.push_back({"FLOAT_TYPE_HAS_INF", Check(finite, infinite), Check(finite, nan)});
}

void AddTypes(std::vector<Case>& cases) {
  const ColumnRules text = Column(Type::kText);
  ColumnRules range = Column(Type::kTime);
  range.range = RangeRule{.min = 0};
  ColumnRules right = Column(Type::kInteger);
  right.range = RangeRule{.min = 0};
  ColumnRules untyped = Column(Type::kAny);
  untyped.range = RangeRule{.min = 0};
  const ColumnSummary words = Texts("x", {{"a", 1}});
  cases.push_back({"FLOAT_TYPE_NON_STRING", Check(Holding(Content::kNumber), Numeric(kFloat64)),
                   Check(Holding(Content::kNumber), Texts("x", {{"1.5", 1}}))});
  cases.push_back({"INT_TYPE_STRING_EXPECTED", Check(Holding(Content::kInteger), Numeric(kInt64)),
                   Check(Holding(Content::kInteger), Texts("x", {{"1", 1}}))});
  cases.push_back({"INT_TYPE_NOT_STRING", Check(Holding(Content::kInteger), Numeric(kFloat64)),
                   Check(Holding(Content::kInteger), Numeric(kInt64))});
  cases.push_back({"STRING_TYPE_NOW_FLOAT", Check(text, Numeric(kFloat64)), Check(text, words)});
  cases.push_back({"STRING_TYPE_NOW_INT", Check(text, Numeric(kInt64)), Check(text, words)});
  cases.push_back({"UNEXPECTED_DATA_TYPE", Check(Column(Type::kTime), Plain("x", kBool, 10)),
                   Check(Column(Type::kBool), Plain("x", kBool, 10))});
  cases.push_back({"DOMAIN_INVALID_FOR_TYPE", CheckSchema({.columns = {range}}), CheckSchema({.columns = {right}})});
  cases.push_back(
      {"FEATURE_MISSING_TYPE", CheckSchema({.columns = {untyped}}), CheckSchema({.columns = {Column(Type::kAny)}})});
  ColumnSummary all_times = Texts("x", {{"2001-05-01", 200}});
  all_times.text->kinds = profile::TextKinds{.time = 1, .time_format = "%Y-%m-%d"};
  ColumnSummary some_times = all_times;
  some_times.text->kinds->time = 0.99;
  cases.push_back({"SEMANTIC_DOMAIN_UPDATE", Check(text, all_times), Check(text, some_times)});
}

profile::Profile Made(const std::vector<std::optional<std::string>>& texts, const std::string& name = "x") {
  column::BatchBuilder builder;
  const column::OwnedBatch batch = builder.Texts(name, texts).Build();
  profile::Profile made;
  EXPECT_TRUE(made.Add(batch.view()).ok());
  return made;
}

std::vector<std::optional<std::string>> Repeated(int a, int b) {
  std::vector<std::optional<std::string>> texts(a, "a");
  texts.insert(texts.end(), b, "b");
  return texts;
}

Report Compared(const ColumnRules& rules, const profile::Profile& now, const profile::Profile& before,
                bool serving = false) {
  Controls controls{.now = &now};
  (serving ? controls.serving : controls.previous_span) = &before;
  return Validate({.columns = {rules}}, now.Summarize(), controls);
}

void AddComparisons(std::vector<Case>& cases) {
  const profile::Profile even = Made(Repeated(500, 500));
  const profile::Profile tilted = Made(Repeated(900, 100));
  const profile::Profile other = Made(Repeated(500, 500), "y");
  const std::pair<std::string_view, Measure> measures[] = {
      {"COMPARATOR_L_INFTY_HIGH", Measure::kLInfinity},
      {"COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", Measure::kJensenShannon},
      {"COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH", Measure::kNormalizedAbsoluteDifference}};
  for (const auto& [name, measure] : measures) {
    ColumnRules tight = Column(Type::kText);
    tight.drift = DistanceRule{.limits = {{measure, 0.05}}};
    ColumnRules loose = Column(Type::kText);
    loose.drift = DistanceRule{.limits = {{measure, 0.5}}};
    cases.push_back({name, Compared(tight, tilted, even), Compared(loose, tilted, even)});
  }
  ColumnRules rules = Column(Type::kText);
  rules.presence = Presence::kOptional;
  rules.drift = DistanceRule{.limits = {{Measure::kLInfinity, 0.5}}};
  cases.push_back({"COMPARATOR_CONTROL_DATA_MISSING", Compared(rules, even, other), Compared(rules, even, tilted)});
  cases.push_back({"COMPARATOR_TREATMENT_DATA_MISSING", Compared(rules, other, even), Compared(rules, even, tilted)});
  ColumnRules label = Column(Type::kText);
  label.not_in_environments = {"serving"};
  cases.push_back({"SCHEMA_TRAINING_SERVING_SKEW", Compared(Column(Type::kText), even, other, true),
                   Compared(label, even, other, true)});
  cases.push_back({"SCHEMA_MISSING_COLUMN", Validate({.columns = {Column(Type::kInteger)}}, other.Summarize()),
                   Validate({.columns = {rules}}, other.Summarize())});
  cases.push_back({"SCHEMA_NEW_COLUMN", Validate({.columns = {Column(Type::kInteger)}}, other.Summarize()),
                   Validate({.columns = {{.name = "y", .type = Type::kText}}}, other.Summarize())});
}

void AddRows(std::vector<Case>& cases) {
  const profile::Profile before = Made(Repeated(50, 50));
  const auto check = [&before](int64_t rows) {
    Schema schema{.columns = {Column(Type::kAny)}};
    schema.dataset.rows = RowsRule{.min = 50, .max = 200};
    schema.dataset.rows_to_previous_span = RowsRule{.min = 0.5, .max = 2};
    return Validate(schema, Summary({Plain("x", kBool, rows)}), {.previous_span = &before});
  };
  cases.push_back({"COMPARATOR_LOW_NUM_EXAMPLES", check(49), check(50)});
  cases.push_back({"COMPARATOR_HIGH_NUM_EXAMPLES", check(201), check(200)});
  cases.push_back({"DATASET_LOW_NUM_EXAMPLES", check(49), check(50)});
  cases.push_back({"DATASET_HIGH_NUM_EXAMPLES", check(201), check(200)});
  cases.push_back({"NO_DATA_IN_SPAN", check(0), check(1)});
}

void AddFeatures(std::vector<Case>& cases) {
  const auto check = [](const ColumnSummary& a, const ColumnSummary& b, std::string name, bool sparse) {
    Schema schema{.columns = {{.name = "a"}, {.name = "b"}}};
    if (sparse) schema.sparse_features = {{.name = std::move(name), .index_columns = {"a"}, .value_column = "b"}};
    if (!sparse) schema.weighted_features = {{.name = std::move(name), .column = "a", .weight_column = "b"}};
    return Validate(schema, Summary({a, b}));
  };
  const ColumnSummary a = Lists("a", 1, 2, 15, 10);
  const ColumnSummary b = Lists("b", 1, 2, 15, 10);
  const ColumnSummary a_lacks = Lists("a", 1, 2, 14, 10, 1);
  const ColumnSummary b_lacks = Lists("b", 1, 2, 14, 10, 1);
  const ColumnSummary b_longer = Lists("b", 1, 3, 16, 10);
  for (const bool sparse : {true, false}) {
    const Report good = check(a, b, "both", sparse);
    cases.push_back({sparse ? "SPARSE_FEATURE_MISSING_VALUE" : "WEIGHTED_FEATURE_MISSING_WEIGHT",
                     check(a, b_lacks, "both", sparse), good});
    cases.push_back({sparse ? "SPARSE_FEATURE_MISSING_INDEX" : "WEIGHTED_FEATURE_MISSING_VALUE",
                     check(a_lacks, b, "both", sparse), good});
    cases.push_back({sparse ? "SPARSE_FEATURE_LENGTH_MISMATCH" : "WEIGHTED_FEATURE_LENGTH_MISMATCH",
                     check(a, b_longer, "both", sparse), good});
    cases.push_back(
        {sparse ? "SPARSE_FEATURE_NAME_COLLISION" : "WEIGHTED_FEATURE_NAME_COLLISION", check(a, b, "a", sparse), good});
  }
}

void AddWords(std::vector<Case>& cases) {
  const auto check = [](WordsRule rule) {
    ColumnRules rules = Column(Type::kText);
    rules.words = std::move(rule);
    Schema schema{.columns = {rules}, .domains = {{.name = "words", .values = {"late", "on"}}}};
    ColumnSummary column = Texts("x", {{"late on time", 100}});
    column.text->tokens =
        profile::TokenSummary{.tokens = 300, .mean_token_length = 3.3, .min_tokens = 3, .max_tokens = 3};
    column.text->tokens->top = {{.token = "late", .count = 100, .rows = 50, .max_in_row = 2, .mean_position = 0.2},
                                {.token = "on", .count = 100, .rows = 100, .min_in_row = 1, .max_in_row = 1},
                                {.token = "time", .count = 100, .rows = 100, .min_in_row = 1, .max_in_row = 1}};
    return Validate(schema, Summary({column}));
  };
  const auto token = [](TokenRule rule) {
    rule.token = "late";
    return WordsRule{.tokens = {std::move(rule)}};
  };
  cases.push_back(
      {"SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", check(token({.min_in_row = 1})), check(token({.min_in_row = 0}))});
  cases.push_back(
      {"SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", check(token({.max_in_row = 1})), check(token({.max_in_row = 2}))});
  cases.push_back(
      {"SEQUENCE_VALUE_TOO_SMALL_FRACTION", check(token({.min_share = 0.51})), check(token({.min_share = 0.5}))});
  cases.push_back(
      {"SEQUENCE_VALUE_TOO_LARGE_FRACTION", check(token({.max_share = 0.49})), check(token({.max_share = 0.5}))});
  cases.push_back({"NLP_WRONG_LOCATION", check(token({.min_position = 0.3})), check(token({.min_position = 0.2}))});
  cases.push_back({"FEATURE_COVERAGE_TOO_LOW", check({.vocabulary = "words", .min_coverage = 0.7}),
                   check({.vocabulary = "words", .min_coverage = 0.66})});
  cases.push_back({"FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH", check({.min_mean_length = 3.4}),
                   check({.min_mean_length = 3.3})});
  ColumnRules uncounted = Column(Type::kText);
  uncounted.words = WordsRule{.min_words = 1};
  cases.push_back({"STATS_NOT_AVAILABLE", Check(uncounted, Texts("x", {{"late", 1}})), check({.min_words = 1})});
}

void AddImages(std::vector<Case>& cases) {
  ColumnRules rules = Column(Type::kBinary);
  rules.images = ImagesRule{.min_share = 0.9, .max_bytes = 1000};
  cases.push_back({"LOW_SUPPORTED_IMAGE_FRACTION", Check(rules, Images("x", 89, 1000, 100)),
                   Check(rules, Images("x", 90, 1000, 100))});
  cases.push_back({"MAX_IMAGE_BYTE_SIZE_EXCEEDED", Check(rules, Images("x", 100, 1001, 100)),
                   Check(rules, Images("x", 100, 1000, 100))});
}

void AddSchemas(std::vector<Case>& cases) {
  ColumnRules crossed = Column(Type::kInteger);
  crossed.range = RangeRule{.min = 2, .max = 1};
  ColumnRules point = Column(Type::kInteger);
  point.range = RangeRule{.min = 1, .max = 1};
  ColumnRules lost = Column(Type::kText);
  lost.values = ValuesRule{.domain = "airports"};
  const Domain airports{.name = "airports", .values = {"ATL"}};
  const auto derived = [](std::optional<Stage> stage, std::string from) {
    ColumnRules rules{.name = "y", .type = Type::kNumber, .stage = stage};
    rules.derived = DerivedRule{.from = {std::move(from)}, .expression = "x * 2"};
    return Schema{.columns = {Column(Type::kNumber), rules}};
  };
  const auto custom = [](std::string check) {
    return Schema{.columns = {Column(Type::kAny)},
                  .rules = {{.name = "enough", .check = std::move(check), .scope = Scope::kProfile}}};
  };
  cases.push_back(
      {"INVALID_SCHEMA_SPECIFICATION", CheckSchema({.columns = {crossed}}), CheckSchema({.columns = {point}})});
  cases.push_back({"INVALID_DOMAIN_SPECIFICATION", CheckSchema({.columns = {lost}}),
                   CheckSchema({.columns = {lost}, .domains = {airports}})});
  cases.push_back({"DERIVED_FEATURE_BAD_LIFECYCLE", CheckSchema(derived(Stage::kProduction, "x")),
                   CheckSchema(derived(Stage::kDerived, "x"))});
  cases.push_back({"DERIVED_FEATURE_INVALID_SOURCE", CheckSchema(derived(Stage::kDerived, "z")),
                   CheckSchema(derived(Stage::kDerived, "x"))});
  cases.push_back({"CUSTOM_VALIDATION", CheckSchema(custom("rows > 10")), CheckSchema(custom("rows >= 10"))});
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  AddBools(cases);
  AddKnownValues(cases);
  AddPresence(cases);
  AddLists(cases);
  AddNumbers(cases);
  AddTypes(cases);
  AddComparisons(cases);
  AddRows(cases);
  AddFeatures(cases);
  AddWords(cases);
  AddImages(cases);
  AddSchemas(cases);
  return cases;
}

const Anomaly* FindName(const Report& report, std::string_view name) {
  const auto found = std::find_if(report.anomalies.begin(), report.anomalies.end(),
                                  [name](const Anomaly& anomaly) { return anomaly.tfx == name; });
  return found == report.anomalies.end() ? nullptr : &*found;
}

TEST(TfxNames, EachIsFoundWhereItIsAndNotWhereItNearlyIs) {
  std::set<std::string_view> tried;
  for (const Case& one : Cases()) {
    SCOPED_TRACE(std::string(one.name));
    EXPECT_TRUE(tried.insert(one.name).second);
    const Anomaly* found = FindName(one.hit, one.name);
    ASSERT_NE(found, nullptr);
    EXPECT_FALSE(found->message.empty());
    EXPECT_FALSE(found->observed.empty());
    EXPECT_FALSE(found->bound.empty());
    const std::vector<std::string_view> names = TfxNames(found->rule);
    EXPECT_NE(std::find(names.begin(), names.end(), one.name), names.end()) << RuleName(found->rule);
    EXPECT_EQ(FindName(one.near, one.name), nullptr);
  }
  // A file whose column has no name is refused before there is a schema.
  const auto unnamed = FromYaml("version: 1\ncolumns: [{type: text}]\n", "schema.yaml");
  EXPECT_EQ(std::string(unnamed.status().message()), "schema.yaml:2: key 'name' is missing: the column's name");
  EXPECT_TRUE(FromYaml("version: 1\ncolumns: [{name: a, type: text}]\n", "schema.yaml").ok());
  tried.insert("FEATURE_MISSING_NAME");
  std::set<std::string_view> all;
  for (const TfxName& name : TfxNames()) all.insert(name.name);
  EXPECT_EQ(all.size(), 87u);
  EXPECT_EQ(tried, all);
}

TEST(TfxNames, ThePageHasTheTable) {
  std::ifstream file(ROOST_DOCS "/validate.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(page.empty());
  std::string table = "| TFDV's name | rule | is found where |\n|---|---|---|\n";
  for (const TfxName& name : TfxNames()) {
    table += "| `" + std::string(name.name) + (name.detected ? "` | `" : "` † | `") + std::string(RuleName(name.rule)) +
             "` | " + std::string(name.when) + " |\n";
  }
  EXPECT_NE(page.find(table), std::string::npos) << table;
}

TEST(TfxNames, TwentyFiveAreDocumentedAndNotDetectedByTfdv) {
  EXPECT_EQ(std::count_if(TfxNames().begin(), TfxNames().end(), [](const TfxName& name) { return !name.detected; }),
            25);
}

}  // namespace
}  // namespace roost::schema
