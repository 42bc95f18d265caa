// What a training sees, what it does not see, and what it starts from.

#include <filesystem>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/data.h"
#include "api/evaluation.h"
#include "api/models.h"
#include "api/training.h"
#include "base/thread_pool.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

// Trips in the order of time; `poison` changes labels and features of the rows from that one on.
struct Trips {
  int rows = 2000;
  int poison = 1'000'000;
  int first = 0;
  std::string new_city;

  std::string Csv() const {
    std::mt19937 random(7);
    std::string text = "id,time,city,distance,delay\n";
    for (int row = 0; row < first + rows; ++row) {
      const int distance = static_cast<int>(random() % 1000);
      int delay = static_cast<int>(random() % 40) + distance / 40 - 15;
      std::string city = random() % 2 == 0 ? "Bern" : "Oslo";
      if (row < first) continue;
      if (!new_city.empty() && row % 5 == 0) city = new_city;
      if (row >= poison) {
        delay = -delay * 1000;
        city = "poison";
      }
      text += fmt::format("{},2024-{:02}-{:02}T{:02}:00:00,{},{},{}\n", row % 200, row / 672 + 1, row / 24 % 28 + 1,
                          row % 24, city, (row >= poison ? -1e6 : 1.0) * distance, delay);
    }
    return text;
  }
};

class TrainingTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_training_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    context_.pool = &pool_;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Project MakeProject(const std::string& name, const std::string& model) {
    fs::create_directories(folder_ / name);
    std::ofstream((folder_ / name / "roost.yaml").string()) << "project: trips\ndataset: trips\nmodel:\n  name: late\n"
                                                            << model;
    EXPECT_TRUE(Init({.folder = (folder_ / name).string()}).ok());
    auto project = Project::Open((folder_ / name).string());
    EXPECT_TRUE(project.ok()) << project.status();
    return *std::move(project);
  }

  void Add(Project& project, const Trips& trips) {
    const std::string path = (fs::path(project.folder()) / "trips.csv").string();
    std::ofstream(path) << trips.Csv();
    const auto added = AddData(project, {.dataset = "trips", .files = {path}}, context_);
    ASSERT_TRUE(added.ok()) << added.status();
  }

  std::string ModelJson(Project& project) {
    const auto model = ShowModel(project, "late");
    EXPECT_TRUE(model.ok()) << model.status();
    return model.ok() ? model->model : "";
  }

  fs::path folder_;
  ThreadPool pool_{3};
  Context context_;
};

constexpr const char* kFeatures = R"(
  features:
    - {column: time, use: hour}
    - {column: distance, use: standardize}
    - {column: city, use: one_hot}
)";

std::string Model(const std::string& split, const std::string& rest = "") {
  return "  label: delay > 15\n  split: " + split + kFeatures + rest;
}

TEST_F(TrainingTest, NoFitSeesTheTestPart) {
  const std::string model = Model("{column: time, evaluate_share: 0.2, test_share: 0.2}");
  for (const std::string& trainer : {std::string(), std::string("  trainer: {kind: boosted_trees, rounds: 20}\n")}) {
    const std::string name = trainer.empty() ? "linear" : "trees";
    Project clean = MakeProject(name + "-clean", model + trainer);
    Add(clean, {});
    const auto trained = Train(clean, {}, context_);
    ASSERT_TRUE(trained.ok()) << trained.status();
    // The test part of 2,000 hourly rows begins at row 1,600.
    Project poisoned = MakeProject(name + "-poisoned", model + trainer);
    Add(poisoned, {.poison = 1600});
    ASSERT_TRUE(Train(poisoned, {}, context_).ok());
    EXPECT_EQ(ModelJson(clean), ModelJson(poisoned)) << name;
    // And it would be seen if it were not kept: the poison is none.
    Project seen = MakeProject(name + "-seen", model + trainer);
    Add(seen, {.poison = 1000});
    ASSERT_TRUE(Train(seen, {}, context_).ok());
    EXPECT_NE(ModelJson(clean), ModelJson(seen)) << name;
  }
}

TEST_F(TrainingTest, NoLinearFitSeesTheEvaluationPart) {
  const std::string model = Model("{column: time, evaluate_share: 0.25}");
  Project clean = MakeProject("clean", model);
  Add(clean, {});
  ASSERT_TRUE(Train(clean, {}, context_).ok());
  Project poisoned = MakeProject("poisoned", model);
  Add(poisoned, {.poison = 1500});
  ASSERT_TRUE(Train(poisoned, {}, context_).ok());
  EXPECT_EQ(ModelJson(clean), ModelJson(poisoned));
}

