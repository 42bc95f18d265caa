#include "base/yaml_write.h"

#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/yaml.h"

namespace roost {
namespace {

TEST(ToYaml, WritesBlocksInTheOrderOfTheMembers) {
  const Json json{{"kind", "Workflow"},
                  {"retries", 2},
                  {"suspended", false},
                  {"nothing", nullptr},
                  {"empty", Json::object()},
                  {"tasks", {{{"name", "train"}, {"after", {"ingest", "validate"}}}, {{"name", "gate"}}}}};
  EXPECT_EQ(ToYaml(json),
            "kind: Workflow\nretries: 2\nsuspended: false\nnothing: ~\nempty: {}\ntasks:\n  - name: train\n"
            "    after: [ingest, validate]\n  - name: gate\n");
}

TEST(ToYaml, QuotesWhatAReaderCouldTakeForSomethingElse) {
  EXPECT_EQ(ToYaml(Json{{"a", "0 3 * * *"}, {"b", "no"}, {"c", "2"}, {"d", "Null"}, {"e", ""}, {"on", "a: b # c"}}),
            "a: \"0 3 * * *\"\nb: \"no\"\nc: \"2\"\nd: \"Null\"\ne: \"\"\n\"on\": \"a: b # c\"\n");
  EXPECT_EQ(ToYaml(Json{{"image", "host:5000/team/roost:1.0"}, {"at", "/srv/a"}}),
            "image: \"host:5000/team/roost:1.0\"\nat: /srv/a\n");
}

TEST(ToYaml, AnyTextComesBackAsAText) {
  const std::string alphabet[] = {"a", "Z",  "0",  "-",  ":", " ",  "#",  "'", "\"",     "\\", "{",
                                  "}", "[",  "]",  ",",  "&", "*",  "!",  "|", ">",      "%",  "@",
                                  "`", "\n", "\t", "\r", "é", "漢", "😀", "~", "\u0085", "?"};
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string key, value;
    for (size_t j = random() % 9; j > 0; --j) value += alphabet[random() % std::size(alphabet)];
    for (size_t j = random() % 9; j > 0; --j) key += alphabet[random() % std::size(alphabet)];
    const std::string yaml = ToYaml(Json{{"first", {{key, {value, value}}}}, {"last", 1}});
    const absl::StatusOr<YamlNode> read = YamlNode::Parse(yaml, "x");
    ASSERT_TRUE(read.ok()) << read.status() << "\n" << yaml;
    ASSERT_EQ(read->Members().size(), 2U) << yaml;
    const YamlNode::Member member = read->Members()[0].value.Members()[0];
    EXPECT_EQ(member.name, key) << yaml;
    ASSERT_EQ(member.value.Elements().size(), 2U) << yaml;
    for (const YamlNode& element : member.value.Elements()) {
      EXPECT_TRUE(element.IsScalar()) << yaml;
      EXPECT_EQ(element.scalar(), value) << yaml;
    }
  }
}

}  // namespace
}  // namespace roost
