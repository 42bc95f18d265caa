// What a training sees, what it does not see, and what it starts from.

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "api/evaluation.h"
#include "api/models.h"
#include "api/timing.h"
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

  // Trains until the progress of training has come `updates` times, and leaves what a kill would leave. The clock goes
  // so fast that a state is kept after every step.
  absl::Status TrainAndStop(Project& project, const TrainRequest& request, int updates) {
    Cancellation cancellation;
    absl::Time now = absl::UnixEpoch();
    Context context = context_;
    context.cancellation = &cancellation;
    context.now = [&now] { return now; };
    context.progress = [&](const ProgressUpdate& update) {
      if (std::string_view(update.stage) != "train") return;
      now += absl::Seconds(3);
      if (--updates == 0) cancellation.Cancel();
    };
    return Train(project, request, context).status();
  }

  static fs::path Checkpoint(const Project& project, const std::string& role = "train") {
    return fs::path(project.folder()) / ".roost" / "checkpoints" / "late" / role;
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

TEST_F(TrainingTest, AKilledTrainingGoesOnToTheSameModel) {
  const std::string model = Model("{column: time, evaluate_share: 0.2}");
  for (const std::string& trainer :
       {std::string(), std::string("  trainer: {kind: linear, solver: ftrl, passes: 20}\n"),
        std::string("  trainer: {kind: boosted_trees, rounds: 20, early_stopping: 5, learning_rate: 0.4}\n")}) {
    const std::string name = fmt::format("{}", trainer.size());
    Project whole = MakeProject(name + "-whole", model + trainer);
    Add(whole, {});
    const auto uninterrupted = Train(whole, {}, context_);
    ASSERT_TRUE(uninterrupted.ok()) << uninterrupted.status();
    Project killed = MakeProject(name + "-killed", model + trainer);
    Add(killed, {});
    EXPECT_TRUE(absl::IsCancelled(TrainAndStop(killed, {}, 3)));
    EXPECT_TRUE(ListModels(killed, "")->empty());
    ASSERT_TRUE(fs::exists(Checkpoint(killed))) << name;
    const auto resumed = Train(killed, {}, context_);
    ASSERT_TRUE(resumed.ok()) << resumed.status();
    EXPECT_GT(resumed->report.resumed_after, 0);
    EXPECT_EQ(LoadTiming(killed, resumed->version).value()->resumed_after, resumed->report.resumed_after);
    EXPECT_GE(resumed->elapsed, absl::Seconds(6)) << "what the killed call took counts";
    EXPECT_EQ(ModelJson(killed), ModelJson(whole)) << name;
    EXPECT_EQ(ToLine(resumed->report.ToJson()), ToLine(uninterrupted->report.ToJson()));
    EXPECT_FALSE(fs::exists(Checkpoint(killed).parent_path())) << "the model is there";
    const auto again = Train(killed, {}, context_);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_FALSE(again->is_new) << "a training that is not interrupted gives the same version";
    EXPECT_EQ(again->report.resumed_after, 0);
  }
}

TEST_F(TrainingTest, TheTrainingBesideGoesOnToo) {
  Project project = MakeProject("project", Model("{column: time, evaluate_share: 0.2}"));
  Add(project, {.rows = 1500});
  ASSERT_TRUE(Train(project, {}, context_).ok());
  Add(project, {.rows = 2000, .new_city = "Rome"});
  int steps = 0;
  Context counting = context_;
  counting.progress = [&](const ProgressUpdate& update) { steps += std::string_view(update.stage) == "train"; };
  const auto first = Train(project, {}, counting);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto cold = Train(project, {.cold = true}, context_);
  ASSERT_TRUE(cold.ok()) << cold.status();
  const auto cold_steps = static_cast<int>(cold->report.steps);
  ASSERT_GE(steps, 2);
  // The cold training is done, and the warm one beside it has made a step.
  EXPECT_TRUE(absl::IsCancelled(TrainAndStop(project, {.cold = true}, cold_steps + 1)));
  EXPECT_TRUE(fs::exists(Checkpoint(project, "beside")));
  const auto resumed = Train(project, {.cold = true}, context_);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_FALSE(resumed->is_new);
  EXPECT_EQ(resumed->report.resumed_after, cold_steps);
  EXPECT_EQ(resumed->other->report.resumed_after, 1);
  EXPECT_EQ(ToLine(resumed->other->report.ToJson()), ToLine(cold->other->report.ToJson()));
}

TEST_F(TrainingTest, ACheckpointOfAnotherTrainingIsPassedOver) {
  const std::string model = Model("{column: time, evaluate_share: 0.2}");
  Project project = MakeProject("project", model);
  Add(project, {});
  EXPECT_TRUE(absl::IsCancelled(TrainAndStop(project, {}, 2)));
  Add(project, {.rows = 2400});
  const auto other_data = Train(project, {}, context_);
  ASSERT_TRUE(other_data.ok()) << other_data.status();
  EXPECT_EQ(other_data->report.resumed_after, 0);
  EXPECT_TRUE(absl::IsCancelled(TrainAndStop(project, {.cold = true}, 2)));
  const auto other_parent = Train(project, {.parent = "late@1"}, context_);
  ASSERT_TRUE(other_parent.ok()) << other_parent.status();
  EXPECT_EQ(other_parent->report.resumed_after, 0);
  Project configured = MakeProject("configured", model);
  Add(configured, {});
  EXPECT_TRUE(absl::IsCancelled(TrainAndStop(configured, {}, 2)));
  ASSERT_TRUE(configured.ReplaceConfig(configured.config_text() + "  trainer: {seed: 5}\n").ok());
  const auto other_seed = Train(configured, {}, context_);
  ASSERT_TRUE(other_seed.ok()) << other_seed.status();
  EXPECT_EQ(other_seed->report.resumed_after, 0);
}

TEST_F(TrainingTest, ATornCheckpointIsPassedOver) {
  Project project = MakeProject("project", Model("{column: time, evaluate_share: 0.2}"));
  Add(project, {});
  const auto tear = [](std::string bytes, int how) {
    if (how == 0) return bytes.substr(0, bytes.size() / 2);
    if (how == 1) return std::string();
    bytes[bytes.size() - 9] ^= 1;
    return bytes;
  };
  for (int how = 0; how < 3; ++how) {
    EXPECT_TRUE(absl::IsCancelled(TrainAndStop(project, {}, 2)));
    std::ostringstream text;
    text << std::ifstream(Checkpoint(project)).rdbuf();
    std::ofstream(Checkpoint(project)) << tear(text.str(), how);
    const auto trained = Train(project, {}, context_);
    ASSERT_TRUE(trained.ok()) << trained.status();
    EXPECT_EQ(trained->report.resumed_after, 0) << how;
    EXPECT_EQ(trained->version.ToString(), "late@1");
  }
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
