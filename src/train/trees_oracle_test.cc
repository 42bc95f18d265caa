// predict::TreesPredictor against XGBoost's own predictions, bit by bit.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/json.h"
#include "base/thread_pool.h"
#include "predict/trees.h"
#include "train/boosted_trees.h"
#include "train/boosted_trees_test_data.h"
#include "train/xgboost_library.h"

namespace roost::train {
namespace {

using predict::Task;
using transform::FeatureRows;
using transform::FeatureVector;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// By feature, what is worth trying: every threshold and the floats at its sides; for categories, known and unknown
// codes and what is none. Absent stands for no entry.
struct Candidates {
  std::vector<std::vector<double>> values;
};

Candidates ValuesToTry(const predict::TreesModel& model) {
  std::vector<std::set<double>> values(static_cast<size_t>(model.num_features));
  for (const predict::Tree& tree : model.trees) {
    for (const predict::TreeNode& node : tree.nodes) {
      if (node.feature < 0 || !node.categories.empty()) continue;
      std::set<double>& tried = values[static_cast<size_t>(node.feature)];
      const float below = std::nextafter(node.value, -kInfinity);
      const float above = std::nextafter(node.value, kInfinity);
      tried.insert({below, node.value, above});
      // A double between two floats, which both sides must round alike.
      tried.insert(node.value + 0.49 * (static_cast<double>(below) - node.value));
    }
  }
  Candidates candidates;
  for (const std::set<double>& tried : values) candidates.values.emplace_back(tried.begin(), tried.end());
  for (std::vector<double>& tried : candidates.values) {
    for (const double strange : {0.0, -0.0, 1e300, -1e300, 1e-300, 3.4028235677973366e38}) tried.push_back(strange);
    for (const float strange : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(),
                                std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}) {
      tried.push_back(strange);
    }
    for (const double code : {1.0, 2.0, 3.0, 5.0, 7.5, 11.0, 12.0, 31.0, 32.0, 40.0, 1e6, -1.0, -0.5, 16777215.0,
                              16777216.0, 4294967296.0}) {
      tried.push_back(code);
    }
  }
  return candidates;
}

// Every candidate once, beside random others; a tenth of the entries is absent.
FeatureRows RowsToTry(const Candidates& candidates, int64_t at_least) {
  std::mt19937_64 random(5);
  FeatureRows rows{.num_features = static_cast<int32_t>(candidates.values.size())};
  const auto any = [&](const std::vector<double>& values) { return values[random() % values.size()]; };
  const auto add_row = [&](size_t chosen, double value) {
    for (size_t f = 0; f < candidates.values.size(); ++f) {
      if (f != chosen && random() % 10 == 0) continue;
      rows.indices.push_back(static_cast<int32_t>(f));
      rows.values.push_back(f == chosen ? value : any(candidates.values[f]));
    }
    rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
  };
  for (size_t f = 0; f < candidates.values.size(); ++f) {
    for (const double value : candidates.values[f]) add_row(f, value);
  }
  while (rows.num_rows() < at_least) add_row(candidates.values.size(), 0);
  return rows;
}

std::vector<float> Predict(const predict::TreesPredictor& predictor, const FeatureRows& rows, bool margins) {
  const auto outputs = static_cast<size_t>(predictor.num_outputs());
  std::vector<double> scores(outputs);
  std::vector<float> all;
  FeatureVector vector;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    vector.Clear();
    for (auto e = static_cast<size_t>(rows.starts[row]); e < static_cast<size_t>(rows.starts[row + 1]); ++e) {
      vector.Add(rows.indices[e], rows.values[e]);
    }
    if (margins) {
      predictor.Margins(vector, scores);
    } else {
      predictor.Score(vector, scores);
    }
    for (const double score : scores) {
      EXPECT_EQ(static_cast<float>(score), score);
      all.push_back(static_cast<float>(score));
    }
  }
  return all;
}

int64_t Differences(const std::vector<float>& ours, const std::vector<float>& theirs) {
  EXPECT_EQ(ours.size(), theirs.size());
  int64_t differences = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (std::bit_cast<uint32_t>(ours[i]) != std::bit_cast<uint32_t>(theirs[i])) ++differences;
  }
  return differences;
}

class TreesOracleTest : public testing::TestWithParam<Task> {};

TEST_P(TreesOracleTest, PredictsTheSameBitsAsXgboost) {
  ThreadPool pool(1);
  const TestRows rows = MakeTestRows(GetParam(), 3000, 1);
  TreesOptions options = TestOptions(GetParam(), 30);
  options.max_depth = 6;
  const TreesFit fit = FitTrees(rows.View(), nullptr, options, nullptr, {.pool = &pool}).value();
  const FeatureRows tried = RowsToTry(ValuesToTry(fit.predictor->Model()), 5000);
  XgboostBooster booster = XgboostBooster::Make({}).value();
  ASSERT_TRUE(booster.Load(fit.xgboost_model).ok());
  const auto reread = predict::TreesPredictor::FromJson(ParseJson(ToLine(fit.predictor->ToJson()), "model").value());
  ASSERT_TRUE(reread.ok()) << reread.status();
  for (const bool margins : {true, false}) {
    const std::vector<float> theirs = booster.Predict(tried, margins).value();
    EXPECT_EQ(Differences(Predict(*fit.predictor, tried, margins), theirs), 0) << "margins " << margins;
    EXPECT_EQ(Differences(Predict(**reread, tried, margins), theirs), 0) << "read back, margins " << margins;
  }
}

// Without categories trees descend in step; with them one by one.
TEST_P(TreesOracleTest, PredictsTheSameBitsWithoutCategories) {
  ThreadPool pool(1);
  const TestRows rows = MakeTestRows(GetParam(), 3000, 2);
  TreesOptions options = TestOptions(GetParam(), 29);
  options.is_category = {};
  options.base_score = 0.3;
  const TreesFit fit = FitTrees(rows.View(), nullptr, options, nullptr, {.pool = &pool}).value();
  const FeatureRows tried = RowsToTry(ValuesToTry(fit.predictor->Model()), 5000);
  XgboostBooster booster = XgboostBooster::Make({}).value();
  ASSERT_TRUE(booster.Load(fit.xgboost_model).ok());
  for (const bool margins : {true, false}) {
    const std::vector<float> theirs = booster.Predict(tried, margins).value();
    EXPECT_EQ(Differences(Predict(*fit.predictor, tried, margins), theirs), 0) << "margins " << margins;
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, TreesOracleTest,
                         testing::Values(Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking),
                         [](const auto& param) { return std::string(predict::TaskName(param.param)); });

}  // namespace
}  // namespace roost::train
