#include "base/yaml.h"

#include <gtest/gtest.h>

namespace roost {
namespace {

std::string RefusalOf(std::string_view text) { return std::string(YamlNode::Parse(text, "x.yaml").status().message()); }

TEST(Yaml, AMapKeepsTheOrderOfTheFile) {
  const auto root = YamlNode::Parse("b: 1\na: [x, 'y']\nc:\nd: ~\n", "x.yaml");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_TRUE(root->IsMap());
  const auto members = root->Members();
  ASSERT_EQ(members.size(), 4u);
  EXPECT_EQ(members[0].name, "b");
  EXPECT_EQ(members[0].value.scalar(), "1");
  EXPECT_FALSE(members[0].value.quoted());
  ASSERT_EQ(members[1].value.Elements().size(), 2u);
  EXPECT_TRUE(members[1].value.Elements()[1].quoted());
  EXPECT_TRUE(members[2].value.IsEmpty());
  EXPECT_TRUE(members[3].value.IsEmpty());
}

TEST(Yaml, NodesOfAnotherShapeHaveNoMembersAndNoElements) {
  const auto root = YamlNode::Parse("word", "x.yaml");
  ASSERT_TRUE(root.ok());
  EXPECT_TRUE(root->IsScalar());
  EXPECT_TRUE(root->Members().empty());
  EXPECT_TRUE(root->Elements().empty());
}

TEST(Yaml, NothingIsAnEmptyDocument) {
  for (const std::string_view text : {"", "\n", "# a comment\n", "---\n"}) {
    const auto root = YamlNode::Parse(text, "x.yaml");
    ASSERT_TRUE(root.ok()) << text << root.status();
    EXPECT_TRUE(root->IsEmpty()) << text;
  }
}

TEST(Yaml, ErrorsNameFileAndLine) {
  const auto root = YamlNode::Parse("a: 1\nb:\n  - c\n", "x.yaml");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(std::string(root->Members()[1].value.Elements()[0].Error("no").message()), "x.yaml:3: no");
  EXPECT_EQ(std::string(root->Members()[1].key.Error("no").message()), "x.yaml:2: no");
}

TEST(Yaml, WhatWouldBeReadInTwoWaysIsRefused) {
  EXPECT_EQ(RefusalOf("a: 1\nb: {c: 1, c: 2}\n"), "x.yaml:2: key 'c' stands here twice");
  EXPECT_EQ(RefusalOf("a: 1\n---\na: 2\n"), "x.yaml:2: not YAML: a second document begins");
  EXPECT_EQ(RefusalOf("[a]: 1\n"), "x.yaml:1: a key must be a word");
  EXPECT_EQ(RefusalOf("a: &x 1\nb: *x\n"), "x.yaml:2: aliases (*name) are not allowed");
}

TEST(Yaml, SizeAndDepthAreBounded) {
  EXPECT_EQ(RefusalOf(std::string((1 << 20) + 1, '#')), "x.yaml:1: longer than 1 MiB");
  EXPECT_TRUE(YamlNode::Parse(std::string(50, '[') + std::string(50, ']'), "x.yaml").ok());
  EXPECT_EQ(RefusalOf(std::string(51, '[') + std::string(51, ']')), "x.yaml:1: not YAML: nested deeper than 50 levels");
  EXPECT_EQ(RefusalOf(std::string(100'000, '[')), "x.yaml:1: not YAML: nested deeper than 50 levels");
  std::string many = "[";
  for (int i = 0; i < 4'000'000; ++i) many += "1,";
  EXPECT_EQ(std::string(YamlNode::Parse(many, "x.yaml", 16 << 20).status().message()),
            "x.yaml:1: not YAML: more than 4,000,000 values");
}

TEST(Yaml, AnyBytesAreAnAnswer) {
  const std::string text = "name: {a: [1, 'two', \"three\"]}\n- x\n? y\n: !tag |\n  z\n";
  for (size_t end = 0; end <= text.size(); ++end) {
    for (const char c : {'\0', '\n', '{', '*', '\x80', '"'}) {
      YamlNode::Parse(text.substr(0, end) + c + text.substr(end), "x.yaml").status().IgnoreError();
    }
  }
}

}  // namespace
}  // namespace roost
