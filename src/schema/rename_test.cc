#include "schema/rename.h"

#include <gtest/gtest.h>

#include "schema/summaries_for_test.h"
#include "schema/validate.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

// Every place that names a column, or what is inside it.
Schema Everywhere() {
  Schema schema{.columns = {{.name = "delay", .type = Type::kInteger},
                            {.name = "delays", .type = Type::kInteger},
                            {.name = "tags", .type = Type::kList},
                            {.name = "tags[]", .type = Type::kStruct},
                            {.name = "tags[].city", .type = Type::kText},
                            {.name = "weights", .type = Type::kList},
                            {.name = "late", .type = Type::kBool}}};
  schema.columns.back().derived = DerivedRule{.from = {"delay", "delays"}, .expression = "delay > delays"};
  schema.dataset.keys = {{.columns = {"delay", "delays"}}};
  schema.dataset.foreign_keys = {{.columns = {"delay"}, .dataset = "reasons", .references = {"delay"}}};
  schema.sparse_features = {{.name = "s", .index_columns = {"tags"}, .value_column = "weights"}};
  schema.weighted_features = {{.name = "w", .column = "weights", .weight_column = "tags"}};
  schema.rules = {{.name = "row", .check = "delay < 10 or delays < 10 or 'delay' == 'x'"},
                  {.name = "profile",
                   .check = "delay.mean < 3 and `tags[].city`.distinct > 1 and rows > 1",
                   .scope = Scope::kProfile}};
  return schema;
}

TEST(RenameColumn, ReachesEveryRuleThatNamesIt) {
  Schema schema = Everywhere();
  ASSERT_TRUE(RenameColumn("delay", "arrival delay", schema).ok());
  ASSERT_TRUE(RenameColumn("tags", "labels", schema).ok());
  std::string names;
  for (const ColumnRules& column : schema.columns) names += column.name + ", ";
  EXPECT_EQ(names, "arrival delay, delays, labels, labels[], labels[].city, weights, late, ");
  EXPECT_EQ(schema.columns.back().derived,
            (DerivedRule{.from = {"arrival delay", "delays"}, .expression = "`arrival delay` > delays"}));
  EXPECT_EQ(schema.dataset.keys[0].columns, (std::vector<std::string>{"arrival delay", "delays"}));
  EXPECT_EQ(schema.dataset.foreign_keys[0].columns, (std::vector<std::string>{"arrival delay"}));
  EXPECT_EQ(schema.dataset.foreign_keys[0].references, (std::vector<std::string>{"delay"}));
  EXPECT_EQ(schema.sparse_features[0].index_columns, (std::vector<std::string>{"labels"}));
  EXPECT_EQ(schema.weighted_features[0].weight_column, "labels");
  EXPECT_EQ(schema.rules[0].check, "`arrival delay` < 10 or delays < 10 or 'delay' == 'x'");
  EXPECT_EQ(schema.rules[1].check, "`arrival delay.mean` < 3 and `labels[].city.distinct` > 1 and rows > 1");
  const auto read = FromYaml(ToYaml(schema), "schema.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, schema);
}

// "x.y" is a column of its own where "x" holds plain values.
TEST(RenameColumn, LeavesColumnsAloneWhoseNamesOnlyLookNested) {
  Schema schema{.columns = {{.name = "x", .type = Type::kInteger}, {.name = "x.y", .type = Type::kInteger}}};
  ASSERT_TRUE(RenameColumn("x", "z", schema).ok());
  EXPECT_EQ(schema.columns[1].name, "x.y");
}

TEST(RenameColumn, IsRefusedWhereAnExpressionCannotBeRead) {
  Schema schema{.columns = {{.name = "x", .type = Type::kInteger}}};
  schema.rules = {{.name = "broken", .check = "x >"}};
  EXPECT_EQ(RenameColumn("x", "y", schema).message(),
            "column 'x' cannot be renamed: the rule 'broken' has an expression that cannot be read");
}

TEST(Accept, ARenamedColumnIsRenamedWhateverElseIsAccepted) {
  Schema schema{.columns = {{.name = "delay", .type = Type::kInteger, .range = RangeRule{.min = 0}},
                            {.name = "origin", .type = Type::kText}}};
  schema.dataset.keys = {{.columns = {"origin"}, .severity = Severity::kWarning},
                         {.columns = {"delay"}, .severity = Severity::kWarning}};
  Report report =
      Validate(schema, Summary({Numbers("dep_delay", column::Type::kInt64, 0, 5, 9), Texts("origin", {{"ATL", 9}})}));
  ASSERT_EQ(report.anomalies[0].rule, Rule::kRenamed);
  DatasetRules without = schema.dataset;
  without.keys.erase(without.keys.begin());
  report.anomalies.push_back({.rule = Rule::kKey, .proposed_dataset = without});
  const auto accepted = Accept(schema, report.anomalies);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->columns[0].name, "dep_delay");
  ASSERT_EQ(accepted->dataset.keys.size(), 1u);
  EXPECT_EQ(accepted->dataset.keys[0].columns, (std::vector<std::string>{"dep_delay"}));
}

TEST(Accept, ANameThatIsTakenIsRefused) {
  Schema schema{.columns = {{.name = "delay", .type = Type::kInteger, .range = RangeRule{.min = 0}},
                            {.name = "values", .type = Type::kList},
                            {.name = "positions", .type = Type::kList}}};
  schema.sparse_features = {{.name = "dep_delay", .index_columns = {"positions"}, .value_column = "values"}};
  Anomaly renamed{.column = "delay", .rule = Rule::kRenamed, .proposed = schema.columns[0]};
  renamed.proposed->name = "dep_delay";
  EXPECT_EQ(
      Accept(schema, std::vector{renamed}).status().message(),
      "the schema would contradict itself, and was not changed: the sparse feature 'dep_delay' has a name that is "
      "taken");
}

}  // namespace
}  // namespace roost::schema
