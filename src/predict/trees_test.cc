// That the outputs are XGBoost's own to the bit is tested in train/trees_oracle_test.cc, where XGBoost is at hand.
#include "predict/trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "absl/status/status.h"
#include "predict/parse.h"

namespace roost::predict {
namespace {

using testing::HasSubstr;
using transform::FeatureVector;

// x0 < 0.5, missing right; below it on the right x2 in {1, 33}, missing left.
Tree SmallTree(int32_t output = 0) {
  return {.output = output,
          .nodes = {{.feature = 0, .value = 0.5F, .left = 1, .right = 2},
                    {.value = -1.5F},
                    {.feature = 2, .left = 3, .right = 4, .missing_left = true, .categories = {1, 33}},
                    {.value = 0.25F},
                    {.value = 2.0F}}};
}

TreesModel SmallModel() {
  return {.task = Task::kNumber,
          .num_features = 3,
          .base_margins = {0.1F},
          .trees = {SmallTree(), {.nodes = {{.value = 0.125F}}}},
          .gains = {{0, 7.5}, {2, 9.5}}};
}

double Score(const TreesPredictor& predictor, std::vector<std::pair<int32_t, double>> entries) {
  FeatureVector features;
  for (const auto& [index, value] : entries) features.Add(index, value);
  std::vector<double> outputs(static_cast<size_t>(predictor.num_outputs()));
  predictor.Score(features, outputs);
  return outputs.front();
}

TEST(TreesTest, FollowsThresholdsCategoriesAndMissingValues) {
  const auto predictor = TreesPredictor::Make(SmallModel()).value();
  const double left = 0.1F + -1.5F + 0.125F;
  const double other = 0.1F + 0.25F + 0.125F;
  const double in_set = 0.1F + 2.0F + 0.125F;
  EXPECT_EQ(Score(*predictor, {{0, 0.4}, {2, 1}}), left);
  EXPECT_EQ(Score(*predictor, {{0, 0.5}, {2, 1}}), in_set);
  EXPECT_EQ(Score(*predictor, {{0, 0.5}, {2, 33.9}}), in_set);
  for (const double code : {0.0, 2.0, 32.0, 34.0, 64.0, 1e9, -1.0, -0.5, std::nan("")}) {
    EXPECT_EQ(Score(*predictor, {{0, 0.5}, {1, 3}, {2, code}}), other) << code;
  }
  EXPECT_EQ(Score(*predictor, {{0, 0.5}}), other);
  EXPECT_EQ(Score(*predictor, {{2, 33}}), in_set);
  EXPECT_EQ(Score(*predictor, {}), other);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Score(*predictor, {{0, -infinity}}), left);
  EXPECT_EQ(Score(*predictor, {{0, -1e300}}), left);
  EXPECT_EQ(Score(*predictor, {{0, infinity}, {2, infinity}}), other);
}

// Sixteen trees descend in step, the last one alone; sums are in the order of the trees.
TEST(TreesTest, AddsLeavesInFloatsInOrder) {
  TreesModel model{.task = Task::kNumber, .num_features = 1, .base_margins = {1.0F}};
  float expected = 1.0F;
  for (int i = 0; i < 17; ++i) {
    const auto leaf = static_cast<float>(std::pow(0.3, i));
    Tree tree;
    if (i % 3 == 0) {
      tree.nodes = {{.value = leaf}};
    } else {
      tree.nodes = {{.feature = 0, .value = 0, .left = 1, .right = 2}, {.value = -1}, {.value = leaf}};
    }
    model.trees.push_back(tree);
    expected += leaf;
  }
  EXPECT_EQ(Score(*TreesPredictor::Make(model).value(), {{0, 2.5}}), expected);
}

TEST(TreesTest, OutputsAreWhatTheTaskAsksFor) {
  TreesModel model{.task = Task::kBinary, .num_features = 1, .base_margins = {0.75F}};
  EXPECT_NEAR(Score(*TreesPredictor::Make(model).value(), {}), 1 / (1 + std::exp(-0.75)), 1e-7);
  model.task = Task::kCounts;
  EXPECT_NEAR(Score(*TreesPredictor::Make(model).value(), {}), std::exp(0.75), 1e-6);
  model.task = Task::kClasses;
  model.base_margins = {0, 1, 3};
  const auto classes = TreesPredictor::Make(model).value();
  std::vector<double> outputs(3);
  classes->Score({}, outputs);
  const double sum = 1 + std::exp(1) + std::exp(3);
  EXPECT_NEAR(outputs[0], 1 / sum, 1e-7);
  EXPECT_NEAR(outputs[1], std::exp(1) / sum, 1e-7);
  EXPECT_NEAR(outputs[2], std::exp(3) / sum, 1e-7);
}

TEST(TreesTest, ImportanceCountsSplitsAndOrdersByGain) {
  const auto predictor = TreesPredictor::Make(SmallModel()).value();
  const std::vector<FeatureImportance> expected{{.feature = 2, .splits = 1, .gain = 9.5},
                                                {.feature = 0, .splits = 1, .gain = 7.5}};
  EXPECT_EQ(predictor->Importance(), expected);
}

TEST(TreesTest, ScratchIsLeftCleanForOtherModels) {
  const auto small = TreesPredictor::Make(SmallModel()).value();
  TreesModel wide{.task = Task::kNumber, .num_features = 100, .base_margins = {0}};
  for (int32_t f = 0; f < 100; ++f) {
    wide.trees.push_back({.nodes = {{.feature = f, .value = 0, .left = 1, .right = 2}, {.value = 1}, {.value = 2}}});
  }
  const auto all = TreesPredictor::Make(wide).value();
  const double before = Score(*small, {});
  std::vector<std::pair<int32_t, double>> full;
  for (int32_t f = 0; f < 100; ++f) full.emplace_back(f, -1);
  EXPECT_EQ(Score(*all, full), 100);
  EXPECT_EQ(Score(*all, {}), 200);
  EXPECT_EQ(Score(*small, {}), before);
}

TEST(TreesTest, ThreadsDoNotDisturbEachOther) {
  const auto predictor = TreesPredictor::Make(SmallModel()).value();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const double expected = Score(*predictor, {{0, t % 2 == 0 ? 0.0 : 1.0}});
      for (int i = 0; i < 2000; ++i) wrong[t] += Score(*predictor, {{0, t % 2 == 0 ? 0.0 : 1.0}}) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(TreesTest, JsonIsReadableAndReadsBackTheSame) {
  const auto predictor = TreesPredictor::Make(SmallModel()).value();
  EXPECT_EQ(ToLine(predictor->ToJson()),
            R"({"kind":"trees","task":"number","num_features":3,"base_margins":[0.1],"gains":[[0,7.5],[2,9.5]],)"
            R"("trees":[{"output":0,"features":[0,-1,2,-1,-1],"values":[0.5,-1.5,0.0,0.25,2.0],"missing":"rl",)"
            R"("categories":[[2,1,33]]},{"output":0,"features":[-1],"values":[0.125],"missing":""}]})");
  const auto read = ParsePredictor(predictor->ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(dynamic_cast<const TreesPredictor&>(**read).Model(), SmallModel());
}

// Children anywhere, and nodes that nothing leads to: laid out level by level.
TEST(TreesTest, LaysTreesOutLevelByLevel) {
  TreesModel model = SmallModel();
  model.trees[0].nodes = {{.feature = 0, .value = 0.5F, .left = 5, .right = 1},
                          {.feature = 2, .left = 4, .right = 3, .missing_left = true, .categories = {1, 33}},
                          {.feature = 1, .value = 1, .left = 77, .right = -9},
                          {.value = 2.0F},
                          {.value = 0.25F},
                          {.value = -1.5F}};
  const auto predictor = TreesPredictor::Make(model);
  ASSERT_TRUE(predictor.ok()) << predictor.status();
  EXPECT_EQ((*predictor)->Model(), SmallModel());
}

TEST(TreesTest, RefusesWhatIsNoForest) {
  const auto expect = [](const std::function<void(TreesModel&)>& spoil, const char* message) {
    TreesModel model = SmallModel();
    spoil(model);
    const auto made = TreesPredictor::Make(model);
    EXPECT_TRUE(absl::IsInvalidArgument(made.status())) << message;
    EXPECT_THAT(std::string(made.status().message()), HasSubstr(message));
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  expect([](TreesModel& m) { m.num_features = 0; }, "0 features");
  expect(
      [](TreesModel& m) {
        m.num_features = 2;
        m.gains = {};
      },
      "node 2: trees predictor: feature 2; there are 2");
  expect([](TreesModel& m) { m.base_margins = {}; }, "0 base margins");
  expect([](TreesModel& m) { m.base_margins = {1, 2}; }, "2 base margins");
  expect([](TreesModel& m) { m.task = Task::kClasses; }, "1 base margins");
  expect([&](TreesModel& m) { m.base_margins = {nan}; }, "a base margin is nan");
  expect([](TreesModel& m) { m.gains[1].feature = 0; }, "the gain of feature 0");
  expect([](TreesModel& m) { m.gains[1].feature = 3; }, "the gain of feature 3");
  expect([](TreesModel& m) { m.trees[1].output = 1; }, "tree 1: trees predictor: output 1");
  expect([](TreesModel& m) { m.trees[1].nodes = {}; }, "tree 1: trees predictor: no nodes");
  expect([](TreesModel& m) { m.trees[0].nodes[0].left = 0; }, "node 0 has two parents");
  expect([](TreesModel& m) { m.trees[0].nodes[2].left = 0; }, "node 0 has two parents");
  expect([](TreesModel& m) { m.trees[0].nodes[2].left = 1; }, "node 1 has two parents");
  expect([](TreesModel& m) { m.trees[0].nodes[2].right = 5; }, "node 2 has the child 5 of 5");
  expect([](TreesModel& m) { m.trees[0].nodes[2].right = -1; }, "node 2 has the child -1 of 5");
  expect([](TreesModel& m) { m.trees[0].nodes[0].feature = -2; }, "feature -2");
  expect([&](TreesModel& m) { m.trees[0].nodes[0].value = nan; }, "a threshold is nan");
  expect([&](TreesModel& m) { m.trees[0].nodes[0].value = -infinity; }, "a threshold is -inf");
  expect([&](TreesModel& m) { m.trees[0].nodes[1].value = nan; }, "a leaf is nan");
  expect([](TreesModel& m) { m.trees[0].nodes[1].value = 2e30F; }, "a leaf is 2e+30");
  expect([](TreesModel& m) { m.trees[0].nodes[2].categories = {2, 2}; }, "category 2 follows 2");
  expect([](TreesModel& m) { m.trees[0].nodes[2].categories = {-1}; }, "category -1");
  expect([](TreesModel& m) { m.trees[0].nodes[2].categories = {1 << 24}; }, "category 16777216");
  Tree deep;
  for (int32_t i = 0; i < 65; ++i) {
    deep.nodes.push_back({.feature = 0, .value = 1, .left = 2 * i + 1, .right = 2 * i + 2});
    deep.nodes.push_back({.value = 1});
    deep.nodes[static_cast<size_t>(2 * i)].left = 2 * i + 2;
    deep.nodes[static_cast<size_t>(2 * i)].right = 2 * i + 1;
  }
  deep.nodes.push_back({.value = 1});
  expect([&](TreesModel& m) { m.trees[0] = deep; }, "deeper than 64");
}

// Replaces one value of `json` at random: by another number, another type, or another size.
void Mutate(Json& json, std::mt19937_64& random) {
  Json* at = &json;
  while (at->is_structured() && !at->empty() && random() % 8 != 0) {
    auto child = at->begin();
    std::advance(child, static_cast<std::ptrdiff_t>(random() % at->size()));
    at = &*child;
  }
  const Json others[] = {
      -1,   0,      1,    2,       3,  33,  16777217, 2147483647, int64_t{1} << 40, ~uint64_t{0},  0.5,
      1e39, -1e300, true, nullptr, "", "l", "lr",     "number",   "classes",        Json::array(), Json::object()};
  if (at->is_array() && !at->empty() && random() % 2 == 0) {
    const size_t element = random() % at->size();
    if (random() % 2 == 0) {
      at->erase(element);
    } else {
      at->push_back((*at)[element]);
    }
  } else {
    *at = others[random() % std::size(others)];
  }
}

// Whatever is changed, it is refused, or it is a forest that scores finitely and is written as it is.
TEST(TreesTest, NoJsonCrashesOrLoops) {
  std::mt19937_64 random(11);
  const Json good = TreesPredictor::Make(SmallModel()).value()->ToJson();
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    Json json = good;
    for (uint64_t changes = random() % 3 + 1; changes > 0; --changes) Mutate(json, random);
    const auto read = TreesPredictor::FromJson(json);
    if (!read.ok()) {
      EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << read.status();
      EXPECT_NE(read.status().message(), "");
      ++refused;
      continue;
    }
    std::vector<std::pair<int32_t, double>> row;
    for (int32_t f = 0; f < std::min((*read)->num_features(), 3); ++f) row.emplace_back(f, 1.0);
    EXPECT_FALSE(std::isnan(Score(**read, row)));
    EXPECT_EQ(TreesPredictor::FromJson((*read)->ToJson()).value()->Model(), (*read)->Model());
  }
  EXPECT_GT(refused, 2500);
  EXPECT_LT(refused, 5000);
}

}  // namespace
}  // namespace roost::predict
