#include "config/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/project.h"

namespace roost::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<ProjectConfig> Parse(std::string_view hooks) {
  return ParseProject("project: p\ndataset: d\n" + std::string(hooks), "roost.yaml");
}

TEST(Hooks, AProgramAndAServerAreRead) {
  const auto project = Parse(
      "hooks:\n"
      "  - on: [promoted, rolled_back]\n    url: https://me:hush@chat.example/hook?token=1\n    secret: s\n    tries: "
      "2\n"
      "  - name: page\n    on: [run_failed]\n    run: [tools/page, --now]\n    timeout_seconds: 0.5\n");
  ASSERT_TRUE(project.ok()) << project.status();
  ASSERT_EQ(project->hooks.size(), 2u);
  EXPECT_THAT(project->hooks[0].on, ElementsAre(HookEvent::kPromoted, HookEvent::kRolledBack));
  EXPECT_EQ(project->hooks[0].Id(), "https://chat.example/hook");
  EXPECT_EQ(project->hooks[0].tries, 2);
  EXPECT_THAT(project->hooks[1].run, ElementsAre("tools/page", "--now"));
  EXPECT_EQ(project->hooks[1].Id(), "page");
  EXPECT_EQ(project->hooks[1].timeout_seconds, 0.5);
}

TEST(Hooks, MistakesAreToldWithTheirPlace) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"hooks:\n  - on: [promotd]\n    run: [a]\n", "roost.yaml:4: "},
      {"hooks:\n  - on: []\n    run: [a]\n", "roost.yaml:4: want a list of events"},
      {"hooks:\n  - on: [judged, judged]\n    run: [a]\n", "twice"},
      {"hooks:\n  - on: [judged]\n", "wants either 'run' or 'url'"},
      {"hooks:\n  - on: [judged]\n    run: [a]\n    url: https://b\n", "wants either 'run' or 'url'"},
      {"hooks:\n  - on: [judged]\n    url: ftp://b\n", "roost.yaml:5: no URL of a server"},
      {"hooks:\n  - on: [judged]\n    run: [a]\n    secret: s\n", "go with 'url'"},
      {"hooks:\n  - {on: [judged], run: [a]}\n  - {on: [deleted], run: [a]}\n", "two that are called 'a'"}};
  for (const auto& [text, message] : cases) {
    const auto project = Parse(text);
    ASSERT_FALSE(project.ok()) << text;
    EXPECT_THAT(std::string(project.status().message()), HasSubstr(message)) << text;
  }
}

TEST(Hooks, ConsumersOfAModelAreRead) {
  const std::string model =
      "model:\n  name: m\n  label: a\n  split: {by: hash, key: [b]}\n  features: auto\n  consumers:\n";
  const auto project = Parse(model + "    shop: {contact: shop@example.com, why: ranks offers}\n    audit: {}\n");
  ASSERT_TRUE(project.ok()) << project.status();
  ASSERT_EQ(project->model->consumers.size(), 2u);
  EXPECT_EQ(project->model->consumers.at("shop").contact, "shop@example.com");
  EXPECT_EQ(project->model->consumers.at("shop").why, "ranks offers");
  EXPECT_THAT(std::string(Parse(model + "    'a b': {}\n").status().message()), HasSubstr("roost.yaml:9: "));
  EXPECT_THAT(std::string(Parse(model + "    a: {wy: x}\n").status().message()), HasSubstr("unknown key 'wy'"));
}

}  // namespace
}  // namespace roost::config
