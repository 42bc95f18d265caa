#include "base/yaml_edit.h"

#include <gtest/gtest.h>

namespace roost {
namespace {

constexpr std::string_view kText = R"(project: a  # näme
model:
  label: "x > 'y'"   # kept
  trainer:
    kind: linear     # kept
    l2: 1.0          # the penalty
  split: {column: date, evaluate_share: 0.25}
  features: auto     # from the profile
)";

std::string Set(std::vector<std::string> keys, std::string_view value) {
  const auto edited = SetYamlScalar(kText, "f", keys, value);
  EXPECT_TRUE(edited.ok()) << edited.status();
  return edited.value_or("");
}

std::string Replaced(std::string_view from, std::string_view to) {
  std::string text(kText);
  return text.replace(text.find(from), from.size(), to);
}

TEST(YamlEdit, AScalarIsReplacedAndAllElseStays) {
  EXPECT_EQ(Set({"model", "trainer", "l2"}, "0.3"), Replaced("l2: 1.0 ", "l2: 0.3 "));
  EXPECT_EQ(Set({"model", "split", "evaluate_share"}, "0.5"), Replaced("0.25", "0.5"));
  EXPECT_EQ(Set({"model", "label"}, "late"), Replaced("\"x > 'y'\"", "late"));
}

TEST(YamlEdit, ANewKeyStandsBesideTheOthers) {
  EXPECT_EQ(Set({"model", "trainer", "l1"}, "2"), Replaced("linear     # kept", "linear     # kept\n    l1: 2"));
  EXPECT_EQ(Set({"model", "split", "by"}, "time"), Replaced("{column", "{by: time, column"));
  EXPECT_EQ(Set({"serve", "port"}, "1"), Replaced("# näme", "# näme\nserve: {port: 1}"));
}

TEST(YamlEdit, ABlockTakesThePlaceOfAScalarAndItsComment) {
  const std::vector<std::string> keys{"model", "features"};
  const auto edited = SetYamlBlock(kText, "f", keys, "- {column: a}  # why\n- {column: b}\n");
  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_EQ(*edited, Replaced("features: auto     # from the profile",
                              "features:\n    - {column: a}  # why\n    - {column: b}"));
}

TEST(YamlEdit, WhatIsInTheWayIsTold) {
  const std::vector<std::string> deep{"project", "x"};
  EXPECT_EQ(SetYamlScalar(kText, "f", deep, "1").status().message(),
            "f:1: want a mapping with keys here, to set 'x' in it");
  const std::vector<std::string> map{"model", "split"};
  EXPECT_EQ(SetYamlScalar(kText, "f", map, "1").status().message(), "f:7: want a single value for 'split' here");
  const std::vector<std::string> missing{"model", "weight"};
  EXPECT_EQ(SetYamlBlock(kText, "f", missing, "a").status().message(), "f:3: key 'weight' is missing");
}

}  // namespace
}  // namespace roost
