#include "evaluate/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include <nlohmann/json.hpp>

#include "base/thread_pool.h"
#include "column/builder.h"

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::ElementsAre;
using testing::HasSubstr;

// A number that depends on column "strong" three times as much as on "weak", and not on "useless".
constexpr double kStrong = 3;
constexpr double kWeak = 1;

struct Data {
  std::vector<column::OwnedBatch> owned;
  std::vector<column::BatchView> batches;
  std::vector<double> targets;
  std::vector<int64_t> groups;
  double strong_variance = 0;
  double weak_variance = 0;

  HeldOutRows rows() const { return {.batches = batches, .targets = targets}; }
};

Data MakeData(const std::vector<size_t>& batch_sizes, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&random] { return static_cast<double>(random() % 10'000) / 10'000; };
  Data data;
  for (const size_t size : batch_sizes) {
    std::vector<std::optional<double>> strong, weak, useless;
    for (size_t row = 0; row < size; ++row) {
      strong.push_back(uniform());
      weak.push_back(row % 10 == 0 ? std::nullopt : std::optional(uniform()));
      useless.push_back(uniform());
      data.targets.push_back(kStrong * *strong.back() + kWeak * weak.back().value_or(0) + 0.25 * uniform());
      data.groups.push_back(static_cast<int64_t>(data.groups.size() / 7));
    }
    data.owned.push_back(column::BatchBuilder()
                             .Numbers("useless", std::move(useless))
                             .Numbers("strong", std::move(strong))
                             .Numbers("weak", std::move(weak))
                             .Build());
  }
  for (const column::OwnedBatch& batch : data.owned) data.batches.push_back(batch.view());
  return data;
}

absl::StatusOr<std::vector<double>> Score(const column::BatchView& batch) {
  std::vector<double> scores;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    const auto value = [&](const char* name) {
      const column::ColumnView& column = *batch.Find(name);
      return column.IsNull(row) ? 0 : column.NumberAt(row);
    };
    scores.push_back(kStrong * value("strong") + kWeak * value("weak"));
  }
  return scores;
}

const std::vector<std::string> kColumns{"useless", "strong", "weak"};

ImportanceTask NumberTask() {
  return {.task = Task::kNumber, .scoring = {.baseline = {.task = Task::kNumber, .rows = 1, .outputs = {2}}}};
}

absl::StatusOr<Importance> Measure(const HeldOutRows& rows, const ImportanceOptions& options = {}, uint64_t seed = 1,
                                   size_t num_threads = 2, const BatchScorer& score = Score,
                                   const ImportanceTask& task = NumberTask(),
                                   const std::vector<std::string>& columns = kColumns) {
  ThreadPool pool(num_threads);
  return PermutationImportance(rows, columns, score, task, options, {.pool = &pool, .seed = seed});
}

