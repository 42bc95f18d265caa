#include "config/training_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ModelConfig Named(const std::string& name, std::map<std::string, std::string> scores = {}) {
  ModelConfig model;
  model.name = name;
  model.scores = std::move(scores);
  return model;
}

TEST(TrainingOrder, ModelsFollowThoseWhoseScoresTheyTake) {
  const std::vector<ModelConfig> models{Named("c", {{"x", "b@champion"}}), Named("a"), Named("b", {{"y", "a@2"}})};
  EXPECT_THAT(*TrainingOrder(models), ElementsAre("a", "b", "c"));
}

TEST(TrainingOrder, WithoutScoresItIsTheOrderOfTheFile) {
  const std::vector<ModelConfig> models{Named("b"), Named("a"), Named("c")};
  EXPECT_THAT(*TrainingOrder(models), ElementsAre("b", "a", "c"));
}

TEST(TrainingOrder, ModelsOfOtherProjectsAreThere) {
  const std::vector<ModelConfig> models{Named("a", {{"x", "elsewhere"}})};
  EXPECT_THAT(*TrainingOrder(models), ElementsAre("a"));
}

TEST(TrainingOrder, ACircleIsNamed) {
  const std::vector<ModelConfig> models{Named("a", {{"x", "b"}}), Named("b", {{"y", "a"}}), Named("c")};
  const absl::Status bad = TrainingOrder(models).status();
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(bad.message()), HasSubstr("a, b wait for each other's scores"));
  EXPECT_FALSE(TrainingOrder(std::vector{Named("a", {{"x", "a@1"}})}).ok());
}

TEST(TrainingOrder, TwoModelsOfOneNameAreRefused) {
  EXPECT_FALSE(TrainingOrder(std::vector{Named("a"), Named("a")}).ok());
}

}  // namespace
}  // namespace roost::config
