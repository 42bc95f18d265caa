#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "registry/registry.h"
#include "store/local_object_store.h"
#include "store/testing/database_faults.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

AliasMove MoveTo(int64_t to, AliasAction action = AliasAction::kSet) { return {.to = to, .action = action}; }

TEST(StandingVersions, APromotionAddsAndARollbackTakesAway) {
  constexpr auto kBack = AliasAction::kRollback;
  EXPECT_THAT(StandingVersions({}), IsEmpty());
  EXPECT_THAT(StandingVersions({MoveTo(1), MoveTo(2), MoveTo(3)}), ElementsAre(1, 2, 3));
  EXPECT_THAT(StandingVersions({MoveTo(1), MoveTo(2), MoveTo(3), MoveTo(2, kBack)}), ElementsAre(1, 2));
  EXPECT_THAT(StandingVersions({MoveTo(1), MoveTo(2), MoveTo(3), MoveTo(1, kBack)}), ElementsAre(1));
  EXPECT_THAT(StandingVersions({MoveTo(1), MoveTo(2), MoveTo(1, kBack), MoveTo(3)}), ElementsAre(1, 3));
  EXPECT_THAT(StandingVersions({MoveTo(1), MoveTo(2), MoveTo(1), MoveTo(2, kBack)}), ElementsAre(1, 2));
  EXPECT_THAT(StandingVersions({MoveTo(1), MoveTo(2), MoveTo(3), MoveTo(1), MoveTo(1, kBack)}), ElementsAre(1));
  EXPECT_THAT(StandingVersions({MoveTo(4, kBack)}), ElementsAre(4));
}

class RegistryReleaseTest : public testing::Test {
 protected:
  RegistryReleaseTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
    Registry registry = Open();
    for (const char* content : {"one", "two", "three", "four"}) {
      EXPECT_TRUE(registry.Register("late", {{{"model.json", content}}}, "ada", context_).ok());
    }
  }
  ~RegistryReleaseTest() override { std::filesystem::remove_all(folder_); }

  Registry Open() { return Registry::Open(*database_, *objects_).value(); }
  absl::StatusOr<Release> Promote(int64_t version, std::optional<int64_t> expected = std::nullopt) {
    return Open().Promote(
        {.model = "late", .version = version, .expected = expected, .author = "ada", .reason = "better"}, context_);
  }
  absl::StatusOr<Release> Rollback(std::optional<int64_t> to = std::nullopt) {
    return Open().Rollback({.model = "late", .to = to, .author = "bob", .reason = "worse"}, context_);
  }
  static StateRequest Version(int64_t version) {
    return {.model = "late", .version = version, .author = "ada", .reason = "old"};
  }
  // "champion previous".
  std::string Now() {
    const Registry registry = Open();
    return fmt::format("{} {}", registry.aliases().Target("late", kChampion)->value_or(0),
                       registry.aliases().Target("late", kPrevious)->value_or(0));
  }

  ThreadPool pool_{1};
  int64_t seconds_ = 1'000'000'000;
  Context context_{.pool = &pool_, .now = [this] { return absl::FromUnixSeconds(++seconds_); }};
  std::string folder_;
  std::string url_;
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(RegistryReleaseTest, APromotionMovesChampionAndPrevious) {
  const Release first = *Promote(1);
  EXPECT_EQ(first.from, std::nullopt);
  EXPECT_EQ(first.moves.size(), 1u);
  EXPECT_EQ(Now(), "1 0");
  const Release second = *Promote(3);
  EXPECT_EQ(second.from, 1);
  ASSERT_EQ(second.moves.size(), 2u);
  EXPECT_EQ(second.moves[0].alias, kChampion);
  EXPECT_EQ(second.moves[1].alias, kPrevious);
  EXPECT_EQ(second.moves[1].moved, second.moves[0].moved);
  EXPECT_EQ(Now(), "3 1");
  EXPECT_THAT(Promote(3)->moves, IsEmpty()) << "it is champion already";
  EXPECT_EQ(Now(), "3 1");
}

