#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "absl/status/status.h"
#include "base/thread_pool.h"
#include "train/boosted_trees.h"
#include "train/boosted_trees_test_data.h"
#include "train/xgboost_library.h"

namespace roost::train {
namespace {

using predict::Task;
using testing::HasSubstr;

class WarmTreesTest : public testing::Test {
 protected:
  TreesFit Fit(const TestRows& rows, const TreesOptions& options, const TreesParent* parent,
               const TestRows* held_out = nullptr) {
    const TrainingRows evaluation = held_out == nullptr ? TrainingRows{} : held_out->View();
    auto fit = FitTrees(rows.View(), held_out == nullptr ? nullptr : &evaluation, options, parent, context_);
    EXPECT_TRUE(fit.ok()) << fit.status();
    return fit.ok() ? *std::move(fit) : TreesFit{};
  }

  // Features in the order 3, 0, gap, 1, 2; categories by another numbering.
  static TestRows Moved(const TestRows& rows) {
    TestRows moved = rows;
    moved.features = {.num_features = 5};
    for (int64_t row = 0; row < rows.features.num_rows(); ++row) {
      std::vector<std::pair<int32_t, double>> entries;
      for (auto e = rows.features.starts[row]; e < rows.features.starts[row + 1]; ++e) {
        const int32_t old = rows.features.indices[e];
        const double value = rows.features.values[e];
        entries.emplace_back(kNewFeature[old], old == 2 ? 20 - value : value);
      }
      std::sort(entries.begin(), entries.end());
      for (const auto& [feature, value] : entries) {
        moved.features.indices.push_back(feature);
        moved.features.values.push_back(value);
      }
      moved.features.starts.push_back(static_cast<int64_t>(moved.features.indices.size()));
    }
    return moved;
  }

  static std::vector<ParentFeature> Map() {
    std::vector<ParentFeature> features(4);
    for (size_t i = 0; i < 4; ++i) features[i].feature = kNewFeature[i];
    for (int32_t code = 0; code < 12; ++code) features[2].categories.push_back(20 - code);
    return features;
  }

  static std::vector<double> Scores(const TreesFit& fit, const TestRows& rows) {
    std::vector<double> scores;
    for (int64_t row = 0; row < rows.features.num_rows(); ++row) {
      transform::FeatureVector vector;
      for (auto e = rows.features.starts[row]; e < rows.features.starts[row + 1]; ++e) {
        vector.Add(rows.features.indices[e], rows.features.values[e]);
      }
      double score = 0;
      fit.predictor->Score(vector, {&score, 1});
      scores.push_back(score);
    }
    return scores;
  }

  static constexpr int32_t kNewFeature[] = {1, 3, 4, 0};

