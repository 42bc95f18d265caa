#include "train/boosted_trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "absl/status/status.h"
#include "base/thread_pool.h"
#include "train/boosted_trees_test_data.h"

namespace roost::train {
namespace {

using predict::Task;
using testing::HasSubstr;

class BoostedTreesTest : public testing::Test {
 protected:
  ThreadPool pool_{1};
  Context context_{.pool = &pool_, .seed = 3};
};

TEST_F(BoostedTreesTest, LearnsEveryTask) {
  const std::vector<std::pair<Task, std::string>> metrics{{Task::kBinary, "logloss"},
                                                          {Task::kClasses, "mlogloss"},
                                                          {Task::kNumber, "rmse"},
                                                          {Task::kCounts, "poisson-nloglik"},
                                                          {Task::kRanking, "ndcg"}};
  for (const auto& [task, metric] : metrics) {
    const TestRows rows = MakeTestRows(task, 2000, 1);
    const TestRows held_out = MakeTestRows(task, 1000, 2);
    const TrainingRows evaluation = held_out.View();
    const auto fit = FitTrees(rows.View(), &evaluation, TestOptions(task, 20), nullptr, context_);
    ASSERT_TRUE(fit.ok()) << fit.status();
    EXPECT_EQ(fit->metric, metric);
    EXPECT_EQ(fit->higher_is_better, task == Task::kRanking);
    EXPECT_EQ(fit->start, TreesStart::kCold);
    EXPECT_EQ(fit->start_reason, "there is no parent");
    EXPECT_EQ(fit->train_loss.size(), static_cast<size_t>(fit->rounds));
    EXPECT_EQ(fit->evaluation_loss.size(), static_cast<size_t>(fit->rounds));
    EXPECT_EQ(fit->predictor->num_trees(), fit->best_round * (task == Task::kClasses ? 3 : 1));
    EXPECT_EQ(fit->predictor->task(), task);
    const double gain = fit->evaluation_loss.front() - fit->evaluation_loss[static_cast<size_t>(fit->best_round) - 1];
    EXPECT_GT(fit->higher_is_better ? -gain : gain, 0) << metric;
    ASSERT_EQ(fit->predictor->Importance().size(), 4U);
    EXPECT_GT(fit->predictor->Importance().front().gain, fit->predictor->Importance().back().gain);
  }
}

// The loss that is reported is that of the predictor which is returned.
TEST_F(BoostedTreesTest, LossIsThatOfTheBestRound) {
  const TestRows rows = MakeTestRows(Task::kBinary, 500, 1);
  const TestRows held_out = MakeTestRows(Task::kBinary, 500, 2);
  const TrainingRows evaluation = held_out.View();
  TreesOptions options = TestOptions(Task::kBinary, 200);
  options.learning_rate = 0.5;
  options.early_stopping = 7;
  const TreesFit fit = FitTrees(rows.View(), &evaluation, options, nullptr, context_).value();
  EXPECT_EQ(fit.rounds, fit.best_round + 7);
  EXPECT_LT(fit.rounds, 200);
  const auto least = std::min_element(fit.evaluation_loss.begin(), fit.evaluation_loss.end());
  EXPECT_EQ(least - fit.evaluation_loss.begin(), fit.best_round - 1);
  double loss = 0;
  for (int64_t row = 0; row < 500; ++row) {
    transform::FeatureVector vector;
    for (auto e = held_out.features.starts[row]; e < held_out.features.starts[row + 1]; ++e) {
      vector.Add(held_out.features.indices[e], held_out.features.values[e]);
    }
    double score = 0;
    fit.predictor->Score(vector, {&score, 1});
    loss -= std::log(held_out.targets[row] == 1 ? score : 1 - score) / 500;
  }
  EXPECT_NEAR(loss, *least, 1e-6);
}

TEST_F(BoostedTreesTest, SameBytesForAnyNumberOfThreads) {
  for (const Task task : {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking}) {
    const TestRows rows = MakeTestRows(task, 3000, 4);
    const TestRows held_out = MakeTestRows(task, 500, 5);
    const TrainingRows evaluation = held_out.View();
    TreesOptions options = TestOptions(task, 5);
    options.subsample = 0.7;
    options.column_share = 0.8;
    std::vector<TreesFit> fits;
    for (const size_t threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      fits.push_back(FitTrees(rows.View(), &evaluation, options, nullptr, {.pool = &pool, .seed = 9}).value());
      EXPECT_EQ(fits.back().xgboost_model, fits.front().xgboost_model) << threads;
      EXPECT_EQ(fits.back().train_loss, fits.front().train_loss) << threads;
      EXPECT_EQ(fits.back().evaluation_loss, fits.front().evaluation_loss) << threads;
    }
    const TreesFit other = FitTrees(rows.View(), &evaluation, options, nullptr, {.pool = &pool_, .seed = 10}).value();
    EXPECT_NE(other.xgboost_model, fits.front().xgboost_model);
  }
}

// A weight of 2 is the row twice.
TEST_F(BoostedTreesTest, WeightsCountRows) {
  const TestRows rows = MakeTestRows(Task::kNumber, 400, 6);
  TestRows twice = rows;
  std::vector<double> weights(400, 1.0);
  for (int64_t row = 0; row < 400; row += 3) {
    weights[static_cast<size_t>(row)] = 2;
    for (auto e = rows.features.starts[row]; e < rows.features.starts[row + 1]; ++e) {
      twice.features.indices.push_back(rows.features.indices[e]);
      twice.features.values.push_back(rows.features.values[e]);
    }
    twice.features.starts.push_back(static_cast<int64_t>(twice.features.indices.size()));
    twice.targets.push_back(rows.targets[static_cast<size_t>(row)]);
  }
  TrainingRows weighted = rows.View();
  weighted.weights = weights;
  const TreesOptions options = TestOptions(Task::kNumber, 5);
  const TreesFit a = FitTrees(weighted, nullptr, options, nullptr, context_).value();
  const TreesFit b = FitTrees(twice.View(), nullptr, options, nullptr, context_).value();
  const TreesFit plain = FitTrees(rows.View(), nullptr, options, nullptr, context_).value();
  EXPECT_NEAR(a.train_loss.back(), b.train_loss.back(), 1e-3 * b.train_loss.back());
  EXPECT_NE(plain.train_loss.back(), a.train_loss.back());
}

TEST_F(BoostedTreesTest, BaseScoreIsWhereItBegins) {
  const TestRows rows = MakeTestRows(Task::kNumber, 100, 6);
  TreesOptions options = TestOptions(Task::kNumber, 1);
  options.base_score = 12.5;
  const TreesFit fit = FitTrees(rows.View(), nullptr, options, nullptr, context_).value();
  EXPECT_EQ(fit.predictor->Model().base_margins, std::vector<float>{12.5F});
}

TEST_F(BoostedTreesTest, ReportsRoundsWithTheirLossAndCanBeCancelled) {
  const TestRows rows = MakeTestRows(Task::kBinary, 300, 1);
  Cancellation cancellation;
  std::vector<double> losses;
  context_.cancellation = &cancellation;
  context_.progress = [&](const ProgressUpdate& update) {
    EXPECT_STREQ(update.stage, "train");
    EXPECT_STREQ(update.unit, "rounds");
    EXPECT_EQ(update.total, 50);
    losses.push_back(update.loss);
    if (update.done == 3) cancellation.Cancel();
  };
  const auto fit = FitTrees(rows.View(), nullptr, TestOptions(Task::kBinary, 50), nullptr, context_);
  EXPECT_TRUE(absl::IsCancelled(fit.status())) << fit.status();
  ASSERT_EQ(losses.size(), 3U);
  EXPECT_LT(losses[2], losses[0]);
}

TEST_F(BoostedTreesTest, RefusesRowsThatCannotBeTrainedOn) {
  const auto expect = [&](Task task, const std::function<void(TestRows&)>& spoil, const char* message) {
    TestRows rows = MakeTestRows(task, 50, 1);
    spoil(rows);
    const auto fit = FitTrees(rows.View(), nullptr, TestOptions(task, 2), nullptr, context_);
    EXPECT_TRUE(absl::IsInvalidArgument(fit.status())) << message << ": " << fit.status();
    EXPECT_THAT(std::string(fit.status().message()), HasSubstr(message));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect(
      Task::kBinary, [](TestRows& r) { r.targets[7] = 2; }, "training rows: row 7: the target is 2; it must be 0 or 1");
  expect(
      Task::kBinary, [](TestRows& r) { r.targets.assign(50, 1); }, "all 50 rows are of class 1");
  expect(
      Task::kClasses, [](TestRows& r) { r.targets[7] = 3; }, "a class from 0 to 2");
  expect(
      Task::kClasses, [](TestRows& r) { r.targets[7] = 0.5; }, "a class from 0 to 2");
  expect(
      Task::kNumber, [&](TestRows& r) { r.targets[7] = nan; }, "the target is nan");
  expect(
      Task::kNumber, [](TestRows& r) { r.targets[7] = 1e39; }, "range of floats");
  expect(
      Task::kCounts, [](TestRows& r) { r.targets[7] = -1; }, "0 or positive");
  expect(
      Task::kRanking, [](TestRows& r) { r.targets[7] = 32; }, "an integer from 0 to 31");
  expect(
      Task::kRanking, [](TestRows& r) { r.groups[7] = 3; }, "comes in several places");
  expect(
      Task::kRanking, [](TestRows& r) { r.groups.clear(); }, "0 groups");
  expect(
      Task::kNumber, [](TestRows& r) { r.targets.pop_back(); }, "50 rows of features have 49 targets");
  expect(
      Task::kNumber, [](TestRows& r) { r = {.features = {.num_features = 4}}; }, "there are no rows");
  expect(
      Task::kNumber, [](TestRows& r) { r.features.values[1] = 1e39; }, "training needs finite numbers");
  expect(
      Task::kNumber, [&](TestRows& r) { r.features.values[1] = nan; }, "is nan");
  expect(
      Task::kNumber, [](TestRows& r) { r.features.indices[1] = 9; }, "feature 9 follows feature");
  expect(
      Task::kNumber, [](TestRows& r) { r.features.starts[1] = 99999; }, "do not describe their entries");
  expect(
      Task::kNumber, [](TestRows& r) { r.features.values[4] = 1.5; }, "row 1: category feature 2 is 1.5");
}

TEST_F(BoostedTreesTest, RefusesOptionsOutOfRange) {
  const TestRows rows = MakeTestRows(Task::kBinary, 50, 1);
  const auto expect = [&](const std::function<void(TreesOptions&)>& spoil, const char* message) {
    TreesOptions options = TestOptions(Task::kBinary, 2);
    spoil(options);
    const auto fit = FitTrees(rows.View(), nullptr, options, nullptr, context_);
    EXPECT_TRUE(absl::IsInvalidArgument(fit.status())) << message << ": " << fit.status();
    EXPECT_THAT(std::string(fit.status().message()), HasSubstr(message));
  };
  expect([](TreesOptions& o) { o.rounds = 0; }, "rounds is 0");
  expect([](TreesOptions& o) { o.max_depth = 31; }, "max_depth is 31");
  expect([](TreesOptions& o) { o.max_bins = 1; }, "max_bins is 1");
  expect([](TreesOptions& o) { o.learning_rate = std::nan(""); }, "learning_rate is nan");
  expect([](TreesOptions& o) { o.subsample = 0; }, "subsample is 0");
  expect([](TreesOptions& o) { o.column_share = 1.5; }, "column_share is 1.5");
  expect([](TreesOptions& o) { o.l2 = -1; }, "l2 is -1");
  expect([](TreesOptions& o) { o.gamma = -1; }, "gamma is -1");
  expect([](TreesOptions& o) { o.decay = 2; }, "decay is 2");
  expect([](TreesOptions& o) { o.early_stopping = -1; }, "early_stopping is -1");
  expect([](TreesOptions& o) { o.base_score = 1; }, "base_score is 1");
  expect([](TreesOptions& o) { o.is_category = {1}; }, "is_category has 1 elements for 4 features");
}

}  // namespace
}  // namespace roost::train
