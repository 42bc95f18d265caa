#include "pipeline/step_key.h"

#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::pipeline {
namespace {

using testing::ElementsAre;
using testing::Key;

StepKey TrainKey() {
  return {.step = Step::kTrain,
          .configuration = {{"model.label", "delay > 15"}, {"model.trainer.l2", "1.0"}},
          .inputs = {{"data", {"flights@1", "aa"}}},
          .chosen = {{"parent", {"late@1", "bb"}}}};
}

TEST(StepKey, TheHashIsOfAllThatDecides) {
  const std::vector<std::function<void(StepKey&)>> changes{
      [](StepKey& key) { key.step = Step::kEvaluate; },
      [](StepKey& key) { key.program = 2; },
      [](StepKey& key) { key.configuration["model.trainer.l2"] = "2.0"; },
      [](StepKey& key) { key.configuration.erase("model.label"); },
      [](StepKey& key) { key.inputs["data"].id = "ab"; },
      [](StepKey& key) { key.inputs["more"] = {}; },
      [](StepKey& key) { key.chosen["parent"].id = "bc"; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    StepKey key = TrainKey();
    changes[i](key);
    EXPECT_NE(key.Hash(), TrainKey().Hash()) << i;
    EXPECT_EQ(key.LookupHash() == TrainKey().LookupHash(), i + 1 == changes.size()) << i;
  }
}

TEST(StepKey, NamesAreForPeople) {
  StepKey key = TrainKey();
  key.inputs["data"].name = "trips@7";
  EXPECT_EQ(key.Hash(), TrainKey().Hash());
}

// The hashes are kept in databases: another one makes every step of every project anew.
TEST(StepKey, TheHashStaysAsItIs) { EXPECT_EQ(TrainKey().LookupHash().ToHex().substr(0, 16), "144ef8961fd53712"); }

TEST(StepKey, ComesBackFromJson) {
  const auto key = StepKey::FromJson(TrainKey().ToJson());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(*key, TrainKey());
}

TEST(StepKey, OtherJsonIsDamage) {
  const Json whole = TrainKey().ToJson();
  for (const auto& [member, value] : whole.items()) {
    Json json = whole;
    json[member] = Json::array({1});
    EXPECT_EQ(StepKey::FromJson(json).status().code(), absl::StatusCode::kDataLoss) << member;
    json.erase(member);
    EXPECT_EQ(StepKey::FromJson(json).status().code(), absl::StatusCode::kDataLoss) << member;
  }
  Json json = whole;
  json["inputs"]["data"].erase("id");
  EXPECT_FALSE(StepKey::FromJson(json).ok());
  json = whole;
  json["configuration"]["model.label"] = 1;
  EXPECT_FALSE(StepKey::FromJson(json).ok());
  json = whole;
  json["step"] = "trane";
  EXPECT_FALSE(StepKey::FromJson(json).ok());
  EXPECT_FALSE(StepKey::FromJson(Json(nullptr)).ok());
}

TEST(StepKey, EachStepReadsItsPartOfTheConfiguration) {
  const Configuration all{{"assert[0].that", "rows > 1"},
                          {"data.gate", "warn"},
                          {"data.source[0]", "a.csv"},
                          {"dataset", "flights"},
                          {"model.evaluation.min_rows", "10"},
                          {"model.gate.confidence", "0.9"},
                          {"model.gated", "1"},
                          {"model.trainer.l2", "1"},
                          {"model.tune.trials", "3"},
                          {"serve.port", "80"}};
  EXPECT_THAT(ConfigurationOf(Step::kIngest, all), ElementsAre(Key("data.source[0]"), Key("dataset")));
  EXPECT_THAT(ConfigurationOf(Step::kValidate, all), ElementsAre(Key("data.gate")));
  EXPECT_THAT(ConfigurationOf(Step::kTrain, all), ElementsAre(Key("model.gated"), Key("model.trainer.l2")));
  EXPECT_THAT(ConfigurationOf(Step::kAssert, all),
              ElementsAre(Key("assert[0].that"), Key("model.gated"), Key("model.trainer.l2")));
  EXPECT_THAT(ConfigurationOf(Step::kEvaluate, all), ElementsAre(Key("model.evaluation.min_rows")));
  EXPECT_THAT(ConfigurationOf(Step::kGate, all),
              ElementsAre(Key("model.evaluation.min_rows"), Key("model.gate.confidence")));
  EXPECT_THAT(ConfigurationOf(Step::kRelease, all), ElementsAre());
}

TEST(StepKey, ChangesAreTold) {
  const auto explained = [](const std::function<void(StepKey&)>& change) {
    StepKey now = TrainKey();
    change(now);
    return ExplainChange(TrainKey(), now);
  };
  EXPECT_EQ(explained([](StepKey&) {}), "nothing changed");
  EXPECT_EQ(explained([](StepKey& key) { key.chosen.clear(); }), "nothing changed");
  EXPECT_EQ(explained([](StepKey& key) { key.configuration["model.trainer.l2"] = "2"; }),
            "configuration changed (model.trainer.l2), data the same");
  EXPECT_EQ(explained([](StepKey& key) { key.configuration.erase("model.label"); }),
            "configuration changed (model.label), data the same");
  EXPECT_EQ(explained([](StepKey& key) {
              for (const char* name : {"a", "b", "c", "d", "e"}) key.configuration[name] = "1";
            }),
            "configuration changed (a, b, c and 2 more), data the same");
  EXPECT_EQ(explained([](StepKey& key) {
              key.inputs["data"] = {"flights@2", "cc"};
            }),
            "data changed (flights@1 -> flights@2), configuration the same");
  EXPECT_EQ(explained([](StepKey& key) { key.inputs["data"].id = "cc"; }), "data changed, configuration the same");
  EXPECT_EQ(explained([](StepKey& key) {
              key.inputs["program"] = {"train.py", "dd"};
            }),
            "program changed (none -> train.py), configuration and data the same");
  EXPECT_EQ(explained([](StepKey& key) { key.program = 2; }),
            "this program does it in another way, configuration and data the same");
}

}  // namespace
}  // namespace roost::pipeline
