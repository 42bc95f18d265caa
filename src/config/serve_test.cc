#include "config/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<ServeConfig> Parse(const std::string& text) { return DeclareServe().Parse(text, "roost.yaml"); }

std::string Refusal(const std::string& text) { return std::string(Parse(text).status().message()); }

TEST(Serve, VersionsAreNamedInEveryWay) {
  const auto serve = Parse(R"(models:
  a: {versions: all}
  b: {versions: [3, 1]}
  c: {versions: {latest: 2, aliases: [champion], numbers: [7]}}
  d: {}
watch_seconds: 0.5
memory_mb: 200
evict: true
access_log: log/access.jsonl
access_log_sample: 0.25
)");
  ASSERT_TRUE(serve.ok()) << serve.status();
  EXPECT_TRUE(serve->models.at("a").all);
  EXPECT_EQ(serve->models.at("a").latest, 0);
  EXPECT_THAT(serve->models.at("b").versions, ElementsAre(3, 1));
  EXPECT_EQ(serve->models.at("c").latest, 2);
  EXPECT_THAT(serve->models.at("c").aliases, ElementsAre("champion"));
  EXPECT_THAT(serve->models.at("c").versions, ElementsAre(7));
  EXPECT_EQ(serve->models.at("d").latest, 1);
  EXPECT_EQ(serve->watch_seconds, 0.5);
  EXPECT_EQ(serve->memory_mb, 200);
  EXPECT_TRUE(serve->evict);
  EXPECT_EQ(serve->access_log, "log/access.jsonl");
  EXPECT_EQ(serve->access_log_sample, 0.25);
}

TEST(Serve, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(Refusal("models:\n  a: {versions: some}\n"), HasSubstr("roost.yaml:2: want all, a list"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: [0]}\n"), HasSubstr("roost.yaml:2"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: [1, 1]}\n"), HasSubstr("twice"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: []}\n"), HasSubstr("one version number or more"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: {latest: 0}}\n"),
              HasSubstr("roost.yaml:2: want a whole number from 1"));
  EXPECT_THAT(Refusal("models:\n  a: {version: all}\n"), HasSubstr("unknown key 'version'"));
  EXPECT_THAT(Refusal("models:\n  a b: {}\n"), HasSubstr("is no name"));
  EXPECT_THAT(Refusal("models: []\n"), HasSubstr("want a mapping"));
  EXPECT_THAT(Refusal("access_log_sample: 1.5\n"), HasSubstr("roost.yaml:1: want a number from 0"));
  EXPECT_THAT(Refusal("watch_seconds: 0\n"), HasSubstr("roost.yaml:1: want a number from 0.05"));
}

}  // namespace
}  // namespace roost::config
