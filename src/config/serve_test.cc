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
  EXPECT_TRUE(serve->models.at("a").versions.all);
  EXPECT_EQ(serve->models.at("a").versions.latest, 0);
  EXPECT_THAT(serve->models.at("b").versions.versions, ElementsAre(3, 1));
  EXPECT_EQ(serve->models.at("c").versions.latest, 2);
  EXPECT_THAT(serve->models.at("c").versions.aliases, ElementsAre("champion"));
  EXPECT_THAT(serve->models.at("c").versions.versions, ElementsAre(7));
  EXPECT_EQ(serve->models.at("d").versions.latest, 1);
  EXPECT_EQ(serve->watch_seconds, 0.5);
  EXPECT_EQ(serve->memory_mb, 200);
  EXPECT_TRUE(serve->evict);
  EXPECT_EQ(serve->access_log, "log/access.jsonl");
  EXPECT_EQ(serve->access_log_sample, 0.25);
}

TEST(Serve, AModelHasItsQueueAndItsBatches) {
  const auto serve = Parse(R"(models:
  slow:
    queue: workers
    intra_op_threads: 2
    batching:
      max_batch_size: 16
      preferred_batch_size: [8, 4]
      max_queue_delay_microseconds: 500
      max_queue_size: 100
      default_timeout_microseconds: 250000
  quick: {queue: inline}
  other: {}
workers: 3
max_queue_ms: 50
)");
  ASSERT_TRUE(serve.ok()) << serve.status();
  const ServedModel& slow = serve->models.at("slow");
  EXPECT_EQ(slow.queue, ServedModel::Queue::kWorkers);
  EXPECT_EQ(slow.versions.latest, 1);
  EXPECT_EQ(slow.intra_op_threads, 2);
  EXPECT_EQ(slow.batching.max_batch_size, 16);
  EXPECT_THAT(slow.batching.preferred_batch_size, ElementsAre(4, 8));
  EXPECT_EQ(slow.batching.max_queue_delay_microseconds, 500);
  EXPECT_EQ(slow.batching.max_queue_size, 100);
  EXPECT_EQ(slow.batching.default_timeout_microseconds, 250'000);
  EXPECT_EQ(serve->models.at("quick").queue, ServedModel::Queue::kInline);
  EXPECT_EQ(serve->models.at("other").queue, ServedModel::Queue::kAuto);
  EXPECT_EQ(serve->models.at("other").batching.max_batch_size, 64);
  EXPECT_EQ(serve->workers, 3);
  EXPECT_EQ(serve->max_queue_ms, 50);
}

TEST(Serve, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(Refusal("models:\n  a: {versions: some}\n"), HasSubstr("roost.yaml:2: want all, a list"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: [0]}\n"), HasSubstr("roost.yaml:2"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: [1, 1]}\n"), HasSubstr("twice"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: []}\n"), HasSubstr("one version number or more"));
  EXPECT_THAT(Refusal("models:\n  a: {versions: {latest: 0}}\n"),
              HasSubstr("roost.yaml:2: want a whole number from 1"));
  EXPECT_THAT(Refusal("models:\n  a: {version: all}\n"), HasSubstr("unknown key 'version'"));
  EXPECT_THAT(Refusal("models:\n  a: {queue: fast}\n"), HasSubstr("roost.yaml:2: want one of auto, inline, workers"));
  EXPECT_THAT(Refusal("models:\n  a:\n    batching: {max_batch_size: 0}\n"),
              HasSubstr("roost.yaml:3: want a whole number from 1"));
  EXPECT_THAT(Refusal("models:\n  a:\n    batching: {preferred_batch_size: []}\n"), HasSubstr("one number of rows"));
  EXPECT_THAT(Refusal("models:\n  a: {intra_op_threads: 0}\n"), HasSubstr("roost.yaml:2: want a whole number from 1"));
  EXPECT_THAT(Refusal("max_queue_ms: 0\n"), HasSubstr("roost.yaml:1: want a whole number from 1"));
  EXPECT_THAT(Refusal("models:\n  a b: {}\n"), HasSubstr("is no name"));
  EXPECT_THAT(Refusal("models: []\n"), HasSubstr("want a mapping"));
  EXPECT_THAT(Refusal("access_log_sample: 1.5\n"), HasSubstr("roost.yaml:1: want a number from 0"));
  EXPECT_THAT(Refusal("watch_seconds: 0\n"), HasSubstr("roost.yaml:1: want a number from 0.05"));
}

}  // namespace
}  // namespace roost::config
