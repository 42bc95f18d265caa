// A fit that goes on from any of its states ends as if it had never been interrupted.
#include "train/fit_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "base/thread_pool.h"
#include "train/boosted_trees.h"
#include "train/boosted_trees_test_data.h"
#include "train/linear.h"

namespace roost::train {
namespace {

using predict::Task;
using testing::HasSubstr;

// A linear fit of the rows that trees are tested with: their targets depend on four features.
struct LinearCase {
  Task task;
  LinearOptions options;
};

class FitStateTest : public testing::Test {
 protected:
  // Asks for a state after every `every`-th step, and keeps them all.
  template <typename State>
  Resumption<State> Keeping(std::vector<State>& states, int every = 1) {
    return {.due = [every, steps = 0]() mutable { return ++steps % every == 0; },
            .keep =
                [&states](const State& state) {
                  states.push_back(state);
                  return absl::OkStatus();
                }};
  }

  LinearFit FitLinearly(const LinearCase& of, const TestRows& rows, Resumption<LinearState> resumption) {
    LinearOptions options = of.options;
    options.resumption = std::move(resumption);
    auto fit = FitLinear(rows.View(), options, nullptr, context_);
    EXPECT_TRUE(fit.ok()) << fit.status();
    return fit.ok() ? *std::move(fit) : LinearFit{};
  }

  TreesFit FitTreesTo(const TestRows& rows, const TestRows* held_out, TreesOptions options, const TreesParent* parent,
                      Resumption<TreesState> resumption) {
    options.resumption = std::move(resumption);
    const TrainingRows evaluation = held_out == nullptr ? TrainingRows{} : held_out->View();
    auto fit = FitTrees(rows.View(), held_out == nullptr ? nullptr : &evaluation, options, parent, context_);
    EXPECT_TRUE(fit.ok()) << fit.status();
    return fit.ok() ? *std::move(fit) : TreesFit{};
  }

  // Every state of a fit leads to the same end, in the rounds that were left.
  void ExpectEveryStateEndsAlike(const TestRows& rows, const TestRows* held_out, const TreesOptions& options,
                                 const TreesParent* parent) {
    std::vector<TreesState> states;
    const TreesFit whole = FitTreesTo(rows, held_out, options, parent, Keeping(states, 4));
    ASSERT_GE(states.size(), 3U);
    for (const TreesState& state : states) {
      const auto read = ParseTreesState(Serialize(state));
      ASSERT_TRUE(read.ok()) << read.status();
      std::vector<int64_t> done;
      context_.progress = [&](const ProgressUpdate& update) { done.push_back(update.done); };
      const TreesFit fit = FitTreesTo(rows, held_out, options, parent, {.from = &*read});
      context_.progress = nullptr;
      EXPECT_EQ(done.front(), state.rounds) << "it goes on where it was";
      EXPECT_EQ(static_cast<int64_t>(done.size()), 1 + whole.rounds - state.rounds);
      EXPECT_EQ(fit.xgboost_model, whole.xgboost_model) << "from round " << state.rounds;
      EXPECT_EQ(fit.rounds, whole.rounds);
      EXPECT_EQ(fit.best_round, whole.best_round);
      EXPECT_EQ(fit.train_loss, whole.train_loss);
      EXPECT_EQ(fit.evaluation_loss, whole.evaluation_loss);
      EXPECT_EQ(fit.parent_trees, whole.parent_trees);
    }
  }