  ThreadPool pool_{1};
  Context context_{.pool = &pool_, .seed = 3};
  TestRows rows_ = MakeTestRows(Task::kBinary, 2000, 1);
  TestRows next_rows_ = MakeTestRows(Task::kBinary, 2000, 2, 0.5);
  TestRows held_out_ = MakeTestRows(Task::kBinary, 2000, 3, 0.5);
  TreesOptions options_ = TestOptions(Task::kBinary, 10);
};

// Ten rounds and ten more are twenty.
TEST_F(WarmTreesTest, ContinuingIsTheSameAsGoingOn) {
  TreesOptions twenty = options_;
  twenty.rounds = 20;
  const TreesFit whole = Fit(rows_, twenty, nullptr);
  const TreesFit first = Fit(rows_, options_, nullptr);
  const TreesParent parent{.xgboost_model = first.xgboost_model};
  const TreesFit second = Fit(rows_, options_, &parent);
  EXPECT_EQ(second.start, TreesStart::kContinue);
  EXPECT_EQ(second.start_reason, "the parent's 10 trees fit today's features");
  EXPECT_EQ(second.parent_trees, 10);
  EXPECT_EQ(second.rounds, 10);
  EXPECT_EQ(second.predictor->num_trees(), 20);
  EXPECT_EQ(second.predictor->Model(), whole.predictor->Model());
}

TEST_F(WarmTreesTest, ContinuesOnTheNextRowsBetterThanFromNothing) {
  const TreesFit first = Fit(rows_, options_, nullptr);
  const TreesParent parent{.xgboost_model = first.xgboost_model};
  const TreesFit warm = Fit(next_rows_, options_, &parent, &held_out_);
  const TreesFit cold = Fit(next_rows_, options_, nullptr, &held_out_);
  EXPECT_LT(warm.evaluation_loss.front(), cold.evaluation_loss.front());
  EXPECT_EQ(warm.predictor->num_trees(), 10 + warm.best_round);
}

// Where no new tree helps, the parent stays as it is.
TEST_F(WarmTreesTest, ContinuingMayKeepTheParentAlone) {
  TreesOptions many = options_;
  many.rounds = 60;
  const TreesFit first = Fit(rows_, many, nullptr, &held_out_);
  TestRows noise = rows_;
  for (size_t i = 0; i < noise.targets.size(); ++i) noise.targets[i] = 1 - noise.targets[i];
  const TreesParent parent{.xgboost_model = first.xgboost_model};
  const TreesFit fit = Fit(noise, options_, &parent, &held_out_);
  EXPECT_EQ(fit.best_round, 0);
  EXPECT_EQ(fit.predictor->Model(), first.predictor->Model());
}

TEST_F(WarmTreesTest, MovedFeaturesScoreAsBefore) {
  const TreesFit first = Fit(rows_, options_, nullptr);
  TreesParent parent{.xgboost_model = first.xgboost_model, .start = TreesStart::kRefresh, .features = Map()};
  TreesOptions options = options_;
  options.is_category = {0, 0, 0, 0, 1};
  options.decay = 1;  // leaves as they were
  const TestRows moved = Moved(rows_);
  const TreesFit kept = Fit(moved, options, &parent);
  EXPECT_EQ(kept.start, TreesStart::kRefresh);
  EXPECT_EQ(kept.predictor->num_features(), 5);
  EXPECT_EQ(Scores(kept, moved), Scores(first, rows_));
  parent.start = TreesStart::kContinue;
  const TreesFit more = Fit(moved, options, &parent);
  EXPECT_EQ(more.predictor->num_trees(), 20);
  EXPECT_LT(more.train_loss.back(), first.train_loss.back());
}

// Feature 1 has few values, which floats hold exactly before and after.
TEST_F(WarmTreesTest, RescaledFeaturesScoreAsBefore) {
  const TreesFit first = Fit(rows_, options_, nullptr);
  TestRows scaled = rows_;
  for (size_t e = 0; e < scaled.features.indices.size(); ++e) {
    if (scaled.features.indices[e] == 1) scaled.features.values[e] = scaled.features.values[e] * 4 + 2;
  }
  TreesParent parent{.xgboost_model = first.xgboost_model, .start = TreesStart::kRefresh, .features = {}};
  for (int32_t i = 0; i < 4; ++i) parent.features.push_back({.feature = i});
  parent.features[1] = {.feature = 1, .scale = 4, .shift = 2};
  options_.decay = 1;
  EXPECT_EQ(Scores(Fit(scaled, options_, &parent), scaled), Scores(first, rows_));
}

TEST_F(WarmTreesTest, RefreshBlendsLeavesAndKeepsTheStructure) {
  const TreesFit first = Fit(rows_, options_, nullptr);
  const TreesParent parent{.xgboost_model = first.xgboost_model, .start = TreesStart::kRefresh};
  std::vector<predict::TreesModel> models;
  for (const double decay : {1.0, 0.0, 0.25}) {
    options_.decay = decay;
    const TreesFit fit = Fit(next_rows_, options_, &parent, &held_out_);
    EXPECT_EQ(fit.rounds, 10);
    EXPECT_EQ(fit.parent_trees, 10);
    EXPECT_EQ(fit.evaluation_loss.size(), 1U);
    models.push_back(fit.predictor->Model());
    XgboostBooster booster = XgboostBooster::Make({}).value();
    ASSERT_TRUE(booster.Load(fit.xgboost_model).ok());
    const std::vector<float> theirs = booster.Predict(held_out_.features, false).value();
    const std::vector<double> ours = Scores(fit, held_out_);
    EXPECT_EQ(std::vector<double>(theirs.begin(), theirs.end()), ours);
  }
  EXPECT_EQ(models[0].trees, first.predictor->Model().trees);
  EXPECT_NE(models[1].trees, models[0].trees);
  for (size_t t = 0; t < 10; ++t) {
    for (size_t i = 0; i < models[0].trees[t].nodes.size(); ++i) {
      const predict::TreeNode& old = models[0].trees[t].nodes[i];
      const predict::TreeNode& refreshed = models[1].trees[t].nodes[i];
      const predict::TreeNode& blended = models[2].trees[t].nodes[i];
      EXPECT_EQ(refreshed.feature, old.feature);
      EXPECT_EQ(blended.feature, old.feature);
      if (old.feature >= 0) continue;
      EXPECT_EQ(blended.value, static_cast<float>(0.25 * old.value + 0.75 * refreshed.value));
    }
  }
}

TEST_F(WarmTreesTest, GoesColdWithTheReasonWhereTheParentDoesNotFit) {
  const TreesFit first = Fit(rows_, options_, nullptr);
  const auto expect = [&](TreesParent parent, const TreesOptions& options, const char* reason) {
    parent.xgboost_model = first.xgboost_model;
    const TreesFit fit = Fit(rows_, options, &parent);
    EXPECT_EQ(fit.start, TreesStart::kCold) << reason;
    EXPECT_THAT(fit.start_reason, HasSubstr(reason));
    EXPECT_EQ(fit.parent_trees, 0);
    EXPECT_EQ(fit.predictor->num_trees(), 10);
  };
  std::vector<ParentFeature> same(4);
  for (int32_t i = 0; i < 4; ++i) same[static_cast<size_t>(i)].feature = i;
  expect({.start = TreesStart::kCold}, options_, "a cold start was asked for");
  TreesOptions few = options_;
  few.max_trees = 19;
  expect({}, few, "the parent has 10 trees and 10 more would pass max_trees, 19");
  std::vector<ParentFeature> gone = same;
  gone[0].feature = -1;
  expect({.features = gone}, options_, "the parent splits by its feature 0, which is gone");
  TreesOptions numbers = options_;
  numbers.is_category = {};
  expect({}, numbers, "the parent splits by its feature 2, which is not a category now");
  std::vector<ParentFeature> words = same;
  words[2].categories.assign(12, -1);
  expect({.features = words}, options_, "all categories of one of the parent's splits are gone");
  std::vector<ParentFeature> flipped = same;
  flipped[1].scale = -1;
  expect({.features = flipped}, options_, "whose scale is -1 now");
  TreesOptions counts = options_;
  counts.task = Task::kCounts;
  expect({}, counts, "the parent's task is 'binary'");
}

TEST_F(WarmTreesTest, RefusesAParentThatIsNone) {
  const TreesParent parent{.xgboost_model = "{}"};
  const auto fit = FitTrees(rows_.View(), nullptr, options_, &parent, context_);
  EXPECT_TRUE(absl::IsInvalidArgument(fit.status())) << fit.status();
  const TreesFit first = Fit(rows_, options_, nullptr);
  const TreesParent short_map{.xgboost_model = first.xgboost_model, .features = std::vector<ParentFeature>(3)};
  EXPECT_TRUE(absl::IsInvalidArgument(FitTrees(rows_.View(), nullptr, options_, &short_map, context_).status()));
}

}  // namespace
}  // namespace roost::train
