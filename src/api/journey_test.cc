// From files to predictions, as a user of the library walks.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/data.h"
#include "api/evaluation.h"
#include "api/models.h"
#include "api/registry_models.h"
#include "api/schema.h"
#include "api/training.h"
#include "api/validate.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "table/read.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = R"(project: trips
dataset: trips
model:
  name: late
  label: delay > 15
  split: {column: time, evaluate_share: 0.25}
  features:
    - {column: time, use: hour}
    - {column: distance, use: standardize}
    - {column: distance, use: bucketize, buckets: 4}
    - {column: city, use: one_hot, min_count: 2}
)";

constexpr int kRows = 3000;
constexpr int kDistance = 100;  // every so many rows have no distance

// Trips an hour apart whose delay grows with their distance. Every 50th has no delay: no label.
std::string TripsCsv(int rows) {
  std::mt19937 random(11);
  std::string text = "time,city,distance,delay\n";
  for (int row = 0; row < rows; ++row) {
    const int distance = static_cast<int>(random() % 1000);
    const int delay = static_cast<int>(random() % 40) + distance / 50 - 15;
    text += fmt::format("2024-{:02}-{:02}T{:02}:00:00,{},{},{}\n", row / 672 + 1, row / 24 % 28 + 1, row % 24,
                        random() % 2 == 0 ? "Bern" : "Oslo", row % kDistance == 0 ? "" : fmt::to_string(distance),
                        row % 50 == 0 ? "" : fmt::to_string(delay));
  }
  return text;
}

class JourneyTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("roost_api_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    context_.pool = &pool_;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream((folder_ / name).string()) << text;
    return (folder_ / name).string();
  }

  // A project with the trips in it.
  Project ProjectWithTrips(const std::string& config = kConfig) {
    Write("roost.yaml", config);
    EXPECT_TRUE(Init({.folder = folder_.string()}).ok());
    Project project = *Project::Open(folder_.string());
    const auto added = AddData(project, {.dataset = "trips", .files = {Write("trips.csv", TripsCsv(kRows))}}, context_);
    EXPECT_TRUE(added.ok()) << added.status();
    return project;
  }

  static std::string Message(const absl::Status& status) { return std::string(status.message()); }

  fs::path folder_;
  ThreadPool pool_{3};
  Context context_;
};

TEST_F(JourneyTest, InitKeepsWhatIsThere) {
  const auto first = Init({.folder = (folder_ / "new").string()});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->written, (std::vector<std::string>{"roost.yaml", ".gitignore", ".roost/"}));
  const auto second = Init({.folder = (folder_ / "new").string()});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->written.empty());
  EXPECT_EQ(second->kept, first->written);
}

TEST_F(JourneyTest, AProjectIsFoundFromAFolderBelowIt) {
  ProjectWithTrips();
  fs::create_directories(folder_ / "notebooks" / "old");
  const auto project = Project::Open((folder_ / "notebooks" / "old").string());
  ASSERT_TRUE(project.ok()) << project.status();
  EXPECT_EQ(project->config().model->name, "late");
}

TEST_F(JourneyTest, DataIsVersionedProfiledAndReadBack) {
  Project project = ProjectWithTrips();
  const std::string path = (folder_ / "trips.csv").string();
  const auto same = AddData(project, {.dataset = "trips", .files = {path}}, context_);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_TRUE(same->version->unchanged);
  const auto more = AddData(project, {.dataset = "trips", .files = {path}, .mode = AddMode::kAppend}, context_);
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ(more->version->Name(), "trips@2");
  EXPECT_EQ(more->version->rows, 2 * kRows);
  EXPECT_EQ(LogData(project, "trips")->size(), 2u);

  const auto profile = ProfileData(project, "trips@1", context_);
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->rows, kRows);
  EXPECT_EQ(profile->Find("distance")->missing, kRows / kDistance);
  EXPECT_EQ(profile->Find("city")->distinct, 2);

  const auto rows = ReadData(project, {.reference = "trips@1", .columns = {"city"}, .limit = 5}, context_);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto head = table::Head(**rows, 100);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ((*head)->num_rows(), 5);
  EXPECT_EQ((*head)->num_columns(), 1);
}

