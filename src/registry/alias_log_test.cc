#include "registry/alias_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/thread_pool.h"
#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::HasSubstr;

class AliasLogTest : public testing::Test {
 protected:
  AliasLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
  }
  ~AliasLogTest() override { std::filesystem::remove_all(folder_); }

  AliasLog Open() { return AliasLog::Open(*database_, *objects_).value(); }
  absl::StatusOr<AliasMove> Move(AliasLog& log, std::string_view alias, std::optional<int64_t> expected, int64_t to) {
    return log.Move("late", alias, expected, to, "ada", "it is better", context_);
  }

  ThreadPool pool_{1};
  Context context_{.pool = &pool_, .now = [] { return absl::FromUnixSeconds(1'000'000'000); }};
  std::string folder_;
  std::string url_;
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(AliasLogTest, AnAliasPointsWhereItsLastMoveSays) {
  AliasLog log = Open();
  EXPECT_EQ(*log.Target("late", "champion"), std::nullopt);
  ASSERT_TRUE(Move(log, "champion", std::nullopt, 1).ok());
  ASSERT_TRUE(Move(log, "champion", 1, 3).ok());
  ASSERT_TRUE(Move(log, "reference", std::nullopt, 1).ok());
  EXPECT_EQ(*log.Target("late", "champion"), 3);
  EXPECT_EQ(*log.Target("churn", "champion"), std::nullopt);
  const std::vector<AliasMove> current = *log.Current("late");
  ASSERT_EQ(current.size(), 2u);
  EXPECT_EQ(current[0].alias, "champion");
  EXPECT_EQ(current[0].to, 3);
  EXPECT_EQ(current[1].alias, "reference");
  ASSERT_TRUE(log.Move("churn", "champion", std::nullopt, 2, "ada", "the first", context_).ok());
  const std::vector<AliasMove> all = *log.CurrentOfAll();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].model, "churn");
  EXPECT_EQ(all[0].to, 2);
  EXPECT_EQ((std::vector<AliasMove>{all[1], all[2]}), current);
}

TEST_F(AliasLogTest, TheHistorySaysWhoMovedItWhenAndWhy) {
  AliasLog log = Open();
  ASSERT_TRUE(Move(log, "champion", std::nullopt, 1).ok());
  const AliasMove second = *Move(log, "champion", 1, 2);
  const std::vector<AliasMove> history = *log.History("late", "champion");
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].from, std::nullopt);
  EXPECT_EQ(history[1], second);
  EXPECT_EQ(second.number, 2);
  EXPECT_EQ(second.from, 1);
  EXPECT_EQ(second.author, "ada");
  EXPECT_EQ(second.reason, "it is better");
  EXPECT_EQ(second.moved, absl::FromUnixSeconds(1'000'000'000));
}

TEST_F(AliasLogTest, AMoveFromElsewhereIsAborted) {
  AliasLog log = Open();
  EXPECT_EQ(Move(log, "champion", 1, 2).status().code(), absl::StatusCode::kAborted);
  ASSERT_TRUE(Move(log, "champion", std::nullopt, 1).ok());
  const absl::Status lost = Move(log, "champion", std::nullopt, 2).status();
  EXPECT_EQ(lost.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(lost.message()), HasSubstr("points at version 1, not nowhere"));
  EXPECT_EQ(*log.Target("late", "champion"), 1);
}

TEST_F(AliasLogTest, OfTwoRacingMovesOneWins) {
  { Open(); }
  for (int64_t round = 0; round < 10; ++round) {
    const std::optional<int64_t> expected = *Open().Target("late", "champion");
    std::atomic<int> won = 0;
    std::atomic<int> aborted = 0;
    std::vector<std::thread> threads;
    for (int64_t i = 1; i <= 3; ++i) {
      threads.emplace_back([&, i] {
        const auto database = store::Database::Open(url_).value();
        AliasLog log = AliasLog::Open(*database, *objects_).value();
        const auto moved = Move(log, "champion", expected, round * 3 + i);
        if (moved.ok()) ++won;
        if (absl::IsAborted(moved.status())) ++aborted;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(aborted, 2);
  }
  EXPECT_EQ(Open().History("late", "champion")->size(), 10u);
}

TEST_F(AliasLogTest, RefusesNamesOfVersionsAndMovesWithoutAnAuthorOrReason) {
  AliasLog log = Open();
  EXPECT_EQ(Move(log, "latest", std::nullopt, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Move(log, "7", std::nullopt, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log.Move("late", "champion", std::nullopt, 1, "", "why", context_).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log.Move("late", "champion", std::nullopt, 1, "ada", "", context_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(AliasLogTest, AMoveWhoseRowWasLostIsFinishedByTheNext) {
  AliasLog log = Open();
  ASSERT_TRUE(Move(log, "champion", std::nullopt, 1).ok());
  const AliasMove unfinished = *Move(log, "champion", 1, 2);
  ASSERT_TRUE(database_->Execute("DELETE FROM model_alias_moves WHERE number = 2").ok());
  EXPECT_EQ(Move(log, "champion", 1, 3).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(*log.Target("late", "champion"), 2);
  ASSERT_TRUE(Move(log, "champion", 2, 3).ok());
  const std::vector<AliasMove> history = *log.History("late", "champion");
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[1], unfinished);
}

}  // namespace
}  // namespace roost::registry