TEST_F(RegistryReleaseTest, ARollbackGoesBackAndNeverForth) {
  for (const int64_t version : {1, 2, 3}) ASSERT_TRUE(Promote(version).ok());
  EXPECT_EQ(Rollback()->to, 2);
  EXPECT_EQ(Now(), "2 1") << "previous is where the next rollback goes";
  EXPECT_EQ(Rollback()->to, 1);
  EXPECT_EQ(Now(), "1 1") << "nothing is before it";
  const absl::Status nothing = Rollback().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(nothing));
  EXPECT_EQ(std::string(nothing.message()),
            "late@1 cannot be rolled back: no version that may serve was champion before it");
  ASSERT_TRUE(Promote(4).ok());
  EXPECT_EQ(Now(), "4 1");
  EXPECT_EQ(Rollback()->to, 1);
}

TEST_F(RegistryReleaseTest, ARollbackGoesToAnEarlierOneByName) {
  for (const int64_t version : {1, 2, 3, 4}) ASSERT_TRUE(Promote(version).ok());
  EXPECT_EQ(Rollback(2)->to, 2);
  EXPECT_EQ(Now(), "2 1");
  const absl::Status forth = Rollback(3).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(forth)) << "it was taken back itself";
  EXPECT_THAT(HintOf(forth), HasSubstr("'roost model promote late@3'"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Rollback(2).status()));
  EXPECT_EQ(Now(), "2 1");
}

TEST_F(RegistryReleaseTest, AVersionThatIsPromotedAgainCanBeTakenBack) {
  for (const int64_t version : {1, 2, 1}) ASSERT_TRUE(Promote(version).ok());
  EXPECT_EQ(Now(), "1 2");
  EXPECT_EQ(Rollback()->to, 2);
}

TEST_F(RegistryReleaseTest, OtherAliasesHaveNoPrevious) {
  Registry registry = Open();
  PromoteRequest request{.model = "late", .version = 2, .alias = "canary", .author = "ada", .reason = "try"};
  EXPECT_EQ(registry.Promote(request, context_)->moves.size(), 1u);
  EXPECT_EQ(registry.Resolve("late@canary")->version, 2);
  EXPECT_EQ(Now(), "0 0");
  request.alias = kPrevious;
  EXPECT_TRUE(absl::IsInvalidArgument(registry.Promote(request, context_).status()));
  request.alias = "latest";
  EXPECT_TRUE(absl::IsInvalidArgument(registry.Promote(request, context_).status()));
}

TEST_F(RegistryReleaseTest, WhatIsNotWhereItWasExpectedIsAborted) {
  ASSERT_TRUE(Promote(1, 0).ok());
  const absl::Status lost = Promote(2, 0).status();
  EXPECT_TRUE(absl::IsAborted(lost));
  EXPECT_EQ(std::string(lost.message()),
            "the alias 'champion' of late points at version 1, not nowhere: somebody else moved it");
  EXPECT_TRUE(absl::IsAborted(Promote(1, 3).status())) << "also where it points at the wanted version";
  ASSERT_TRUE(Promote(2, 1).ok());
  Registry registry = Open();
  RollbackRequest request{.model = "late", .expected = 1, .author = "bob", .reason = "worse"};
  EXPECT_TRUE(absl::IsAborted(registry.Rollback(request, context_).status()));
  EXPECT_EQ(Now(), "2 1");
}

