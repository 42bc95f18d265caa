#include "registry/run_log.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RunLogTest : public testing::Test {
 protected:
  RunLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
  }
  ~RunLogTest() override { std::filesystem::remove_all(folder_); }

  RunLog Log() { return RunLog::Open(*database_).value(); }

  static RunRecord Run(const std::string& project, int64_t second) {
    return {.project = project, .author = "ada", .scope = "all", .started = absl::FromUnixSeconds(second)};
  }
  static StepRecord Step(int64_t run, const std::string& name, const std::string& lookup, int64_t second) {
    return {.run = run,
            .step = name,
            .state = "done",
            .lookup = lookup,
            .key = "{}",
            .output = R"({"data":"flights@1"})",
            .reason = "for the first time",
            .started = absl::FromUnixSeconds(second),
            .finished = absl::FromUnixMicros(second * 1'000'000 + 7)};
  }

  std::string folder_;
  std::string url_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(RunLogTest, RunsAreCountedOverAllProjects) {
  RunLog log = Log();
  EXPECT_EQ(*log.Begin(Run("a", 10)), 1);
  EXPECT_EQ(*log.Begin(Run("b", 20)), 2);
  EXPECT_EQ(*log.Begin(Run("a", 30)), 3);
  RunRecord first = Run("a", 10), third = Run("a", 30);
  first.number = 1;
  third.number = 3;
  EXPECT_THAT(*log.List("a", 10), ElementsAre(third, first));
  EXPECT_THAT(*log.List("a", 1), ElementsAre(third));
  EXPECT_THAT(*log.List("c", 10), IsEmpty());
  EXPECT_EQ(*log.Find("a", 1), first);
  EXPECT_EQ(HintOf(log.Find("b", 1).status()), "'roost run list' shows the runs.");
  EXPECT_TRUE(absl::IsNotFound(log.Find("b", 1).status()));
}

TEST_F(RunLogTest, TheEndOfARunIsKept) {
  RunLog log = Log();
  ASSERT_EQ(*log.Begin(Run("a", 10)), 1);
  EXPECT_EQ(log.Find("a", 1)->finished, std::nullopt);
  ASSERT_TRUE(log.Finish(1, "failed", "no disk", absl::FromUnixMicros(11'000'003)).ok());
  const auto other = store::Database::Open(url_).value();
  const RunRecord run = *RunLog::Open(*other)->Find("a", 1);
  EXPECT_EQ(run.state, "failed");
  EXPECT_EQ(run.message, "no disk");
  EXPECT_EQ(run.finished, absl::FromUnixMicros(11'000'003));
}

TEST_F(RunLogTest, StepsAreKeptInTheirOrder) {
  RunLog log = Log();
  ASSERT_EQ(*log.Begin(Run("a", 10)), 1);
  StepRecord taken = Step(1, "train", "k2", 20);
  taken.made_by = 7;
  ASSERT_TRUE(log.AddStep(Step(1, "validate", "k1", 11)).ok());
  ASSERT_TRUE(log.AddStep(taken).ok());
  EXPECT_EQ(log.AddStep(taken).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(*log.StepsOf(1), ElementsAre(Step(1, "validate", "k1", 11), taken));
  EXPECT_THAT(*log.StepsOf(2), IsEmpty());
}

TEST_F(RunLogTest, TheLastStepOfTheProjectIsFound) {
  RunLog log = Log();
  for (const char* project : {"a", "a", "b", "a"}) ASSERT_TRUE(log.Begin(Run(project, 10)).ok());
  ASSERT_TRUE(log.AddStep(Step(1, "train", "k", 1)).ok());
  ASSERT_TRUE(log.AddStep(Step(2, "train", "k", 2)).ok());
  ASSERT_TRUE(log.AddStep(Step(3, "train", "k", 3)).ok());
  ASSERT_TRUE(log.AddStep(Step(4, "train", "other", 4)).ok());
  ASSERT_TRUE(log.AddStep(Step(4, "gate", "k", 5)).ok());
  EXPECT_EQ(*log.LastStep("a", "train"), Step(4, "train", "other", 4));
  EXPECT_EQ(*log.FindStep("a", "train", "k"), Step(2, "train", "k", 2));
  EXPECT_EQ(*log.FindStep("b", "train", "k"), Step(3, "train", "k", 3));
  EXPECT_EQ(*log.FindStep("b", "train", "other"), std::nullopt);
  EXPECT_EQ(*log.LastStep("b", "gate"), std::nullopt);
}

TEST_F(RunLogTest, TablesThatAreThereAreNotWrittenTo) {
  ASSERT_TRUE(RunLog::Open(*database_).ok());
  database_->SetFault([](auto, auto) { return absl::PermissionDeniedError("only for readers"); });
  EXPECT_TRUE(RunLog::Open(*database_).ok());
  EXPECT_EQ(Log().Begin(Run("a", 1)).status().code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace roost::registry
