#include "store/names.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/names_rebuild.h"
#include "store/recover.h"
#include "store/store.h"
#include "store/testing/test_server.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kNew = NameChange::Before::kNew;
constexpr auto kThere = NameChange::Before::kThere;
constexpr auto kAny = NameChange::Before::kAny;

std::string FreshFolder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string folder = fmt::format("{}roost_names_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
  std::filesystem::remove_all(folder);
  return folder + "/.roost";
}

class NamesTest : public ::testing::Test {
 protected:
  NamesTest() : location_(NewLocation(FreshFolder())), store_(*Store::Create(location_)), names_(&store_->names()) {
    context_.pool = &pool_;
    context_.now = [this] { return now_; };
  }

  /// A version of one row, `value`.
  absl::StatusOr<CommitInfo> Add(int64_t value, const std::string& branch = "", Store* store = nullptr) {
    return Add(value, CommitRequest{.dataset = "d", .branch = branch, .author = "ann"}, store);
  }

  absl::StatusOr<CommitInfo> Add(int64_t value, const CommitRequest& request, Store* store = nullptr) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.Append(value).ok());
    const auto batch =
        arrow::RecordBatch::Make(arrow::schema({arrow::field("x", arrow::int64())}), 1, {*builder.Finish()});
    const auto reader = *arrow::RecordBatchReader::Make({batch}, batch->schema());
    return (store == nullptr ? *store_ : *store).Commit(request, *reader, context_);
  }

  NameChange Set(NameKind kind, const std::string& name, int64_t to, NameChange::Before before = kAny) const {
    return {.dataset = "d",
            .name = name,
            .kind = kind,
            .before = before,
            .to = to,
            .author = "bob",
            .reason = "because",
            .time = now_};
  }

  NameChange Do(NameAction action, NameKind kind, const std::string& name, bool force = false) const {
    NameChange change = Set(kind, name, 0);
    change.action = action;
    change.force = force;
    return change;
  }

  DeleteRequest Deletion(std::optional<int64_t> version) const {
    return {.dataset = "d", .version = version, .author = "eve", .reason = "consent withdrawn", .time = now_};
  }

  int64_t At(const std::string& name) { return store_->Resolve({.name = "d", .label = name})->version; }

  /// All that the tables say, apart from what has a record.
  std::vector<std::string> Tables(Database& database) {
    std::vector<std::string> lines;
    for (const char* sql :
         {"SELECT * FROM versions ORDER BY dataset, version",
          "SELECT dataset, name, number, kind, action, from_version, to_version, protected, author, reason, moved_us "
          "FROM name_moves ORDER BY dataset, name, number",
          "SELECT * FROM deleted_versions ORDER BY dataset, version"}) {
      const auto rows = database.Query(sql);
      EXPECT_TRUE(rows.ok()) << rows.status();
      for (const SqlRow& row : *rows) {
        std::string line;
        for (const SqlValue& value : row) {
          if (const auto* number = std::get_if<int64_t>(&value)) line += fmt::format("{}|", *number);
          if (const auto* text = std::get_if<std::string>(&value)) line += *text + "|";
          if (std::holds_alternative<std::monostate>(value)) line += "null|";
        }
        lines.push_back(std::move(line));
      }
    }
    return lines;
  }

  /// A dataset with every kind of change in its history.
  void MakeHistory() {
    for (int64_t value = 1; value <= 3; ++value) ASSERT_TRUE(Add(value).ok());
    ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 2, kNew)).ok());
    ASSERT_TRUE(Add(10, "exp").ok());
    ASSERT_TRUE(Add(4).ok());
    ASSERT_TRUE(Add(11, "exp").ok());
    ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1.0", 3, kNew)).ok());
    ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "gone", 3, kNew)).ok());
    ASSERT_TRUE(names_->Change(Do(NameAction::kDelete, NameKind::kTag, "gone", /*force=*/true)).ok());
    ASSERT_TRUE(names_->Change(Set(NameKind::kAlias, "production", 3)).ok());
    ASSERT_TRUE(names_->Change(Set(NameKind::kAlias, "production", 6)).ok());
    ASSERT_TRUE(names_->Change(Do(NameAction::kProtect, NameKind::kBranch, "main")).ok());
    ASSERT_TRUE(Add(5, CommitRequest{.dataset = "d", .allow_protected = true, .author = "ann"}).ok());
    ASSERT_TRUE(Add(1, CommitRequest{.dataset = "other", .author = "ann"}).ok());
    ASSERT_TRUE(names_->Delete(Deletion(2)).ok());
  }

  absl::Time now_ = absl::FromUnixSeconds(1'000'000'000);
  StoreLocation location_;
  std::unique_ptr<Store> store_;
  Names* names_;
  ThreadPool pool_{2};
  Context context_;
};