TEST_F(RegistryReleaseTest, RefusesWhatIsNotThereAndWhatHasNoReason) {
  EXPECT_TRUE(absl::IsNotFound(Promote(9).status()));
  EXPECT_TRUE(absl::IsNotFound(Rollback().status())) << "there is no champion";
  Registry registry = Open();
  const absl::Status no_reason = registry.Promote({.model = "late", .version = 1, .author = "ada"}, context_).status();
  EXPECT_TRUE(absl::IsInvalidArgument(no_reason));
  EXPECT_EQ(HintOf(no_reason), "Give the reason with --reason.");
  EXPECT_TRUE(absl::IsInvalidArgument(registry.Rollback({.model = "late", .author = "ada"}, context_).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(registry.Retire({.model = "late", .version = 1}, context_).status()));
  EXPECT_EQ(Now(), "0 0");
}

TEST_F(RegistryReleaseTest, OfTwoRacingPromotionsOneWins) {
  for (int64_t round = 0; round < 5; ++round) {
    const int64_t expected = Open().aliases().Target("late", kChampion)->value_or(0);
    std::atomic<int> won = 0, aborted = 0;
    std::vector<std::thread> threads;
    for (int64_t version = 1; version <= 4; ++version) {
      if (version == expected) continue;
      threads.emplace_back([&, version] {
        const auto database = store::Database::Open(url_).value();  // as another process would
        ThreadPool pool(1);
        const Context context{.pool = &pool};
        const auto moved =
            Registry::Open(*database, *objects_)
                ->Promote(
                    {.model = "late", .version = version, .expected = expected, .author = "ada", .reason = "better"},
                    context);
        if (moved.ok()) ++won;
        if (absl::IsAborted(moved.status())) ++aborted;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(aborted, static_cast<int>(threads.size()) - 1);
  }
  EXPECT_EQ(Open().aliases().History("late", kChampion)->size(), 5u);
  EXPECT_THAT(Open().audit().Verify()->problems, IsEmpty());
}

TEST_F(RegistryReleaseTest, ARetiredVersionMayNotServe) {
  ASSERT_TRUE(Promote(1).ok());
  Registry registry = Open();
  EXPECT_TRUE(*registry.Retire(Version(4), context_));
  EXPECT_FALSE(*registry.Retire(Version(4), context_)) << "it is already";
  EXPECT_EQ(registry.Resolve("late")->version, 3) << "latest passes it over";
  EXPECT_EQ(registry.Resolve("late@4")->version, 4);
  const absl::Status refused = Promote(4).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("late@4 was retired by ada at 2001-09-09T"));
  EXPECT_THAT(HintOf(refused), HasSubstr("roost model retire late@4 --undo"));
  EXPECT_TRUE(*registry.Reinstate(Version(4), context_));
  EXPECT_TRUE(Promote(4).ok());
  for (const int64_t held : {4, 1}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(registry.Retire(Version(held), context_).status())) << held;
  }
}

TEST_F(RegistryReleaseTest, WhereAllAreRetiredThereIsNoLatest) {
  Registry registry = Open();
  for (const int64_t version : {1, 2, 3, 4}) ASSERT_TRUE(registry.Retire(Version(version), context_).ok());
  EXPECT_TRUE(absl::IsNotFound(registry.Resolve("late").status()));
  EXPECT_THAT(std::string(registry.Resolve("late").status().message()), HasSubstr("every version of model 'late'"));
}

TEST_F(RegistryReleaseTest, ARollbackPassesOverWhatMayNotServe) {
  for (const int64_t version : {1, 2, 3, 4}) ASSERT_TRUE(Promote(version).ok());
  ASSERT_TRUE(Open().Retire(Version(2), context_).ok());
  EXPECT_EQ(Rollback()->to, 3);
  EXPECT_EQ(Now(), "3 1");
  EXPECT_TRUE(absl::IsFailedPrecondition(Rollback(2).status()));
  EXPECT_EQ(Rollback()->to, 1);
}

TEST_F(RegistryReleaseTest, ADeletedVersionIsGoneAndItsNumberIsNotGivenAgain) {
  Registry registry = Open();
  ASSERT_TRUE(Promote(1).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(registry.Delete(Version(1), context_)));
  ASSERT_TRUE(registry.Delete(Version(4), context_).ok());
  const absl::Status gone = registry.Resolve("late@4").status();
  EXPECT_TRUE(absl::IsNotFound(gone));
  EXPECT_THAT(std::string(gone.message()), HasSubstr("late@4 was deleted by ada"));
  EXPECT_TRUE(absl::IsNotFound(registry.Delete(Version(4), context_)));
  EXPECT_EQ(registry.List("late")->size(), 3u);
  EXPECT_EQ(registry.Register("late", {{{"model.json", "four"}}}, "ada", context_)->version, 5);
  EXPECT_TRUE(absl::IsNotFound(Promote(4).status()));
}

TEST_F(RegistryReleaseTest, ALostDatabaseIsRestoredWithStatesAndDeletions) {
  Registry registry = Open();
  for (const int64_t version : {1, 2}) ASSERT_TRUE(Promote(version).ok());
  ASSERT_TRUE(registry.Retire(Version(3), context_).ok());
  ASSERT_TRUE(registry.Delete(Version(4), context_).ok());
  std::filesystem::create_directories(folder_ + "/new");
  const auto empty = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_ + "/new")).value();
  Registry restored = Registry::Open(*empty, *objects_).value();
  EXPECT_EQ(*restored.Restore(), 2 + 3 + 3) << "states, versions, moves";
  EXPECT_EQ(*restored.List(), *registry.List());
  EXPECT_EQ(*restored.states().CurrentOfAll(), *registry.states().CurrentOfAll());
  EXPECT_EQ(*restored.aliases().History("late"), *registry.aliases().History("late"));
  EXPECT_EQ(*restored.audit().Restore(), 4 + 3 + 2);
  EXPECT_THAT(restored.audit().Verify()->problems, IsEmpty());
  EXPECT_EQ(restored.Register("late", {{{"model.json", "five"}}}, "ada", context_)->version, 5);
}