TEST_F(JourneyTest, TheInferredSchemaHoldsForItsDataAndTellsOfOtherData) {
  Project project = ProjectWithTrips();
  EXPECT_TRUE(absl::IsNotFound(ValidateData(project, {.source = "trips"}, context_).status()))
      << "there is no schema yet";
  ASSERT_TRUE(InferSchema(project, {.references = {"trips"}}, context_).ok());
  EXPECT_TRUE(InferSchema(project, {.references = {"trips"}}, context_).ok()) << "the same again";
  const auto good = ValidateData(project, {.source = "trips"}, context_);
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->source, "trips@1");
  EXPECT_EQ(good->rows, kRows);
  EXPECT_TRUE(good->report.anomalies.empty());

  const auto bad = ValidateData(
      project, {.source = Write("bad.csv", "time,city,distance,delay\n2024-01-01T00:00:00,,far,1\n")}, context_);
  ASSERT_TRUE(bad.ok()) << bad.status();
  EXPECT_TRUE(schema::HasErrors(bad->report));

  Write("schema.yaml", "columns: {}\n");
  EXPECT_TRUE(absl::IsAlreadyExists(InferSchema(project, {.references = {"trips"}}, context_).status()));
  EXPECT_TRUE(InferSchema(project, {.references = {"trips"}, .write = SchemaWrite::kReplace}, context_)->written);
}

TEST_F(JourneyTest, TrainingAgainGivesTheSameBytesOnAnyNumberOfThreads) {
  Project project = ProjectWithTrips();
  const auto first = Train(project, {}, context_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->version.ToString(), "late@1");
  EXPECT_EQ(first->dataset, "trips@1");
  EXPECT_EQ(first->unlabelled_rows, kRows / 50);
  EXPECT_EQ(first->train_rows + first->evaluate_rows + first->unlabelled_rows, kRows);
  EXPECT_NEAR(static_cast<double>(first->evaluate_rows), kRows * 0.25, kRows * 0.02);
  EXPECT_TRUE(first->is_new);
  EXPECT_TRUE(first->report.converged);
  EXPECT_EQ(first->report.start, "cold");
  const auto& figures = std::get<evaluate::BinaryEvaluation>(first->evaluation);
  EXPECT_GT(*figures.model.auc, 0.6);
  EXPECT_LT(figures.model.log_loss, figures.dummy.log_loss);
  EXPECT_EQ(first->importance.columns.front().column, "distance");

  ThreadPool alone(1);
  Context one_thread = context_;
  one_thread.pool = &alone;
  const auto second = Train(project, {.reference = "trips@1"}, one_thread);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->version.manifest, first->version.manifest);
  EXPECT_EQ(second->version.version, 1) << "the same package is the same version";
  EXPECT_FALSE(second->is_new);
  EXPECT_EQ(second->evaluation, first->evaluation);
  EXPECT_EQ(ListModels(project, "")->size(), 1u);
}

TEST_F(JourneyTest, EvaluationAfterwardsEqualsThatOfTraining) {
  Project project = ProjectWithTrips();
  const auto trained = Train(project, {}, context_);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const auto evaluated = Evaluate(project, {}, context_);
  ASSERT_TRUE(evaluated.ok()) << evaluated.status();
  EXPECT_EQ(evaluated->evaluation, trained->evaluation);
  EXPECT_EQ(evaluated->split_at, trained->split_at);
  EXPECT_EQ(evaluated->dataset, "trips@1");
}

