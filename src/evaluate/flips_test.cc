#include "evaluate/flips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>

#include "base/thread_pool.h"
#include "evaluate/classes.h"

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::HasSubstr;
using testing::IsEmpty;

struct Data {
  Task task = Task::kBinary;
  int32_t num_outputs = 1;
  std::vector<double> targets, weights, now, other;
  std::vector<int64_t> groups;
  double threshold_now = 0.5, threshold_other = 0.5;
};

SliceSet Whole(size_t num_rows) {
  SliceSet slices{.num_rows = num_rows, .slices = {{"all rows", static_cast<int64_t>(num_rows), 0}}};
  slices.groups.push_back({std::vector<uint32_t>(num_rows), {{0}}});
  return slices;
}

// All rows, and every third one.
SliceSet WithThirds(size_t num_rows) {
  SliceSet slices = Whole(num_rows);
  slices.slices.push_back({"thirds", 0, 1});
  slices.groups[0].slices_of_cell = {{0}, {0, 1}};
  for (size_t row = 0; row < num_rows; row += 3) slices.groups[0].cell_of_row[row] = 1;
  return slices;
}

absl::StatusOr<std::vector<SliceChanges>> TryCompare(const Data& data, const SliceSet& slices, size_t threads = 1) {
  ThreadPool pool(threads);
  return CompareScores({.task = data.task, .targets = data.targets, .weights = data.weights, .groups = data.groups},
                       {data.now, data.num_outputs, data.threshold_now},
                       {data.other, data.num_outputs, data.threshold_other}, slices, {.pool = &pool});
}

std::vector<SliceChanges> Compare(const Data& data, const SliceSet& slices, size_t threads = 1) {
  return TryCompare(data, slices, threads).value();
}

std::string ErrorOf(const Data& data, size_t rows_of_slices) {
  const absl::Status status = TryCompare(data, Whole(rows_of_slices)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

Data RandomRows(Task task, size_t num_rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&random] { return static_cast<double>(random() % 1001) / 1000; };
  Data data{.task = task, .num_outputs = task == Task::kClasses ? 3 : 1};
  for (size_t row = 0; row < num_rows; ++row) {
    data.weights.push_back(static_cast<double>(random() % 4));
    if (task == Task::kRanking) data.groups.push_back(static_cast<int64_t>(row / 4));
    if (task == Task::kClasses) {
      data.targets.push_back(static_cast<double>(random() % 4) - 1);  // -1: unseen
      for (std::vector<double>* scores : {&data.now, &data.other}) {
        const double first = uniform() / 2, second = uniform() / 2;
        scores->insert(scores->end(), {first, second, 1 - first - second});
      }
      continue;
    }
    data.targets.push_back(static_cast<double>(random() % 2));
    data.now.push_back(uniform());
    data.other.push_back(uniform());
  }
  return data;
}

TEST(CompareScores, CountsByHand) {
  // Right before and now; gained; lost; wrong before and now; a row of weight 0.
  const Data data{.targets = {1, 1, 0, 0, 1},
                  .weights = {1, 2, 1, 1, 0},
                  .now = {0.9, 0.6, 0.7, 0.9, 0.9},
                  .other = {0.8, 0.1, 0.2, 0.9, 0.1}};
  const SliceChanges changes = Compare(data, Whole(5)).front();
  EXPECT_EQ(changes.rows, 4);
  EXPECT_EQ(changes.flips, (Flips{.gained = 1, .lost = 1}));
  EXPECT_EQ(changes.flips->changed(), 2);
  ASSERT_EQ(changes.differences.size(), 4u);
  // Differences 0, 0.1, 0.5 and 0.5, that of weight 2: half of the weight of 5 ends within the last two.
  EXPECT_EQ(changes.differences[0].share, 0.5);
  EXPECT_NEAR(changes.differences[0].difference, 0.5, 1e-15);
  EXPECT_NEAR(changes.differences[3].difference, 0.5, 1e-15);
}

TEST(CompareScores, EachModelDecidesByItsOwnThreshold) {
  Data data{.targets = {1, 0}, .now = {0.3, 0.3}, .other = {0.3, 0.3}};
  EXPECT_EQ(Compare(data, Whole(2)).front().flips, Flips{});
  data.threshold_now = 0.3;  // from it on
  EXPECT_EQ(Compare(data, Whole(2)).front().flips, (Flips{.gained = 1, .lost = 1}));
  EXPECT_EQ(Compare(data, Whole(2)).front().differences.back().difference, 0);
}

TEST(CompareScores, ClassesMayChangeSidewaysAndUnseenOnesAreWrongAlways) {
  const Data data{.task = Task::kClasses,
                  .num_outputs = 3,
                  .targets = {2, 0, kUnseenClass, 1},
                  .now = {0.6, 0.3, 0.1, 0.6, 0.3, 0.1, 0.6, 0.3, 0.1, 0.4, 0.4, 0.2},
                  .other = {0.3, 0.6, 0.1, 0.3, 0.6, 0.1, 0.3, 0.6, 0.1, 0.1, 0.8, 0.1}};
  const SliceChanges changes = Compare(data, Whole(4)).front();
  EXPECT_EQ(changes.flips, (Flips{.gained = 1, .lost = 1, .sideways = 2}));
  EXPECT_NEAR(changes.differences.back().difference, 0.4, 1e-15);  // total variation: (0.3 + 0.4 + 0.1) / 2
}

TEST(CompareScores, NumbersScoreAndDoNotDecide) {
  for (const Task task : {Task::kNumber, Task::kCounts, Task::kRanking}) {
    const SliceChanges changes = Compare(RandomRows(task, 40, 1), Whole(40)).front();
    EXPECT_EQ(changes.flips, std::nullopt);
    EXPECT_EQ(changes.differences.size(), 4u);
  }
}

// Counts as one would on paper, row by row.
Flips Counted(const Data& data, size_t step) {
  Flips flips;
  const auto outputs = static_cast<size_t>(data.num_outputs);
  const auto decision = [&](const std::vector<double>& scores, size_t row) -> double {
    if (data.task == Task::kBinary) return scores[row] >= 0.5 ? 1 : 0;
    double best = 0;
    for (size_t output = 1; output < outputs; ++output) {
      if (scores[row * outputs + output] > scores[row * outputs + static_cast<size_t>(best)]) {
        best = static_cast<double>(output);
      }
    }
    return best;
  };
  for (size_t row = 0; row < data.targets.size(); row += step) {
    if (data.weights[row] == 0) continue;
    const double now = decision(data.now, row), other = decision(data.other, row), truth = data.targets[row];
    if (now == truth && other != truth) ++flips.gained;
    if (now != truth && other == truth) ++flips.lost;
    if (now != truth && other != truth && now != other) ++flips.sideways;
  }
  return flips;
}

// A row of weight w is w rows.
std::vector<double> Expanded(const Data& data, size_t step) {
  std::vector<double> differences;
  const auto outputs = static_cast<size_t>(data.num_outputs);
  for (size_t row = 0; row < data.targets.size(); row += step) {
    double sum = 0;
    for (size_t i = row * outputs; i < (row + 1) * outputs; ++i) sum += std::abs(data.now[i] - data.other[i]);
    differences.insert(differences.end(), static_cast<size_t>(data.weights[row]), outputs == 1 ? sum : sum / 2);
  }
  std::sort(differences.begin(), differences.end());
  return differences;
}

TEST(CompareScores, IsWhatSimpleCountingFinds) {
  for (const Task task : {Task::kBinary, Task::kClasses}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Data data = RandomRows(task, 200 + seed, seed);
      const std::vector<SliceChanges> changes = Compare(data, WithThirds(data.targets.size()), 2);
      ASSERT_EQ(changes.size(), 2u);
      for (const size_t slice : {size_t{0}, size_t{1}}) {
        const size_t step = slice == 0 ? 1 : 3;
        EXPECT_EQ(changes[slice].flips, Counted(data, step)) << seed;
        const std::vector<double> expanded = Expanded(data, step);
        for (const DifferenceQuantile& quantile : changes[slice].differences) {
          const auto at = [&](double difference) {
            return std::count_if(expanded.begin(), expanded.end(), [&](double d) { return d <= difference; });
          };
          EXPECT_GE(static_cast<double>(at(quantile.difference)),
                    quantile.share * static_cast<double>(expanded.size()) - 1e-9);
        }
        EXPECT_EQ(changes[slice].differences.back().difference, expanded.back());
      }
    }
  }
}