TEST_F(NamesTest, VersionsAreNumberedOverAllBranches) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 1, kNew)).ok());
  const auto second = *Add(2, "exp");
  EXPECT_EQ(second.version, 2);
  EXPECT_EQ(second.branch, "exp");
  const auto third = *Add(3);
  EXPECT_EQ(third.version, 3);
  EXPECT_EQ(third.parents, second.parents) << "both follow version 1";
  const auto fourth = *Add(4, "exp");
  EXPECT_EQ(store_->Resolve({.name = "d", .version = 4})->digest, fourth.digest);
  EXPECT_EQ(At("exp"), 4);
  EXPECT_EQ(At("main"), 3);
  EXPECT_EQ(store_->Resolve({.name = "d"})->version, 3);
  EXPECT_TRUE(Add(3)->unchanged);
  EXPECT_EQ(store_->Log("d")->size(), 4u);
  std::vector<int64_t> log;
  const std::vector<CommitInfo> of_branch = *names_->Log("d", {.branch = "exp"});
  for (const CommitInfo& info : of_branch) log.push_back(info.version);
  EXPECT_THAT(log, ElementsAre(4, 2, 1));
  EXPECT_EQ(names_->Log("d", {.branch = "exp", .limit = 2})->size(), 2u);
  EXPECT_EQ(names_->Log("d", {.limit = 3})->front().version, 4);
}

TEST_F(NamesTest, ABranchThatIsNotThereTakesNoCommit) {
  EXPECT_TRUE(absl::IsNotFound(Add(1, "exp").status()));
  ASSERT_TRUE(Add(1).ok());
  const absl::Status missing = Add(2, "exp").status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_THAT(HintOf(missing), HasSubstr("branch create d exp"));
  ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1", 1)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Add(2, "v1").status()));
}

TEST_F(NamesTest, AMergeIsAVersionEvenWhereTheTableStays) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 1)).ok());
  const auto other = *Add(2, "exp");
  const auto head = *Add(3);
  const auto merged = Add(3, CommitRequest{.dataset = "d", .other_parents = {other.digest}});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->version, 4);
  EXPECT_THAT(merged->parents, ElementsAre(head.digest, other.digest));
  EXPECT_EQ(names_->Log("d", {.branch = "main"})->size(), 4u);
  EXPECT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 4, kThere)).ok()) << "it loses nothing";
}

TEST_F(NamesTest, NamesOfOneDatasetAreAllDifferentAndNeverANumber) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(Add(2).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1", 1)).ok());
  for (const NameKind kind : {NameKind::kBranch, NameKind::kTag, NameKind::kAlias}) {
    EXPECT_TRUE(absl::IsAlreadyExists(names_->Change(Set(kind, "v1", 2, kNew)).status()));
  }
  EXPECT_TRUE(absl::IsAlreadyExists(names_->Change(Set(NameKind::kAlias, "main", 1)).status()));
  for (const char* name : {"", "1", "1st", "latest", "a b", "a/b", ".a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(names_->Change(Set(NameKind::kTag, name, 1)).status())) << name;
  }
  EXPECT_TRUE(absl::IsNotFound(names_->Change(Set(NameKind::kTag, "v7", 7)).status()));
  EXPECT_TRUE(absl::IsNotFound(names_->Change(Set(NameKind::kBranch, "none", 1, kThere)).status()));
  const absl::Status misspelt = store_->Resolve({.name = "d", .label = "v2"}).status();
  EXPECT_TRUE(absl::IsNotFound(misspelt));
  EXPECT_THAT(HintOf(misspelt), HasSubstr("'v1'"));
}

TEST_F(NamesTest, ATagStaysUntilItIsDeletedByForce) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1", 1, kNew))->has_value());
  EXPECT_FALSE(names_->Change(Do(NameAction::kDelete, NameKind::kTag, "v1")).ok());
  EXPECT_EQ(At("v1"), 1);
  ASSERT_TRUE(names_->Change(Do(NameAction::kDelete, NameKind::kTag, "v1", /*force=*/true)).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->Resolve({.name = "d", .label = "v1"}).status()));
  ASSERT_TRUE(names_->Change(Set(NameKind::kAlias, "v1", 1)).ok());
  const auto history = *names_->History("d", "v1");
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[2].number, 3);
  EXPECT_EQ(history[2].kind, NameKind::kAlias);
  EXPECT_FALSE(history[2].from.has_value());
}