TEST_F(JourneyTest, PredictionsOfAVersionAndOfItsFileAreTheSame) {
  Project project = ProjectWithTrips();
  ASSERT_TRUE(Train(project, {}, context_).ok());
  std::vector<std::shared_ptr<arrow::Array>> probabilities;
  for (const std::string& source : {std::string("trips@1"), (folder_ / "trips.csv").string()}) {
    const auto rows = Predict(project, {.source = source, .limit = 500}, context_);
    ASSERT_TRUE(rows.ok()) << rows.status();
    const auto head = table::Head(**rows, kRows);
    ASSERT_TRUE(head.ok()) << head.status();
    ASSERT_EQ((*head)->num_rows(), 500);
    probabilities.push_back((*head)->GetColumnByName("probability"));
  }
  EXPECT_TRUE(probabilities[0]->Equals(*probabilities[1]));
  const auto& values = static_cast<const arrow::DoubleArray&>(*probabilities[0]);
  for (int64_t row = 0; row < values.length(); ++row) {
    EXPECT_GT(values.Value(row), 0);
    EXPECT_LT(values.Value(row), 1);
  }
  EXPECT_TRUE(CheckModelsToServe(project, {}).ok());
  EXPECT_TRUE(absl::IsNotFound(CheckModelsToServe(project, {"tripz"})));
}

TEST_F(JourneyTest, WhatCannotBeDoneIsToldWithItsReason) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Project::Open(folder_.string()).status()));
  EXPECT_TRUE(absl::IsNotFound(Project::Open((folder_ / "none").string()).status()));
  EXPECT_TRUE(absl::IsNotFound(Init({.folder = folder_.string(), .template_name = "tabula"}).status()));
  Project project = ProjectWithTrips();
  EXPECT_TRUE(absl::IsNotFound(ShowData(project, "trip").status()));
  EXPECT_TRUE(absl::IsNotFound(ShowData(project, "trips@7").status()));
  EXPECT_TRUE(absl::IsNotFound(ShowData(project, "trips@x").status()));
  EXPECT_TRUE(absl::IsNotFound(AddData(project, {.dataset = "a", .files = {"none.csv"}}, context_).status()));
  EXPECT_TRUE(absl::IsNotFound(Evaluate(project, {}, context_).status())) << "nothing is trained yet";
  EXPECT_TRUE(absl::IsNotFound(CheckModelsToServe(project, {})));
  EXPECT_TRUE(absl::IsNotFound(Predict(project, {.source = "trips"}, context_).status()));
}

TEST_F(JourneyTest, AModelThatCannotBeTrainedNamesWhatIsWrong) {
  struct Mistake {
    std::string wrong, right, message;
  };
  for (const Mistake& mistake : std::vector<Mistake>{{"delai > 15", "delay > 15", "delai"},
                                                     {"column: city, evaluate", "column: time, evaluate", "city"},
                                                     {"delay > 1500", "delay > 15", "label"}}) {
    std::string config = kConfig;
    config.replace(config.find(mistake.right), mistake.right.size(), mistake.wrong);
    Project project = ProjectWithTrips(config);
    const absl::Status status = Train(project, {}, context_).status();
    EXPECT_FALSE(status.ok()) << mistake.wrong;
    EXPECT_NE(Message(status).find(mistake.message), std::string::npos) << status;
    EXPECT_TRUE(ListModels(project, "")->empty());
  }
  Project bare = ProjectWithTrips("project: trips\ndataset: trips\n");
  EXPECT_TRUE(absl::IsInvalidArgument(Train(bare, {}, context_).status()));
}

TEST_F(JourneyTest, CancelledWorkMakesNothing) {
  Project project = ProjectWithTrips();
  Cancellation cancellation;
  cancellation.Cancel();
  Context context = context_;
  context.cancellation = &cancellation;
  EXPECT_TRUE(absl::IsCancelled(Train(project, {}, context).status()));
  EXPECT_TRUE(ListModels(project, "")->empty());
}

}  // namespace
}  // namespace roost::api