// The process dies, or a write fails, at each write of a release: whatever is left, the champion is a version that
// somebody promoted, and the same command again leads to the wanted state with a whole audit log.
TEST_F(RegistryReleaseTest, AReleaseThatFailsAnywhereCanBeDoneAgain) {
  for (const auto effect : {store::DatabaseFaults::Effect::kFails, store::DatabaseFaults::Effect::kDies}) {
    for (int64_t write = 1;; ++write) {
      ASSERT_TRUE(Promote(1).ok());
      ASSERT_TRUE(Promote(2).ok());
      Registry registry = Open();
      bool happened = false;
      {
        store::DatabaseFaults faults(*database_);
        faults.At(write, effect);
        registry.Promote({.model = "late", .version = 3, .author = "ada", .reason = "better"}, context_)
            .status()
            .IgnoreError();
        happened = faults.happened();
      }
      const int64_t left = Open().aliases().Target("late", kChampion)->value();
      EXPECT_TRUE(left == 2 || left == 3) << left;
      const auto again = Promote(3);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(Now(), "3 2") << write;
      EXPECT_THAT(Open().audit().Verify()->problems, IsEmpty()) << write;
      const auto back = Rollback();
      ASSERT_TRUE(back.ok()) << back.status();
      EXPECT_EQ(back->to, 2);
      if (!happened) break;
    }
  }
}

TEST_F(RegistryReleaseTest, EverythingIsWrittenDown) {
  Registry registry = Open();
  ASSERT_TRUE(Promote(1).ok());
  ASSERT_TRUE(Promote(2).ok());
  ASSERT_TRUE(Rollback().ok());
  ASSERT_TRUE(registry.Retire(Version(3), context_).ok());
  ASSERT_TRUE(registry.Delete(Version(3), context_).ok());
  std::vector<std::string> written;
  const std::vector<AuditEntry> entries = *registry.audit().List();
  for (const AuditEntry& entry : entries) {
    if (entry.action != "model.registered") written.push_back(entry.actor + " " + entry.action + " " + entry.object);
  }
  EXPECT_THAT(written, ElementsAre("ada alias.moved late@1", "ada alias.moved late@1", "ada alias.moved late@2",
                                   "bob alias.moved late@1", "ada model.retired late@3", "ada model.deleted late@3"));
}

}  // namespace
}  // namespace roost::registry