TEST(PermutationImportance, OfAKnownModelIsWhatItsWeightsSay) {
  const Data data = MakeData({2'000, 1, 3'000}, 1);
  const Importance importance = Measure(data.rows()).value();
  EXPECT_EQ(importance.metric, "RMSE");
  EXPECT_EQ(importance.rows, 5'001);
  EXPECT_EQ(importance.rows_left_out, 0);
  ASSERT_EQ(importance.columns.size(), 3u);
  EXPECT_EQ(importance.columns[0].column, "strong");
  EXPECT_EQ(importance.columns[1].column, "weak");
  EXPECT_EQ(importance.columns[2].column, "useless");
  // A value from another row adds an error of twice the column's variance times the squared weight. The noise has a
  // mean of 1/8 and a variance of 1/192; a uniform number has 1/12; of "weak" a tenth is missing and counts as 0.
  const double noise = 1.0 / 64 + 1.0 / 192;
  const double original = importance.value;
  EXPECT_NEAR(original, std::sqrt(noise), 0.003);
  const double strong = std::sqrt(original * original + 2 * kStrong * kStrong / 12) - original;
  const double weak_variance = 0.9 / 3 - 0.45 * 0.45;
  const double weak = std::sqrt(original * original + 2 * kWeak * kWeak * weak_variance) - original;
  EXPECT_NEAR(importance.columns[0].mean_drop, strong, 0.03 * strong);
  EXPECT_NEAR(importance.columns[1].mean_drop, weak, 0.03 * weak);
  EXPECT_GT(importance.columns[0].deviation, 0);
  EXPECT_LT(importance.columns[0].deviation, 0.05 * strong);
  EXPECT_EQ(importance.columns[2].mean_drop, 0);  // the model does not read it
  EXPECT_EQ(importance.columns[2].repeats, 5);
}

TEST(PermutationImportance, AColumnOfNoiseHasADropOfAboutNone) {
  const Data data = MakeData({4'000}, 2);
  // A model that reads noise as well, a little: on held-out rows that does not help.
  const BatchScorer score = [](const column::BatchView& batch) {
    absl::StatusOr<std::vector<double>> scores = Score(batch);
    for (size_t row = 0; row < scores->size(); ++row) {
      (*scores)[row] += 0.01 * (batch.Find("useless")->NumberAt(static_cast<int64_t>(row)) - 0.5);
    }
    return scores;
  };
  const Importance importance = Measure(data.rows(), {.repeats = 10}, 1, 2, score).value();
  const ColumnImportance& useless = importance.columns.back();
  EXPECT_EQ(useless.column, "useless");
  EXPECT_GT(useless.deviation, 0);
  EXPECT_LT(std::abs(useless.mean_drop), 3 * useless.deviation);
  EXPECT_LT(std::abs(useless.mean_drop), 0.001);
}

TEST(PermutationImportance, HasTheSameBitsForAnyThreadsAndCutsIntoBatches) {
  const Importance expected = Measure(MakeData({20'000}, 3).rows(), {.repeats = 2}, 7, 1).value();
  EXPECT_EQ(Measure(MakeData({20'000}, 3).rows(), {.repeats = 2}, 7, 3).value(), expected);
  // The same rows in several batches (nulls lie at every tenth row of a batch).
  EXPECT_EQ(Measure(MakeData({10'000, 30, 0, 9'970}, 3).rows(), {.repeats = 2}, 7, 3).value(), expected);
  EXPECT_NE(Measure(MakeData({20'000}, 3).rows(), {.repeats = 2}, 8).value(), expected);
}

TEST(PermutationImportance, OfManyRowsASampleIsMeasured) {
  const Data data = MakeData({3'000, 3'000}, 4);
  const Importance sampled = Measure(data.rows(), {.max_rows = 1'500}).value();
  EXPECT_EQ(sampled.rows, 1'500);
  EXPECT_EQ(sampled.rows_left_out, 4'500);
  const Importance whole = Measure(data.rows()).value();
  EXPECT_NEAR(sampled.columns[0].mean_drop, whole.columns[0].mean_drop, 0.1 * whole.columns[0].mean_drop);
  EXPECT_NE(Measure(data.rows(), {.max_rows = 1'500}, 2).value().value, sampled.value);
}

TEST(PermutationImportance, OfARankingWholeGroupsAreMeasured) {
  const Data data = MakeData({700}, 5);
  const ImportanceTask task{.task = Task::kRanking,
                            .scoring = {.baseline = {.task = Task::kRanking, .rows = 1, .outputs = {0}}}};
  HeldOutRows rows = data.rows();
  rows.groups = data.groups;
  const Importance importance = Measure(rows, {.max_rows = 100}, 1, 2, Score, task).value();
  EXPECT_EQ(importance.metric, "NDCG@10");
  EXPECT_EQ(importance.rows, 98);  // 14 groups of 7
  EXPECT_EQ(importance.columns[0].column, "strong");
  EXPECT_GT(importance.columns[0].mean_drop, 0);  // NDCG is better where it is greater
  EXPECT_EQ(Measure(rows, {.max_rows = 1}, 1, 2, Score, task).value().rows, 7);
}

TEST(PermutationImportance, OfALeakingColumnIsTheGreatest) {
  std::mt19937_64 random(6);
  std::vector<std::optional<double>> leak, other;
  std::vector<double> targets;
  for (int row = 0; row < 1'000; ++row) {
    targets.push_back(static_cast<double>(random() % 2));
    leak.push_back(targets.back());
    other.push_back(static_cast<double>(random() % 100) / 100);
  }
  const column::OwnedBatch batch =
      column::BatchBuilder().Numbers("other", std::move(other)).Numbers("leak", std::move(leak)).Build();
  const BatchScorer score = [](const column::BatchView& rows) -> absl::StatusOr<std::vector<double>> {
    std::vector<double> scores;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      scores.push_back(0.05 + 0.85 * rows.Find("leak")->NumberAt(row) + 0.1 * rows.Find("other")->NumberAt(row));
    }
    return scores;
  };
  const std::vector<column::BatchView> batches{batch.view()};
  const ImportanceTask task{.task = Task::kBinary,
                            .scoring = {.baseline = {.task = Task::kBinary, .rows = 1, .outputs = {0.5}}}};
  const Importance importance =
      Measure({.batches = batches, .targets = targets}, {}, 1, 2, score, task, {"other", "leak"}).value();
  EXPECT_EQ(importance.columns[0].column, "leak");
  EXPECT_GT(importance.columns[0].mean_drop, 10 * std::abs(importance.columns[1].mean_drop));
}

TEST(PermutationImportance, JsonReadsBackAndTextIsATable) {
  const Importance importance{.metric = "log loss",
                              .value = 0.25,
                              .rows = 1000,
                              .rows_left_out = 7,
                              .columns = {{"distance", 0.125, 0.001, 5}, {"a\x1b", -0.00001, 0.0002, 5}}};
  EXPECT_EQ(ImportanceFromJson(ParseJson(ToLine(ToJson(importance)), "importance").value()).value_or(Importance{}).rows,
            1000);
  Importance printable = importance;
  printable.columns[1].column = "carrier";
  EXPECT_EQ(ImportanceFromJson(ToJson(printable)).value(), printable);
  EXPECT_FALSE(ImportanceFromJson(Json{{"metric", "RMSE"}}).ok());
  EXPECT_EQ(ToText(importance),
            "log loss is 0.2500 on 1,000 rows; how much worse it is with a column's values from other rows\n"
            "\n"
            "column           drop    deviation  permutations\n"
            "distance        0.125        0.001             5\n"
            "a\\x1b          -1e-05       0.0002             5\n");
}

TEST(PermutationImportance, RefusesWhatDoesNotFit) {
  const Data data = MakeData({20, 20}, 7);
  const auto error_of = [](const absl::StatusOr<Importance>& importance) {
    EXPECT_FALSE(importance.ok());
    return std::string(importance.status().message());
  };
  HeldOutRows short_targets = data.rows();
  short_targets.targets = short_targets.targets.first(39);
  EXPECT_THAT(error_of(Measure(short_targets)), HasSubstr("40 rows have 39 targets"));
  EXPECT_THAT(error_of(Measure({})), HasSubstr("no rows"));
  EXPECT_THAT(error_of(Measure(data.rows(), {.repeats = 1})), HasSubstr("repeats is 1"));
  EXPECT_THAT(error_of(Measure(data.rows(), {.max_rows = 0})), HasSubstr("max_rows is 0"));
  EXPECT_THAT(error_of(Measure(data.rows(), {}, 1, 1, Score, NumberTask(), {})), HasSubstr("no columns"));
  const absl::Status missing = Measure(data.rows(), {}, 1, 1, Score, NumberTask(), {"stron"}).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  const BatchScorer too_few = [](const column::BatchView&) { return std::vector<double>{1}; };
  EXPECT_THAT(error_of(Measure(data.rows(), {}, 1, 1, too_few)), HasSubstr("the model gave 1 scores for 20 rows"));
  const BatchScorer failing = [](const column::BatchView&) -> absl::StatusOr<std::vector<double>> {
    return absl::InternalError("out of order");
  };
  EXPECT_THAT(error_of(Measure(data.rows(), {}, 1, 1, failing)), HasSubstr("out of order"));
}

TEST(PermutationImportance, EndsWhereItIsCancelled) {
  const Data data = MakeData({20}, 8);
  ThreadPool pool(1);
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_EQ(PermutationImportance(data.rows(), kColumns, Score, NumberTask(), {},
                                  {.pool = &pool, .cancellation = &cancellation})
                .status()
                .code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace roost::evaluate
