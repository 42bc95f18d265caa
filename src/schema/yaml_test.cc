#include "schema/yaml.h"

#include <random>
#include <set>

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
      {with("  - type: text\n"), "schema.yaml:3: key 'name' is missing: the column's name", ""},
      {with("  - {name: a, type: text}\n  - {name: a, type: time}\n"), "schema.yaml:4: column 'a' stands here twice",
       ""},
      {with("  - {name: a, type: text, range: {min: 1}}\n"),
       "schema.yaml:3: 'range' is a rule for integers and numbers, and column 'a' is text", ""},
      {with("  - {name: a, type: time, values: {allowed: [x]}}\n"),
       "schema.yaml:3: 'values' is a rule for text, and column 'a' is time", ""},
      {with("  - {name: a, type: text, nan: error}\n"),
       "schema.yaml:3: 'nan' is a rule for numbers, and column 'a' is text", ""},
      {with("  - {name: a, type: number, range: {min: 2, max: 1}}\n"),
       "schema.yaml:3: the range of column 'a' has a min above its max", ""},
      {with("  - {name: a, type: number, missing: {max_share: 2}}\n"),
       "schema.yaml:3: want a number from 0 to 1, got '2'", ""},
      {with("  - name: a\n    type: text\n    values:\n      allowed:\n        - x\n        - x\n"),
       "schema.yaml:8: the value 'x' stands here twice", ""},
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
  for (const std::string_view key : {"version", "new_columns", "name", "type", "presence", "missing", "nan", "infinity",
                                     "range", "values", "max_share", "min_share", "severity", "allowed"}) {
    EXPECT_NE(reference.find("| `" + std::string(key) + "` |"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace roost::schema
