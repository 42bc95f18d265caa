#include "registry/alias_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/status.h"
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

  AliasLog Open() { return Open(*database_); }
  AliasLog Open(store::Database& database) {
    return AliasLog::Open(database, *objects_, AuditLog::Open(database, *objects_).value()).value();
  }
  static AliasMove Wanted(const std::string& alias, std::optional<int64_t> expected, int64_t to) {
    return {.model = "late",
            .alias = alias,
            .from = expected,
            .to = to,
            .author = "ada",
            .reason = "it is better",
            .moved = absl::FromUnixSeconds(1'000'000'000)};
  }
  // Aborted where it points elsewhere.
  static absl::StatusOr<AliasMove> Make(store::Database& database, AliasLog& log, AliasMove move) {
    bool made = false;
    const absl::Status done = database.InTransaction([&]() -> absl::Status {
      TRY_ASSIGN(made, log.Move(move));
      return absl::OkStatus();
    });
    TRY(done);
    if (!made) return absl::AbortedError("it points elsewhere");
    return move;
  }
  absl::StatusOr<AliasMove> Move(AliasLog& log, const std::string& alias, std::optional<int64_t> expected, int64_t to) {
    return Make(*database_, log, Wanted(alias, expected, to));
  }

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
  AliasMove of_another = Wanted("champion", std::nullopt, 2);
  of_another.model = "churn";
  ASSERT_TRUE(Make(*database_, log, of_another).ok());
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
  EXPECT_EQ(Move(log, "champion", std::nullopt, 2).status().code(), absl::StatusCode::kAborted);
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
        AliasLog log = Open(*database);
        const auto moved = Make(*database, log, Wanted("champion", expected, round * 3 + i));
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
  for (std::string AliasMove::*text : {&AliasMove::author, &AliasMove::reason}) {
    AliasMove without = Wanted("champion", std::nullopt, 1);
    without.*text = "";
    EXPECT_TRUE(absl::IsInvalidArgument(Make(*database_, log, without).status()));
    without.*text = std::string(5000, 'x');
    EXPECT_TRUE(absl::IsInvalidArgument(Make(*database_, log, without).status()));
  }
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

TEST_F(AliasLogTest, KindAndEvidenceAreKeptAndRestored) {
  AliasLog log = Open();
  ASSERT_TRUE(Move(log, "champion", std::nullopt, 1).ok());
  AliasMove back = Wanted("champion", 1, 2);
  back.action = AliasAction::kRollback;
  back.evidence = "gate 7f3a";
  back = *Make(*database_, log, back);
  const std::vector<AliasMove> history = *log.History("late");
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1], back);
  EXPECT_EQ(history[1].evidence, "gate 7f3a");
  ASSERT_TRUE(database_->Execute("DELETE FROM model_alias_moves").ok());
  EXPECT_EQ(*log.Restore(), 2);
  EXPECT_EQ(*log.History("late"), history);
}

TEST_F(AliasLogTest, EachMoveIsWrittenDownOnce) {
  AliasLog log = Open();
  const AuditLog audit = *AuditLog::Open(*database_, *objects_);
  ASSERT_TRUE(Move(log, "champion", std::nullopt, 1).ok());
  ASSERT_TRUE(Move(log, "champion", 1, 2).ok());
  ASSERT_EQ(audit.List()->size(), 2u);
  EXPECT_EQ((*audit.List())[1].object, "late@2");
  EXPECT_THAT((*audit.List())[1].details, HasSubstr(R"("alias":"champion","evidence":"","from":1)"));
  // Killed before the commit: the records of both logs are there.
  ASSERT_TRUE(database_->Execute("DELETE FROM model_alias_moves WHERE number = 2").ok());
  ASSERT_TRUE(database_->Execute("DELETE FROM audit_entries WHERE number = 2").ok());
  ASSERT_TRUE(Move(log, "champion", 2, 3).ok());
  EXPECT_EQ(audit.List()->size(), 3u);
  // Killed between the two records.
  ASSERT_TRUE(database_->Execute("DELETE FROM model_alias_moves WHERE number = 3").ok());
  ASSERT_TRUE(database_->Execute("DELETE FROM audit_entries WHERE number = 3").ok());
  ASSERT_TRUE(objects_->Delete("names/audit/3").ok());
  ASSERT_TRUE(Move(log, "champion", 3, 4).ok());
  const std::vector<AuditEntry> entries = *audit.List();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[2].object, "late@3");
  EXPECT_EQ(entries[3].object, "late@4");
}

TEST_F(AliasLogTest, ATableOfRoost01GetsItsColumns) {
  ASSERT_TRUE(
      database_
          ->Execute("CREATE TABLE model_alias_moves (model TEXT NOT NULL, alias TEXT NOT NULL, number BIGINT NOT "
                    "NULL, from_version BIGINT, to_version BIGINT NOT NULL, author TEXT NOT NULL, reason TEXT "
                    "NOT NULL, moved_us BIGINT NOT NULL, PRIMARY KEY (model, alias, number))")
          .ok());
  ASSERT_TRUE(
      database_->Execute("INSERT INTO model_alias_moves VALUES ('late', 'champion', 1, NULL, 4, 'ada', 'why', 5)")
          .ok());
  AliasLog log = Open();
  EXPECT_EQ(*log.Target("late", "champion"), 4);
  ASSERT_TRUE(Move(log, "champion", 4, 5).ok());
  EXPECT_EQ(log.History("late", "champion")->front().action, AliasAction::kSet);
  EXPECT_EQ(*Open().Target("late", "champion"), 5);
}

}  // namespace
}  // namespace roost::registry
