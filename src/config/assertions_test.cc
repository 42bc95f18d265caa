#include "config/assertions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<std::vector<Assertion>> Read(const std::string& text) {
  TRY_ASSIGN(const YamlNode node, YamlNode::Parse(text, "roost.yaml"));
  return ReadAssertions(node);
}

TEST(Assertions, AreTextsOrMappings) {
  const auto assertions = Read("- rows >= 1000\n- {that: new_rows > 0 or model_versions == 0, because: stale data}\n");
  ASSERT_TRUE(assertions.ok()) << assertions.status();
  EXPECT_THAT(*assertions, ElementsAre(Assertion{"rows >= 1000", ""},
                                       Assertion{"new_rows > 0 or model_versions == 0", "stale data"}));
}

TEST(Assertions, OtherNamesAreRefusedWithTheirLine) {
  const absl::Status status = Read("- rows > 1\n- training_row > 5\n").status();
  EXPECT_EQ(status.message(), "roost.yaml:2: 'training_row' is no figure of a run");
  EXPECT_EQ(HintOf(status), "did you mean 'training_rows'?");
  EXPECT_THAT(HintOf(Read("- zzz > 5\n").status()), HasSubstr("the figures are rows, new_rows, columns"));
}

TEST(Assertions, WhatIsNotTrueOrFalseIsRefused) {
  const absl::Status status = Read("- rows + 1\n").status();
  EXPECT_EQ(status.message(), "roost.yaml:1: a fact is true or false, and this is a number");
  EXPECT_FALSE(HintOf(status).empty());
  EXPECT_THAT(Read("- rows >\n").status().message(), HasSubstr("roost.yaml:1: "));
  EXPECT_THAT(Read("- rows > 'many'\n").status().message(), HasSubstr("roost.yaml:1: "));
}

TEST(Assertions, OtherFormsAreRefused) {
  EXPECT_EQ(Read("rows > 1\n").status().message(), "roost.yaml:1: want a list with one expression or more");
  EXPECT_THAT(Read("- {because: no reason}\n").status().message(), HasSubstr("key 'that' is missing"));
  EXPECT_THAT(Read("- {that: rows > 1, why: x}\n").status().message(), HasSubstr("unknown key 'why'"));
}

TEST(Assertions, EveryFactIsAColumn) {
  ASSERT_EQ(FactColumns().size(), AllFacts().size());
  for (size_t i = 0; i < AllFacts().size(); ++i) EXPECT_EQ(FactColumns()[i].name, AllFacts()[i].name);
}

}  // namespace
}  // namespace roost::config