TEST_F(NamesTest, AnAliasMovesOnlyFromWhereItIsThoughtToBe) {
  for (int64_t value = 1; value <= 3; ++value) ASSERT_TRUE(Add(value).ok());
  NameChange change = Set(NameKind::kAlias, "production", 2);
  change.expected = 0;
  ASSERT_TRUE(names_->Change(change).ok());
  change.to = 3;
  const absl::Status refused = names_->Change(change).status();
  EXPECT_TRUE(absl::IsAborted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("at version 2, not nowhere"));
  change.expected = 2;
  const auto moved = *names_->Change(change);
  EXPECT_EQ(moved->from, 2);
  EXPECT_EQ(moved->to, 3);
  EXPECT_EQ(moved->author, "bob");
  change.expected.reset();
  EXPECT_FALSE(names_->Change(change)->has_value()) << "it is there already";
  change.to = 1;
  change.reason.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(names_->Change(change).status())) << "why is part of the log";
}

TEST_F(NamesTest, ABranchLosesNoVersionsBySurprise) {
  for (int64_t value = 1; value <= 3; ++value) ASSERT_TRUE(Add(value).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 1)).ok());
  EXPECT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 3, kThere)).ok()) << "fast forward";
  NameChange back = Set(NameKind::kBranch, "main", 1, kThere);
  const absl::Status refused = names_->Change(back).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("d@3, d@2 off it"));
  back.force = true;
  ASSERT_TRUE(names_->Change(back).ok());
  EXPECT_EQ(At("main"), 1);
  const auto next = *Add(9);
  EXPECT_EQ(next.version, 4);
  EXPECT_EQ(names_->Log("d", {.branch = "main"})->size(), 2u);
  EXPECT_FALSE(names_->Change(Do(NameAction::kDelete, NameKind::kBranch, "main", true)).ok());
}

TEST_F(NamesTest, AProtectedBranchStandsStill) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(Add(2).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 1)).ok());
  ASSERT_TRUE(names_->Change(Do(NameAction::kProtect, NameKind::kBranch, "exp"))->has_value());
  EXPECT_FALSE(names_->Change(Do(NameAction::kProtect, NameKind::kBranch, "exp"))->has_value());
  EXPECT_TRUE(absl::IsFailedPrecondition(Add(3, "exp").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(names_->Change(Set(NameKind::kBranch, "exp", 2, kThere)).status()));
  EXPECT_FALSE(names_->Change(Do(NameAction::kDelete, NameKind::kBranch, "exp")).ok());
  ASSERT_TRUE(Add(3, CommitRequest{.dataset = "d", .branch = "exp", .allow_protected = true}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Add(4, "exp").status())) << "a commit does not unprotect it";
  ASSERT_TRUE(names_->Change(Do(NameAction::kUnprotect, NameKind::kBranch, "exp")).ok());
  EXPECT_TRUE(Add(4, "exp").ok());
}