TEST(CompareScores, OrderOfRowsAndNumberOfThreadsChangeNoBit) {
  const Data data = RandomRows(Task::kBinary, 500, 3);
  std::vector<size_t> order(500);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(5));
  Data shuffled;
  for (const size_t row : order) {
    shuffled.targets.push_back(data.targets[row]);
    shuffled.weights.push_back(data.weights[row]);
    shuffled.now.push_back(data.now[row]);
    shuffled.other.push_back(data.other[row]);
  }
  EXPECT_EQ(Compare(shuffled, Whole(500)), Compare(data, Whole(500)));
  EXPECT_EQ(Compare(data, WithThirds(500), 4), Compare(data, WithThirds(500), 1));
}

TEST(CompareScores, ASliceWithoutWeightHasNothing) {
  const Data data{.targets = {1, 1, 0}, .weights = {0, 1, 1}, .now = {0.9, 0.9, 0.9}, .other = {0.1, 0.1, 0.1}};
  const SliceChanges thirds = Compare(data, WithThirds(3))[1];
  EXPECT_EQ(thirds.rows, 0);
  EXPECT_EQ(thirds.flips, Flips{});
  EXPECT_THAT(thirds.differences, IsEmpty());
}

TEST(CompareScores, BadRowsAreRefused) {
  const Data good{.targets = {1, 0}, .now = {0.9, 0.1}, .other = {0.1, 0.9}};
  EXPECT_THAT(ErrorOf(good, 3), HasSubstr("3 rows"));
  Data bad = good;
  bad.other[1] = 2;
  EXPECT_THAT(ErrorOf(bad, 2), HasSubstr("row 1"));
  bad = good;
  bad.now.pop_back();
  EXPECT_FALSE(ErrorOf(bad, 2).empty());
}

TEST(CompareScores, IsCancelled) {
  ThreadPool pool(1);
  Cancellation cancellation;
  cancellation.Cancel();
  const std::vector<double> ones{1, 0};
  const absl::Status status =
      CompareScores({.targets = ones}, {ones}, {ones}, Whole(2), {.pool = &pool, .cancellation = &cancellation})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace roost::evaluate
