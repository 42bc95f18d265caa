#include "train/xgboost_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "absl/status/status.h"
#include "base/json.h"
#include "base/thread_pool.h"
#include "predict/trees.h"
#include "train/boosted_trees_test_data.h"

namespace roost::train {
namespace {

using predict::Task;
using testing::HasSubstr;

std::string SmallModel() {
  ThreadPool pool(1);
  TreesOptions options = TestOptions(Task::kBinary, 2);
  options.max_depth = 3;
  const TestRows rows = MakeTestRows(Task::kBinary, 300, 1);
  return FitTrees(rows.View(), nullptr, options, nullptr, {.pool = &pool}).value().xgboost_model;
}

TEST(XgboostModelTest, RefusesOtherObjectivesAndBoosters) {
  const Json model = ParseJson(SmallModel(), "model").value();
  const auto expect = [&](const char* pointer, const Json& value, const char* message) {
    Json json = model;
    json[Json::json_pointer(pointer)] = value;
    const auto read = ReadXgboostModel(ToLine(json));
    EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << message;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(message));
  };
  const std::string tree = "/learner/gradient_booster/model/trees/0";
  expect("/learner/objective/name", "reg:gamma", "the objective 'reg:gamma'");
  expect("/learner/gradient_booster/name", "dart", "is a 'dart'");
  expect("/learner/learner_model_param/base_score", "[abc]", "cannot read the base score");
  expect("/learner/learner_model_param/num_feature", "", "has '' features");
  expect("/learner/gradient_booster/model/tree_info", Json::array({0}), "'tree_info' does not fit");
  expect((tree + "/left_children/0").c_str(), 99, "has the child 99");
  expect((tree + "/left_children/0").c_str(), 0, "more than one parent");
  expect((tree + "/left_children/0").c_str(), "x", "'left_children' holds something else");
  expect((tree + "/split_conditions").c_str(), Json::array({1}), "do not fit");
  expect((tree + "/split_type").c_str(), nullptr, "'split_type' is no array");
  EXPECT_THAT(std::string(ReadXgboostModel("nonsense").status().message()), HasSubstr("is no JSON"));
}

// Replaces one value anywhere at random.
void Mutate(Json& json, std::mt19937_64& random) {
  Json* at = &json;
  while (at->is_structured() && !at->empty()) {
    auto child = at->begin();
    std::advance(child, static_cast<std::ptrdiff_t>(random() % at->size()));
    at = &*child;
    if (random() % 20 == 0) break;
  }
  const Json others[] = {-1,  0,    1,       2,  5,   1 << 24, 2147483647, int64_t{1} << 40, ~uint64_t{0},
                         0.5, 1e39, nullptr, "", "3", "[1]",   true,       Json::array(),    Json::object()};
  *at = others[random() % std::size(others)];
}

TEST(XgboostModelTest, NoJsonCrashesOrLoops) {
  const Json good = ParseJson(SmallModel(), "model").value();
  std::vector<ParentFeature> features(4);
  for (int32_t i = 0; i < 4; ++i) features[static_cast<size_t>(i)].feature = 3 - i;
  features[2].categories = {0, -1, 1};
  std::mt19937_64 random(3);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    Json json = good;
    for (uint64_t changes = random() % 3 + 1; changes > 0; --changes) Mutate(json, random);
    const std::string text = ToLine(json);
    const auto model = ReadXgboostModel(text);
    if (!model.ok() || !predict::TreesPredictor::Make(*model).ok()) ++refused;
    MapXgboostModel(text, features, 4, kTestCategories).status().IgnoreError();
    BlendXgboostLeaves(ToLine(good), text, 0.5).status().IgnoreError();
  }
  EXPECT_GT(refused, 500);
  EXPECT_LT(refused, 3000);
}

}  // namespace
}  // namespace roost::train
