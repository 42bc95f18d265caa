#include "schema/yaml.h"

#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::schema {
namespace {

Schema Flights() {
  return {.columns = {
              {.name = "date", .type = Type::kTime, .missing = MissingRule{}},
              {.name = "delay",
               .type = Type::kNumber,
               .missing = MissingRule{.max_share = 0.02, .severity = Severity::kWarning},
               .nan = Policy::kWarning,
               .infinity = Policy::kError,
               .range = RangeRule{.min = -1300, .max = 0.07}},
              {.name = "origin",
               .type = Type::kText,
               .presence = Presence::kOptional,
               .values = ValuesRule{.allowed = {"", "ATL", "no"}, .min_share = 0.99}},
          }};
}

TEST(SchemaYaml, IsTextForReview) {
  EXPECT_EQ(ToYaml(Flights()),
            R"(# What the data must look like: checked by 'roost validate', yours to edit and to review.
version: 1
new_columns: warning

columns:
  - name: date
    type: time
    missing: {max_share: 0, severity: error}

  - name: delay
    type: number
    missing: {max_share: 0.02, severity: warning}
    nan: warning
    infinity: error
    range: {min: -1300, max: 0.07, severity: warning}

  - name: origin
    type: text
    presence: optional
    values:
      min_share: 0.99
      severity: warning
      allowed:
        - ""
        - ATL
        - "no"
)");
}

TEST(SchemaYaml, ReadsBackWhatItWrote) {
  const auto read = FromYaml(ToYaml(Flights()), "schema.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Flights());
}

// Any bytes of a file's column names and values come back as they were.
TEST(SchemaYaml, ReadsBackAnyText) {
  const std::vector<std::string> pieces = {"a",      "Z",  "0",    " ",    "-", ":", "#", "'",    "\"",    "\\",
                                           "\n",     "\t", "\r",   "{",    "}", "[", ",", "&",    "*",     "!",
                                           "|",      ">",  "%",    "@",    "`", "?", "~", "null", "ü",     "\u2028",
                                           "\u00a0", "😀", "\x01", "\x7f", ".", "/", "_", "1e5",  "\u0085"};
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::set<std::string> texts;
    for (int i = 0; i < 5; ++i) {
      std::string text;
      for (size_t length = random() % 6; length > 0; --length) text += pieces[random() % pieces.size()];
      texts.insert(text);
    }
    Schema schema;
    for (const std::string& text : texts) schema.columns.push_back({.name = text, .type = Type::kText});
    schema.columns[0].values = ValuesRule{.allowed = {texts.begin(), texts.end()}};
    const std::string yaml = ToYaml(schema);
    const auto read = FromYaml(yaml, "schema.yaml");
    ASSERT_TRUE(read.ok()) << read.status() << "\n" << yaml;
    ASSERT_EQ(*read, schema) << yaml;
  }
}

TEST(SchemaYaml, CommentsAndOrderAreTheUsers) {
  const auto read = FromYaml(
      "columns:  # the flights\n- {type: text, values: {allowed: [b, a, 7], severity: error}, name: x}\nversion: 1\n",
      "schema.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->columns[0].values->allowed, (std::vector<std::string>{"7", "a", "b"}));
  EXPECT_EQ(read->columns[0].values->severity, Severity::kError);
}

// A schema with every rule there is.
Schema Everything() {
  ColumnRules delay{.name = "delay", .description = "minutes: late", .type = Type::kInteger, .stage = Stage::kBeta};
  delay.in_environments = {"serving", "training"};
  delay.not_in_environments = {"night"};
  delay.missing = MissingRule{.max_share = 0.5, .severity = Severity::kWarning, .confirmed = 2};
  delay.present = PresentRule{.min_count = 7, .severity = Severity::kWarning};
  delay.nan = Policy::kError;
  delay.duplicates = Policy::kWarning;
  delay.categorical = true;
  delay.range = RangeRule{.min = -1, .severity = Severity::kError, .confirmed = 0};
  delay.distinct = DistinctRule{.min = 1, .max = 9};
  delay.bools = BoolsRule{.severity = Severity::kWarning};
  delay.times = TimesRule{.formats = {"unix seconds"}, .min_share = 0.9};
  delay.order = OrderRule{.direction = Direction::kDescending, .strict = true, .max_gap = 5.5};
  delay.bands = {{.of = Statistic::kMissing, .max = 0.5},
                 {.of = Statistic::kSpread, .min = 1, .max = 2, .error_below = 0.1, .error_above = 20},
                 {.of = Statistic::kP99, .min = -1, .severity = Severity::kError}};
  delay.drift = DistanceRule{.limits = {{profile::Measure::kJensenShannon, 0.1}, {profile::Measure::kWasserstein, 2}},
                             .deciles = true,
                             .severity = Severity::kError};
  ColumnRules origin{.name = "origin", .type = Type::kText, .presence = Presence::kOptional};
  origin.holds = Content::kEntity;
  origin.values = ValuesRule{.min_share = 0.9, .domain = "airports", .confirmed = 1};
  origin.pattern = PatternRule{.regex = "[A-Z]{3}", .shapes = {"A-9", "AAA"}, .min_share = 0.5};
  origin.bools = BoolsRule{.true_text = "yes", .false_text = ""};
  origin.times = TimesRule{.formats = {"%d.%m.%Y", "%Y-%m-%d"}, .severity = Severity::kWarning, .confirmed = 0};
  origin.words = WordsRule{.vocabulary = "airports", .min_coverage = 0.5, .min_mean_length = 2.5, .min_words = 1};
  origin.words->max_words = 4;
  origin.words->tokens = {{.token = "no",
                           .min_in_row = 0,
                           .max_in_row = 2,
                           .min_share = 0,
                           .max_share = 1,
                           .min_position = 0.25,
                           .max_position = 0.75},
                          {.token = "a: b"}};
  origin.skew = DistanceRule{.limits = {{profile::Measure::kLInfinity, 0.01}}};
  ColumnRules tags{.name = "tags", .type = Type::kList, .nesting = 2};
  tags.lengths = LengthsRule{.min = 1, .max = 2, .confirmed = 0};
  tags.shape = ShapeRule{.dims = {2, 3}, .severity = Severity::kWarning};
  tags.embedding = EmbeddingRule{.size = 2};
  ColumnRules photo{.name = "photo", .type = Type::kBinary};
  photo.images = ImagesRule{.min_share = 0.5, .max_bytes = 1000};
  ColumnRules twice{.name = "twice", .type = Type::kNumber, .stage = Stage::kDerived};
  twice.derived = DerivedRule{.from = {"delay"}, .expression = "delay * 2"};
  Schema schema{.new_columns = Policy::kError, .columns = {delay, origin, tags, photo, twice}};
  schema.confirmed_version = 4;
  schema.default_environments = {"serving"};
  schema.domains = {{.name = "airports", .values = {"", "ATL"}}, {.name = "b c", .values = {"x"}}};
  schema.dataset.rows = RowsRule{.min = 1, .max = 1e9};
  schema.dataset.rows_to_previous_span = RowsRule{.min = 0.5, .severity = Severity::kWarning};
  schema.dataset.rows_to_previous_version = RowsRule{.max = 2};
  schema.dataset.duplicate_rows = MissingRule{.max_share = 0.01};
  schema.dataset.keys = {{.columns = {"delay", "origin"}, .severity = Severity::kWarning}};
  schema.dataset.foreign_keys = {{.columns = {"origin"}, .dataset = "airports", .references = {"iata"}}};
  schema.dataset.false_alarms = 0.01;
  schema.sparse_features = {{.name = "s", .index_columns = {"tags"}, .value_column = "delay"}};
  schema.weighted_features = {
      {.name = "w", .column = "tags", .weight_column = "delay", .severity = Severity::kWarning}};
  schema.rules = {{.name = "late", .check = "delay < 10 and origin != '#'", .max_share = 0.5},
                  {.name = "many", .check = "delay.mean < 3", .scope = Scope::kProfile}};
  return schema;
}

TEST(SchemaYaml, EveryRuleComesBack) {
  const std::string yaml = ToYaml(Everything());
  const auto read = FromYaml(yaml, "schema.yaml");
  ASSERT_TRUE(read.ok()) << read.status() << "\n" << yaml;
  EXPECT_EQ(*read, Everything()) << yaml;
  EXPECT_EQ(ToYaml(*read), yaml);
}

// 10,000 columns with known values: more than a megabyte.
TEST(SchemaYaml, AWideSchemaReadsBack) {
  Schema schema;
  for (int i = 0; i < 10'000; ++i) {
    ColumnRules column{.name = "column " + std::to_string(i), .type = Type::kText, .missing = MissingRule{}};
    for (int value = 0; value < 10; ++value) {
      column.values.emplace(column.values.value_or(ValuesRule())).allowed.push_back("value " + std::to_string(value));
    }
    schema.columns.push_back(std::move(column));
  }
  const auto text = ToReadableYaml(schema);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_GT(text->size(), 1u << 20);
  EXPECT_EQ(*FromYaml(*text, "schema.yaml"), schema);
}

TEST(SchemaYaml, WhatCouldNotBeReadAgainIsNotWritten) {
  Schema schema{.columns = {{.name = "a", .type = Type::kText, .range = RangeRule{}}}};
  EXPECT_THAT(std::string(ToReadableYaml(schema).status().message()),
              testing::HasSubstr("the schema could not be read again, and is not written"));
  schema.columns[0].range.reset();
  schema.columns[0].description = std::string(kMaxSchemaBytes, 'x');
  EXPECT_THAT(std::string(ToReadableYaml(schema).status().message()), testing::HasSubstr("longer than 16 MiB"));
}

TEST(SchemaYaml, AnEmptySectionIsARule) {
  const auto read = FromYaml("version: 1\ncolumns: [{name: a, type: text, words: {}}]\n", "schema.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->columns[0].words, WordsRule{});
}

struct Refusal {
  std::string text;
  std::string message;
  std::string hint;
};

TEST(SchemaYaml, EveryRefusalNamesTheLine) {
  const auto with = [](std::string_view lines) { return "version: 1\ncolumns:\n" + std::string(lines); };
  const std::vector<Refusal> refusals = {
      {"", "schema.yaml:1: key 'version' is missing: the version of this format", ""},
      {"version: 2\ncolumns: []\n", "schema.yaml:1: schema format 2 is not known here, only 1",
       "a newer Roost wrote this file: use that or a later one"},
      {"version: 1\ncolumns: []\n", "schema.yaml:2: want a list with one column or more", ""},
      {"version: 1\nnew_colums: error\n", "schema.yaml:2: unknown key 'new_colums'", "did you mean 'new_columns'?"},
      {with("  - {name: a, type: txt}\n"),
       "schema.yaml:3: want one of any, integer, number, text, time, bool, binary, list, struct, other, got 'txt'",
       "did you mean 'text'?"},
      {with("  - name: a\n    type: text\n    mising: {}\n"), "schema.yaml:5: unknown key 'mising'",
       "did you mean 'missing'?"},
      {with("  - type: text\n"), "schema.yaml:3: key 'name' is missing: the column's name",
       "rule 'schema', in TensorFlow Data Validation FEATURE_MISSING_NAME"},
      {with("  - name: a\n"),
       "schema.yaml:3: key 'type' is missing: what it holds; how it is stored is free, and numbers may "
       "come as integers",
       "rule 'schema', in TensorFlow Data Validation FEATURE_MISSING_TYPE"},
      {with("  - {name: a, type: text}\n  - {name: a, type: time}\n"), "schema.yaml:4: column 'a' stands here twice",
       ""},
      {with("  - {name: a, type: text, range: {min: 1}}\n"),
       "schema.yaml:3: 'range' is a rule for integers and numbers, and column 'a' is text",
       "rule 'rule_for_type', in TensorFlow Data Validation DOMAIN_INVALID_FOR_TYPE"},
      {with("  - {name: a, type: time, values: {allowed: [x]}}\n"),
       "schema.yaml:3: 'values' is a rule for text, and column 'a' is time", ""},
      {with("  - {name: a, type: text, nan: error}\n"),
       "schema.yaml:3: 'nan' is a rule for numbers, and column 'a' is text", ""},
      {with("  - {name: a, type: number, range: {min: 2, max: 1}}\n"),
       "schema.yaml:3: the range of column 'a' has a min above its max",
       "rule 'schema', in TensorFlow Data Validation INVALID_SCHEMA_SPECIFICATION"},
      {with("  - {name: a, type: number, missing: {max_share: 2}}\n"),
       "schema.yaml:3: want a number from 0 to 1, got '2'", ""},
      {with("  - name: a\n    type: text\n    values:\n      allowed:\n        - x\n        - x\n"),
       "schema.yaml:8: the value 'x' stands here twice", ""},
      {with("  - {name: a, type: text, values: {domain: b}}\n"),
       "schema.yaml:3: column 'a' names the domain 'b', which is not there",
       "rule 'domain', in TensorFlow Data Validation INVALID_DOMAIN_SPECIFICATION"},
      {with("  - {name: a, type: text, values: {severity: error}}\n"),
       "schema.yaml:3: 'values' of column 'a' needs either 'allowed' or 'domain'", ""},
      {with("  - {name: a, type: text, pattern: {regex: '('}}\n"),
       "schema.yaml:3: the pattern of column 'a': this pattern cannot be read: missing ): (", ""},
      {with("  - {name: a, type: text, times: {formats: [iso]}}\n"),
       "schema.yaml:3: the times of column 'a': 'iso' is no format of times: want strptime fields such as %Y-%m-%d, or "
       "'unix seconds'",
       ""},
      {with("  - {name: a, type: text, drift: {wasserstein: 1}}\n"),
       "schema.yaml:3: 'drift: wasserstein' is a rule for numbers and times, and column 'a' is text", ""},
      {with("  - {name: a, type: number, bands: [{of: mean}, {of: mean}]}\n"),
       "schema.yaml:3: column 'a' has two bands of mean", ""},
      {with("  - {name: a, type: number, bands: [{of: men}]}\n"),
       "schema.yaml:3: want one of missing, distinct, zeros, mean, spread, p1, p5, p25, p50, p75, p95, p99, got 'men'",
       "did you mean 'mean'?"},
      {with("  - {name: a, type: list, shape: {dims: [3]}, lengths: {max: 2}}\n"),
       "schema.yaml:3: the shape [3] of column 'a' does not go with its lengths or nesting", ""},
      {"version: 1\ndataset: {keys: [{columns: [b]}]}\ncolumns: [{name: a, type: text}]\n",
       "schema.yaml:1: a key names the column 'b', which is not there", ""},
      {"version: 1\nrules: [{name: late, check: 'delay >'}]\ncolumns: [{name: a, type: text}]\n",
       "schema.yaml:1: the rule 'late': at character 8: want a column, a value or '(', got the end", ""},
      {with("  - name: a\n    type: text\n    values: {allowed: x}\n"),
       "schema.yaml:5: want a list with one text or more", ""},
  };
  for (const Refusal& refusal : refusals) {
    const auto read = FromYaml(refusal.text, "schema.yaml");
    ASSERT_FALSE(read.ok()) << refusal.text;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(read.status().message()), refusal.message);
    if (!refusal.hint.empty()) {
      EXPECT_EQ(HintOf(read.status()), refusal.hint) << refusal.text;
    }
  }
}

TEST(SchemaYaml, TheReferenceNamesEveryKey) {
  const std::string reference = SchemaReference();
  for (const std::string_view key : {"version",     "default_environments",
                                     "dataset",     "domains",
                                     "rules",       "bands",
                                     "drift",       "keys",
                                     "new_columns", "name",
                                     "type",        "presence",
                                     "missing",     "nan",
                                     "infinity",    "range",
                                     "values",      "max_share",
                                     "min_share",   "severity",
                                     "allowed"}) {
    EXPECT_NE(reference.find("| `" + std::string(key) + "` |"), std::string::npos) << key;
  }
}

TEST(SchemaYaml, ThePageHasTheReference) {
  std::ifstream file(ROOST_DOCS "/schema.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_NE(page.find(SchemaReference()), std::string::npos) << SchemaReference();
}

}  // namespace
}  // namespace roost::schema