TEST_F(NamesTest, ADeletedVersionSaysWhoDidItAndWhy) {
  for (int64_t value = 1; value <= 4; ++value) ASSERT_TRUE(Add(value).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1", 2)).ok());
  const absl::Status named = names_->Delete(Deletion(2)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(named));
  EXPECT_THAT(std::string(named.message()), HasSubstr("tag 'v1'"));
  EXPECT_THAT(std::string(names_->Delete(Deletion(4)).status().message()), HasSubstr("branch 'main'"));
  ASSERT_TRUE(names_->Delete(Deletion(3)).ok());
  const absl::Status gone = store_->Resolve({.name = "d", .version = 3}).status();
  EXPECT_TRUE(absl::IsNotFound(gone));
  EXPECT_THAT(std::string(gone.message()), HasSubstr("was deleted by eve at 2001-09-09T01:46:40Z: consent withdrawn"));
  EXPECT_TRUE(absl::IsNotFound(names_->Delete(Deletion(3)).status()));
  // The history goes on over it.
  std::vector<int64_t> log;
  const std::vector<CommitInfo> of_branch = *names_->Log("d", {.branch = "main"});
  for (const CommitInfo& info : of_branch) log.push_back(info.version);
  EXPECT_THAT(log, ElementsAre(4, 2, 1));
  EXPECT_EQ(names_->Deleted("d")->front().version, 3);
  NameChange back = Set(NameKind::kBranch, "main", 1, kThere);
  EXPECT_THAT(std::string(names_->Change(back).status().message()), HasSubstr("take d@4, d@2 off it"));
}

TEST_F(NamesTest, TheNextVersionHasANumberThatNoneHad) {
  EXPECT_EQ(*store_->NextVersion("d"), 1);
  for (int64_t value = 1; value <= 3; ++value) ASSERT_TRUE(Add(value).ok());
  EXPECT_EQ(*store_->NextVersion("d"), 4);
  NameChange back = Set(NameKind::kBranch, "main", 2, kThere);
  back.force = true;
  ASSERT_TRUE(names_->Change(back).ok());
  ASSERT_TRUE(names_->Delete(Deletion(3)).ok());
  EXPECT_EQ(store_->Log("d")->front().version, 2);
  EXPECT_EQ(*store_->NextVersion("d"), 4);
}

TEST_F(NamesTest, ADeletedDatasetIsMadeAnewWithNumbersOfItsOwn) {
  for (int64_t value = 1; value <= 2; ++value) ASSERT_TRUE(Add(value).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1", 2)).ok());
  ASSERT_TRUE(names_->Change(Do(NameAction::kProtect, NameKind::kBranch, "main")).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(names_->Delete(Deletion({})).status()));
  ASSERT_TRUE(names_->Change(Do(NameAction::kUnprotect, NameKind::kBranch, "main")).ok());
  EXPECT_EQ(names_->Delete(Deletion({}))->size(), 2u);
  EXPECT_THAT(*store_->Datasets(), IsEmpty());
  EXPECT_THAT(std::string(store_->Resolve({.name = "d"}).status().message()), HasSubstr("deleted by eve"));
  EXPECT_TRUE(absl::IsNotFound(names_->Delete(Deletion({})).status()));
  const auto again = Add(1);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->version, 3);
  EXPECT_THAT(again->parents, IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(store_->Resolve({.name = "d", .label = "v1"}).status()));
  EXPECT_EQ(Add(5)->version, 4);
}

TEST_F(NamesTest, AllNamesCanBeMadeAgainFromTheirRecords) {
  MakeHistory();
  const std::vector<std::string> before = Tables(store_->database());
  EXPECT_GT(before.size(), 15u);
  for (const char* table : {"versions", "name_moves", "deleted_versions", "packs", "records"}) {
    ASSERT_TRUE(store_->database().Execute(fmt::format("DROP TABLE {}", table)).ok());
  }
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->damages.empty());
  EXPECT_EQ(Tables(store_->database()), before);
  store_ = *Store::Open(location_);
  names_ = &store_->names();
  EXPECT_EQ(At("production"), 6);
  EXPECT_TRUE(absl::IsFailedPrecondition(Add(8).status())) << "main is protected still";
  EXPECT_EQ(Add(12, "exp")->version, 8);
}