  ThreadPool pool_{2};
  Context context_{.pool = &pool_, .seed = 3};
};

TEST_F(FitStateTest, LinearFitsEndWithTheSameBits) {
  const LinearCase cases[] = {
      {Task::kNumber, {.loss = Loss::kSquared, .solver = Solver::kNewtonCg, .tolerance = 1e-9}},
      {Task::kBinary, {.loss = Loss::kLogistic, .solver = Solver::kNewton}},
      {Task::kBinary, {.loss = Loss::kLogistic, .solver = Solver::kNewtonCg, .max_dense_features = 0}},
      {Task::kBinary, {.loss = Loss::kLogistic, .l1 = 5}},
      {Task::kBinary, {.loss = Loss::kLogistic, .l1 = 5, .max_dense_features = 0}},
      {Task::kBinary, {.loss = Loss::kHinge, .tolerance = 1e-4}},
      {Task::kBinary, {.loss = Loss::kLogistic, .solver = Solver::kNewton, .max_iterations = 3, .tolerance = 1e-13}},
      {Task::kClasses, {.loss = Loss::kSoftmax, .solver = Solver::kNewtonCg}},
      {Task::kClasses,
       {.loss = Loss::kSoftmax, .solver = Solver::kNewtonCg, .tolerance = 1e-9, .max_dense_features = 9}},
      {Task::kCounts, {.loss = Loss::kPoisson}},
      {Task::kBinary, {.loss = Loss::kLogistic, .solver = Solver::kFtrl, .passes = 3}}};
  for (const LinearCase& of : cases) {
    const std::string name(LossName(of.options.loss));
    const TestRows rows = MakeTestRows(of.task, 5000, 1);
    std::vector<LinearState> states;
    const LinearFit whole = FitLinearly(of, rows, Keeping(states));
    ASSERT_GE(states.size(), 2U) << name;
    for (const LinearState& state : states) {
      const auto read = ParseLinearState(Serialize(state));
      ASSERT_TRUE(read.ok()) << read.status();
      const LinearFit fit = FitLinearly(of, rows, {.from = &*read});
      EXPECT_EQ(fit.weights, whole.weights) << name << " from step " << state.steps;
      EXPECT_EQ(fit.intercepts, whole.intercepts) << name;
      EXPECT_EQ(fit.ftrl_state, whole.ftrl_state) << name;
      EXPECT_EQ(fit.iterations, whole.iterations) << name;
      EXPECT_EQ(fit.passes, whole.passes) << name << " from step " << state.steps;
      EXPECT_EQ(fit.objective, whole.objective) << name;
      EXPECT_EQ(fit.converged, whole.converged) << name;
      EXPECT_EQ(fit.reason, whole.reason) << name;
    }
  }
}

TEST_F(FitStateTest, ALinearFitDoesOnlyTheStepsThatAreLeft) {
  const LinearCase of{Task::kBinary, {.loss = Loss::kLogistic, .solver = Solver::kNewton}};
  const TestRows rows = MakeTestRows(of.task, 2000, 1);
  std::vector<LinearState> states;
  const LinearFit whole = FitLinearly(of, rows, Keeping(states));
  std::vector<int64_t> done;
  context_.progress = [&](const ProgressUpdate& update) { done.push_back(update.done); };
  FitLinearly(of, rows, {.from = &states[1]});
  ASSERT_EQ(static_cast<int64_t>(done.size()), whole.iterations - 1);
  EXPECT_EQ(done.front(), 2);
}

TEST_F(FitStateTest, TreesOfEveryTaskEndWithTheSameBytes) {
  for (const Task task : {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking}) {
    TreesOptions options = TestOptions(task, 14);
    if (task == Task::kNumber) options.base_score = 12.5;
    ExpectEveryStateEndsAlike(MakeTestRows(task, 1000, 1), nullptr, options, nullptr);
  }
}

TEST_F(FitStateTest, EarlyStoppingIsGoneOnWith) {
  const TestRows rows = MakeTestRows(Task::kBinary, 500, 1);
  const TestRows held_out = MakeTestRows(Task::kBinary, 500, 2);
  TreesOptions options = TestOptions(Task::kBinary, 200);
  options.learning_rate = 0.5;
  options.early_stopping = 9;
  ExpectEveryStateEndsAlike(rows, &held_out, options, nullptr);
}

TEST_F(FitStateTest, TreesOnTopOfAParentAreGoneOnWith) {
  const TestRows rows = MakeTestRows(Task::kBinary, 1000, 1);
  const TestRows held_out = MakeTestRows(Task::kBinary, 500, 2);
  const TreesFit first = FitTreesTo(rows, nullptr, TestOptions(Task::kBinary, 20), nullptr, {});
  const TreesParent parent{.xgboost_model = first.xgboost_model};
  ExpectEveryStateEndsAlike(rows, &held_out, TestOptions(Task::kBinary, 14), &parent);
}

// XGBoost does not save its generators: what is sampled after the interruption is other, and as good.
TEST_F(FitStateTest, SampledTreesAreAsGood) {
  const TestRows rows = MakeTestRows(Task::kBinary, 3000, 1);
  TreesOptions options = TestOptions(Task::kBinary, 20);
  options.subsample = 0.7;
  options.column_share = 0.75;
  std::vector<TreesState> states;
  const TreesFit whole = FitTreesTo(rows, nullptr, options, nullptr, Keeping(states, 8));
  const TreesFit fit = FitTreesTo(rows, nullptr, options, nullptr, {.from = &states.front()});
  EXPECT_EQ(fit.rounds, whole.rounds);
  EXPECT_EQ(fit.predictor->num_trees(), 20);
  EXPECT_NEAR(fit.train_loss.back(), whole.train_loss.back(), 0.05 * whole.train_loss.back());
}

TEST_F(FitStateTest, AnErrorOfWhoKeepsEndsTheFit) {
  const TestRows rows = MakeTestRows(Task::kBinary, 500, 1);
  const auto full = [](const auto&) { return absl::ResourceExhaustedError("the disk is full"); };
  LinearOptions linear;
  linear.resumption = {.due = [] { return true; }, .keep = full};
  EXPECT_TRUE(absl::IsResourceExhausted(FitLinear(rows.View(), linear, nullptr, context_).status()));
  TreesOptions trees = TestOptions(Task::kBinary, 5);
  trees.resumption = {.due = [] { return true; }, .keep = full};
  EXPECT_TRUE(absl::IsResourceExhausted(FitTrees(rows.View(), nullptr, trees, nullptr, context_).status()));
}

TEST_F(FitStateTest, AStateOfOtherRowsIsRefused) {
  const TestRows rows = MakeTestRows(Task::kBinary, 500, 1);
  const LinearState of_two{.point = {1, 2}, .steps = 1};
  LinearOptions linear;
  linear.resumption.from = &of_two;
  const absl::Status refused = FitLinear(rows.View(), linear, nullptr, context_).status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("the state to go on from has 2 parameters; there must be 5"));
  std::vector<TreesState> states;
  FitTreesTo(rows, nullptr, TestOptions(Task::kBinary, 5), nullptr, Keeping(states));
  TreesOptions trees = TestOptions(Task::kBinary, 5);
  for (const int64_t rounds : {0, 2, 6}) {
    TreesState state = states[2];
    state.rounds = rounds;
    trees.resumption.from = &state;
    EXPECT_TRUE(absl::IsInvalidArgument(FitTrees(rows.View(), nullptr, trees, nullptr, context_).status())) << rounds;
  }
}

TEST_F(FitStateTest, TornBytesAreNoState) {
  const std::string linear = Serialize(LinearState{.point = {1, 2, 3}, .steps = 4, .z = {5}, .n = {6}});
  const std::string trees = Serialize(TreesState{.xgboost_model = "{}", .rounds = 2, .best_loss = 0.5});
  for (size_t size = 0; size < linear.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ParseLinearState(linear.substr(0, size)).status())) << size;
  }
  for (size_t size = 0; size < trees.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ParseTreesState(trees.substr(0, size)).status())) << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(ParseLinearState(linear + "x").status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseTreesState(trees + "x").status()));
}

}  // namespace
}  // namespace roost::train
