#include "pipeline/trainer_events.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// All that a reader tells of some bytes.
struct Told {
  std::vector<std::string> events;
  std::string log;
};

std::string Text(const TrainerEvent& event) {
  if (const auto* progress = std::get_if<TrainerProgress>(&event)) {
    return std::to_string(progress->step) + "/" + std::to_string(progress->steps) +
           (progress->loss.has_value() ? " " + std::to_string(*progress->loss) : "");
  }
  if (const auto* metric = std::get_if<TrainerMetric>(&event)) return metric->name;
  return std::get<TrainerMessage>(event).text;
}

Told Read(TrainerEvents& events, const std::string& bytes, size_t piece) {
  Told told;
  const auto log = [&told](std::string_view text) { told.log += text; };
  const auto on_event = [&told](const TrainerEvent& event) { told.events.push_back(Text(event)); };
  for (size_t at = 0; at < bytes.size(); at += piece) {
    events.Append(std::string_view(bytes).substr(at, piece), log, on_event);
  }
  events.Finish(log, on_event);
  return told;
}

TEST(TrainerEvents, AreTheLinesOfTheContract) {
  const auto progress = ParseTrainerEvent(R"({"progress": {"step": 3, "steps": 10, "loss": 0.5}})");
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(Text(*progress), "3/10 0.500000");
  EXPECT_EQ(Text(*ParseTrainerEvent(R"({"progress": {"step": 3}})")), "3/0");
  EXPECT_EQ(Text(*ParseTrainerEvent(R"({"message": "two\twords"})")), "two\\x09words");
  const auto metric = ParseTrainerEvent(R"({"metric": {"name": "auc", "value": 0.75}})");
  ASSERT_TRUE(metric.has_value());
  EXPECT_EQ(std::get<TrainerMetric>(*metric).value, 0.75);
}

TEST(TrainerEvents, WhatIsNoEventBelongsToTheLog) {
  for (const char* line :
       {"", "epoch 1", "{", "{}", "[1]", "null", R"({"progress": 3})", R"({"progress": {}})",
        R"({"metric": {"name": "a"}})", R"({"metric": {"name": "", "value": 1}})",
        R"({"metric": {"name": "a", "value": NaN}})", R"({"metric": {"name": "a", "value": 1e999}})",
        R"({"message": 3})", R"({"message": "a", "metric": 1})", R"({"other": 1})", "{\"message\": \"\xff\"}"}) {
    EXPECT_FALSE(ParseTrainerEvent(line).has_value()) << line;
  }
}

TEST(TrainerEvents, NumbersThatCannotBeAreZero) {
  EXPECT_EQ(Text(*ParseTrainerEvent(R"({"progress": {"step": -3, "steps": "ten", "loss": "low"}})")), "0/0");
  EXPECT_EQ(Text(*ParseTrainerEvent(R"({"progress": {"step": 18446744073709551615, "steps": 2.5}})")),
            "9223372036854775807/0");
}

TEST(TrainerEvents, TheSameForAnyPieces) {
  const std::string bytes =
      "hello\n{\"message\": \"a\"}\n{\"metric\": {\"name\": \"auc\", \"value\": 1}}\n\ngarbage \xff\n"
      "{\"metric\": {\"name\": \"auc\", \"value\": 2}}\nno line feed";
  for (const size_t piece : {1UL, 3UL, 7UL, bytes.size()}) {
    TrainerEvents events;
    const Told told = Read(events, bytes, piece);
    EXPECT_THAT(told.events, ElementsAre("a", "auc", "auc")) << piece;
    EXPECT_EQ(told.log, "hello\n\ngarbage \xff\nno line feed\n") << piece;
    EXPECT_THAT(events.metrics(), ElementsAre(Pair("auc", 2.0))) << piece;
  }
}

TEST(TrainerEvents, OfManyStepsInOnePieceTheLastIsTold) {
  std::string bytes;
  for (int step = 1; step <= 100; ++step) bytes += "{\"progress\": {\"step\": " + std::to_string(step) + "}}\n";
  TrainerEvents events;
  EXPECT_THAT(Read(events, bytes, bytes.size()).events, ElementsAre("100/0"));
}

TEST(TrainerEvents, ALineThatIsTooLongIsNoEventAndTheNextOneIs) {
  const std::string longer = "{\"message\": \"" + std::string(TrainerEvents::kMaxLineBytes, 'x') + "\"}";
  for (const size_t piece : {1000UL, 2 * longer.size()}) {
    TrainerEvents events;
    const Told told = Read(events, longer + "\n{\"message\": \"next\"}\n", piece);
    EXPECT_THAT(told.events, ElementsAre("next"));
    EXPECT_EQ(told.log, longer + "\n");
  }
}

TEST(TrainerEvents, MetricsAndMessagesAreLimited) {
  std::string bytes;
  for (size_t i = 0; i <= TrainerEvents::kMaxMetrics; ++i) {
    bytes += "{\"metric\": {\"name\": \"m" + std::to_string(i) + "\", \"value\": 1}}\n";
  }
  for (size_t i = 0; i <= TrainerEvents::kMaxMessages; ++i) bytes += "{\"message\": \"again\"}\n";
  TrainerEvents events;
  const Told told = Read(events, bytes, 4096);
  EXPECT_EQ(told.events.size(), TrainerEvents::kMaxMetrics + TrainerEvents::kMaxMessages);
  EXPECT_EQ(events.metrics().size(), TrainerEvents::kMaxMetrics);
  EXPECT_EQ(told.log, "{\"metric\": {\"name\": \"m1000\", \"value\": 1}}\n{\"message\": \"again\"}\n");
}

TEST(TrainerEvents, DeepNestingIsSurvived) {
  EXPECT_FALSE(ParseTrainerEvent("{\"message\": " + std::string(60000, '[')).has_value());
  EXPECT_FALSE(
      ParseTrainerEvent("{\"message\": " + std::string(30000, '[') + std::string(30000, ']') + "}").has_value());
}

}  // namespace
}  // namespace roost::pipeline