TEST_F(NamesTest, ADamagedRecordIsNamedAndTheOthersAreRead) {
  ASSERT_TRUE(Add(1).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kTag, "v1", 1)).ok());
  const std::string key = "names/refs/d/v1/000000000001";
  const std::string good = *store_->objects().Get(key);
  for (const std::string& bad : {std::string(), std::string("[]"), good.substr(0, good.size() / 2),
                                 std::string(R"({"format":2})"), std::string(100'000, ' ')}) {
    ASSERT_TRUE(store_->objects().Delete(key).ok());
    ASSERT_TRUE(store_->objects().Put(key, bad).ok());
    const auto records = ReadNameRecords(store_->objects());
    ASSERT_TRUE(records.ok()) << records.status();
    ASSERT_EQ(records->damaged.size(), 1u);
    EXPECT_EQ(records->damaged.front().key, key);
    EXPECT_THAT(records->damaged.front().message, HasSubstr(key));
    EXPECT_EQ(records->moves.size(), 1u) << "the others are read";
  }
  EXPECT_FALSE(ParseMoveRecord(good, "names/refs/d/v1/000000000002").ok()) << "the record of another move";
}

TEST_F(NamesTest, AWorkspaceOfBeforeBranchesGoesOn) {
  for (int64_t value = 1; value <= 3; ++value) ASSERT_TRUE(Add(value).ok());
  for (const char* sql : {"DROP TABLE name_moves", "DROP TABLE deleted_versions"}) {
    ASSERT_TRUE(store_->database().Execute(sql).ok());
  }
  store_ = *Store::Open(location_);
  names_ = &store_->names();
  EXPECT_EQ(At("main"), 3);
  EXPECT_EQ(names_->List("d")->size(), 1u);
  ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, "exp", 2)).ok());
  EXPECT_EQ(Add(9, "exp")->version, 4);
  EXPECT_EQ(At("main"), 3) << "what the other branch made is not main's";
  const auto next = *Add(5);
  EXPECT_EQ(next.version, 5);
  EXPECT_EQ(names_->History("d", "main")->back().from, 3);
  EXPECT_THAT(*store_->objects().Get("names/datasets/d/000000000005"), HasSubstr(R"("number":4)"));
}

TEST_F(NamesTest, WritersOnManyBranchesGetEachAVersionOfTheirOwn) {
  constexpr int kWriters = 4;
  constexpr int kRounds = 3;
  ASSERT_TRUE(Add(0).ok());
  for (int writer = 0; writer < kWriters; ++writer) {
    ASSERT_TRUE(names_->Change(Set(NameKind::kBranch, fmt::format("b{}", writer), 1)).ok());
  }
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const auto mine = *Store::Open(location_);
      for (int round = 0; round < kRounds; ++round) {
        // Nobody else is on this branch: it never loses.
        const auto made = Add(100 * writer + round + 1, fmt::format("b{}", writer), mine.get());
        ASSERT_TRUE(made.ok()) << made.status();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(store_->Log("d")->front().version, 1 + kWriters * kRounds);
  for (int writer = 0; writer < kWriters; ++writer) {
    EXPECT_EQ(names_->Log("d", {.branch = fmt::format("b{}", writer)})->size(), 1u + kRounds);
  }
}

TEST_F(NamesTest, OfManyThatMoveANameFromOnePlaceOneWins) {
  constexpr int kMovers = 6;
  for (int64_t value = 1; value <= kMovers + 1; ++value) ASSERT_TRUE(Add(value).ok());
  ASSERT_TRUE(names_->Change(Set(NameKind::kAlias, "production", 1)).ok());
  std::atomic<int> won = 0;
  std::vector<std::thread> movers;
  for (int mover = 0; mover < kMovers; ++mover) {
    movers.emplace_back([&, mover] {
      const auto mine = *Store::Open(location_);
      NameChange change = Set(NameKind::kAlias, "production", mover + 2);
      change.expected = 1;
      const auto moved = mine->names().Change(change);
      ASSERT_TRUE(moved.ok() || absl::IsAborted(moved.status())) << moved.status();
      if (moved.ok()) ++won;
    });
  }
  for (std::thread& mover : movers) mover.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(names_->History("d", "production")->size(), 2u);
}

}  // namespace
}  // namespace roost::store