TEST_F(TrainingTest, TheTestPartIsEvaluatedOnRequestOnly) {
  Project project = MakeProject("project", Model("{column: time, evaluate_share: 0.2, test_share: 0.1}"));
  Add(project, {});
  ASSERT_TRUE(Train(project, {}, context_).ok());
  const auto evaluated = Evaluate(project, {}, context_);
  const auto tested = Evaluate(project, {.part = Part::kTest}, context_);
  ASSERT_TRUE(evaluated.ok()) << evaluated.status();
  ASSERT_TRUE(tested.ok()) << tested.status();
  EXPECT_EQ(std::get<evaluate::BinaryEvaluation>(evaluated->evaluation).rows, 400);
  EXPECT_EQ(std::get<evaluate::BinaryEvaluation>(tested->evaluation).rows, 200);
  Project without = MakeProject("without", Model("{column: time}"));
  Add(without, {});
  ASSERT_TRUE(Train(without, {}, context_).ok());
  EXPECT_THAT(std::string(Evaluate(without, {.part = Part::kTest}, context_).status().message()),
              HasSubstr("late@1 was trained without a test part"));
}

TEST_F(TrainingTest, RowsOfOneGroupAreInOnePart) {
  Project project = MakeProject("project", Model("{by: group, column: id, evaluate_share: 0.3}"));
  Add(project, {});
  const auto version = ResolveDataset(project, "");
  ASSERT_TRUE(version.ok());
  const config::SplitConfig& config = project.config().model->split;
  const auto split = Split::Make(project, *version, config, context_);
  ASSERT_TRUE(split.ok()) << split.status();
  const auto data = ReadLabelled(project, *version, *project.config().model, *split,
                                 {.parts = {Part::kTrain, Part::kEvaluate}, .columns = {"id"}}, context_);
  ASSERT_TRUE(data.ok()) << data.status();
  std::array<std::set<double>, 2> groups;
  for (const Part part : {Part::kTrain, Part::kEvaluate}) {
    for (const column::OwnedBatch& batch : (*data)[part].batches) {
      const column::ColumnView& ids = *batch.view().Find("id");
      for (int64_t row = 0; row < ids.length(); ++row) groups[static_cast<size_t>(part)].insert(ids.NumberAt(row));
    }
  }
  EXPECT_EQ(groups[0].size() + groups[1].size(), 200u);
  for (const double id : groups[1]) EXPECT_EQ(groups[0].count(id), 0u) << id;
  EXPECT_NEAR(static_cast<double>(groups[1].size()), 60, 25);
}

TEST_F(TrainingTest, TheNextVersionStartsAtTheOneBefore) {
  const std::string model = Model("{column: time, evaluate_share: 0.2}");
  Project project = MakeProject("project", model);
  Add(project, {.rows = 1500});
  const auto first = Train(project, {}, context_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->report.start, "cold");
  Add(project, {.rows = 2000, .new_city = "Rome"});
  const auto warm = Train(project, {}, context_);
  ASSERT_TRUE(warm.ok()) << warm.status();
  EXPECT_EQ(warm->report.start, "warm");
  EXPECT_EQ(warm->report.parent, "late@1");
  EXPECT_EQ(warm->report.features_new, 1) << "Rome";
  EXPECT_TRUE(warm->saved.has_value());
  const auto cold = Train(project, {.cold = true}, context_);
  ASSERT_TRUE(cold.ok()) << cold.status();
  EXPECT_EQ(cold->report.start, "cold");
  EXPECT_LE(warm->report.passes, cold->report.passes);
  EXPECT_NEAR(*warm->report.objective, *cold->report.objective, 1e-6 * *cold->report.objective);
  // The same training again starts from the same parent and is the same version.
  const auto again = Train(project, {.parent = "late@1"}, context_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->version.ToString(), "late@2");
}

TEST_F(TrainingTest, AColumnThatKnowsTheLabelIsTold) {
  Project project = MakeProject("project", R"(  label: delay > 15
  split: {column: time}
  features:
    - {column: distance, use: standardize}
    - {column: delay, use: bucketize}
)");
  Add(project, {});
  const auto trained = Train(project, {}, context_);
  ASSERT_TRUE(trained.ok()) << trained.status();
  ASSERT_EQ(trained->leaks.size(), 1u);
  EXPECT_EQ(trained->leaks[0].column, "delay");
  EXPECT_GT(trained->leaks[0].power, 0.9);
}

TEST_F(TrainingTest, OneLabelCannotBeLearned) {
  Project project = MakeProject("project", R"(  label: delay > 1e9
  split: {column: time}
  features: auto
)");
  Add(project, {});
  const auto trained = Train(project, {}, context_);
  EXPECT_THAT(std::string(trained.status().message()),
              HasSubstr("have the label false: there is nothing to tell apart"));
  EXPECT_TRUE(ListModels(project, "")->empty());
}

}  // namespace
}  // namespace roost::api
