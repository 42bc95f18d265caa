#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/dataset_push.h"
#include "store/garbage.h"
#include "store/names.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/fault_object_store.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/verify.h"
#include "store/workspace_copy.h"

namespace roost::store {
namespace {

using ::testing::HasSubstr;

/// Two workspaces: one with a dataset of five versions, the last four as patches, and one that is empty.
class CopyTest : public ::testing::Test {
 protected:
  CopyTest()
      : folder_(FreshTestFolder()), here_(NewLocation(folder_ + "/here")), there_(NewLocation(folder_ + "/there")) {
    context_.pool = &pool_;
    context_.now = [this] { return now_ += absl::Seconds(1); };
    from_ = *Store::Create(here_);
    to_ = *Store::Create(there_);
    auto table = TestTable(1'500, 1);
    for (int64_t version = 1; version <= 5; ++version) {
      table = WithNumber(table, version * 100, -version);
      Add("d", table);
    }
    Add("e", TestTable(40, 2));
    Change(NameKind::kTag, "good", 2);
    Change(NameKind::kAlias, "live", 3);
    Change(NameKind::kAlias, "live", 4);
  }
  ~CopyTest() override {
    from_.reset();
    to_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Add(const std::string& dataset, const std::shared_ptr<arrow::Table>& table) {
    const auto info = CommitTable(*from_, dataset, table, context_, "note");
    ASSERT_TRUE(info.ok()) << info.status();
    tables_[info->Name()] = table;
  }

  void Change(NameKind kind, const std::string& name, int64_t to) {
    const auto move = from_->names().Change(
        {.dataset = "d", .name = name, .kind = kind, .to = to, .author = "ann", .reason = "r", .time = now_});
    ASSERT_TRUE(move.ok()) << move.status();
  }

  /// `store`, opened anew, has exactly the versions of `dataset` (or all) with their rows, and is sound.
  void ExpectSame(const StoreLocation& location, const std::string& dataset = "") {
    auto store = *Store::Open(location);
    size_t expected = 0;
    for (const auto& [name, table] : tables_) {
      const size_t at = name.find('@');
      if (!dataset.empty() && name.substr(0, at) != dataset) continue;
      ++expected;
      const auto rows = ReadVersion(*store, name.substr(0, at), std::stoll(name.substr(at + 1)), context_);
      ASSERT_TRUE(rows.ok()) << name << rows.status();
      EXPECT_TRUE((*rows)->Equals(*table)) << name;
    }
    size_t found = 0;
    const std::vector<std::string> datasets = *store->Datasets();
    for (const std::string& each : datasets) found += store->Log(each)->size();
    EXPECT_EQ(found, expected);
    const auto report = Verify(*store, {.level = VerifyLevel::kContent}, context_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->sound()) << (report->damages.empty() ? "" : report->damages[0].message);
    EXPECT_EQ(store->names().History("d", "live")->size(), from_->names().History("d", "live")->size());
    EXPECT_EQ(store->Resolve({.name = "d", .label = "good"})->version, 2);
  }

  ThreadPool pool_{2};
  Context context_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::string folder_;
  StoreLocation here_;
  StoreLocation there_;
  std::unique_ptr<Store> from_;
  std::unique_ptr<Store> to_;
  std::map<std::string, std::shared_ptr<arrow::Table>> tables_;
};

TEST_F(CopyTest, AWorkspaceIsCopiedAndThenOnlyWhatIsNew) {
  auto report = CopyWorkspace(*from_, *to_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 6);
  ExpectSame(there_);
  EXPECT_EQ(CopyWorkspace(*from_, *to_, context_)->copied, 0);
  Add("d", WithNumber(tables_["d@5"], 1, 1));
  EXPECT_EQ(CopyWorkspace(*from_, *to_, context_)->copied, 3) << "a pack, a commit, a name";
  ExpectSame(there_);
  // And on there.
  const auto next = CommitTable(*to_, "d", WithNumber(tables_["d@6"], 2, 2), context_);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->version, 7);
}

TEST_F(CopyTest, WhatWasDeletedAndCollectedHereIsNotThereEither) {
  ASSERT_TRUE(CopyWorkspace(*from_, *to_, context_).ok());
  const DeleteRequest request{.dataset = "d", .version = 1, .author = "ann", .reason = "r", .time = now_};
  ASSERT_TRUE(from_->names().Delete(request).ok());
  tables_.erase("d@1");
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(CollectGarbage(*from_, {.dry_run = false, .grace = absl::ZeroDuration()}, context_).ok());
  }
  ASSERT_TRUE(CopyWorkspace(*from_, *to_, context_).ok());
  ExpectSame(there_);
  EXPECT_EQ(to_->names().Deleted("d")->size(), 1u);
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(CollectGarbage(*to_, {.dry_run = false, .grace = absl::ZeroDuration()}, context_).ok());
  }
  ExpectSame(there_);
}

TEST_F(CopyTest, AWorkspaceThatWentItsOwnWayIsLeftAlone) {
  ASSERT_TRUE(CopyWorkspace(*from_, *to_, context_).ok());
  ASSERT_TRUE(CommitTable(*to_, "d", TestTable(10, 9), context_).ok());
  Add("d", TestTable(20, 8));
  for (const absl::Status& status :
       {CopyWorkspace(*from_, *to_, context_).status(), PushDataset(*from_, *to_, "d", context_).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("d@6 is another version there"));
  }
  EXPECT_EQ((*ReadVersion(*to_, "d", 6, context_))->num_rows(), 10);
}

TEST_F(CopyTest, ADamagedObjectIsNotCopied) {
  const std::string key = from_->objects().List("packs")->front();
  Overwrite(from_->objects(), key, "damaged");
  const absl::Status status = CopyWorkspace(*from_, *to_, context_).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(key));
  EXPECT_TRUE(to_->Datasets()->empty());
}

TEST_F(CopyTest, ADatasetIsPushedWithItsNamesAndThenOnlyWhatIsNew) {
  auto report = PushDataset(*from_, *to_, "d", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 5);
  ExpectSame(there_, "d");
  report = PushDataset(*from_, *to_, "d", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions + report->records, 0);
  Add("d", WithNumber(tables_["d@5"], 1, 1));
  report = PushDataset(*from_, *to_, "d", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 1);
  EXPECT_LE(report->records, 4) << "a patch, a list, a table and an attachment";
  ExpectSame(there_, "d");
  EXPECT_TRUE(absl::IsNotFound(PushDataset(*from_, *to_, "nothing", context_).status()));
}

/// Another process makes a version and takes the one before away, again and again: what arrives is of one moment.
TEST_F(CopyTest, AVersionThatIsMadeOrDeletedMeanwhileComesWholeOrNotAtAll) {
  std::atomic<bool> done = false;
  absl::Status written;
  std::thread writer([&] {
    ThreadPool pool(1);
    Context context;
    context.pool = &pool;
    const auto store = *Store::Open(here_);
    for (int64_t row = 1; !done && written.ok(); ++row) {
      const auto info = CommitTable(*store, "busy", TestTable(row % 50 + 1, 3), context);
      written = info.status();
      if (!info.ok() || info->version == 1) continue;
      written = store->names()
                    .Delete({.dataset = "busy", .version = info->version - 1, .author = "ann", .reason = "r"})
                    .status();
    }
  });
  int pushed = 0;  // so often something came
  for (int round = 0; round < 10'000 && pushed < 60 && !HasFailure(); ++round) {
    const auto report = PushDataset(*from_, *to_, "busy", context_);
    if (!report.ok() && pushed == 0) continue;  // the writer has not begun
    EXPECT_TRUE(report.ok()) << report.status();
    if (report.ok() && report->versions > 0) ++pushed;
    const auto log = to_->Log("busy");
    EXPECT_TRUE(log.ok()) << log.status();
    const auto head = to_->Resolve({.name = "busy"});
    EXPECT_TRUE(head.ok()) << head.status();
    if (head.ok()) {
      const auto rows = ReadVersion(*to_, "busy", head->version, context_);
      EXPECT_TRUE(rows.ok()) << rows.status();
    }
  }
  done = true;
  writer.join();
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_EQ(pushed, 60);
}

/// There, the newest rows were stored in full, and the older ones as patches upon them: the other way round.
TEST_F(CopyTest, ATileThatIsThereInAnotherFormIsNotSentAndNoPatchStandsUponItself) {
  for (int64_t version = 5; version >= 1; --version) {
    ASSERT_TRUE(CommitTable(*to_, "other", tables_[fmt::format("d@{}", version)], context_).ok());
  }
  const auto report = PushDataset(*from_, *to_, "d", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_LE(report->records, 1) << "an attachment";
  auto store = *Store::Open(there_);
  for (int64_t version = 1; version <= 5; ++version) {
    EXPECT_TRUE((*ReadVersion(*store, "d", version, context_))->Equals(*tables_[fmt::format("d@{}", version)]));
  }
  // Part of them only.
  for (int64_t version = 1; version <= 4; ++version) {
    const DeleteRequest request{.dataset = "other", .version = version, .author = "a", .reason = "r", .time = now_};
    ASSERT_TRUE(store->names().Delete(request).ok());
  }
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(CollectGarbage(*store, {.dry_run = false, .grace = absl::ZeroDuration()}, context_).ok());
  }
  EXPECT_TRUE((*ReadVersion(*store, "d", 3, context_))->Equals(*tables_["d@3"]));
}

TEST_F(CopyTest, AFailureAtEveryWriteLeavesNothingVisibleAndTheNextCallEndsIt) {
  for (const bool whole : {true, false}) {
    for (int64_t failing = 1;; ++failing) {
      to_.reset();
      there_ = NewLocation(folder_ + fmt::format("/there-{}-{}", whole, failing));
      { ASSERT_TRUE(Store::Create(there_).ok()); }
      const auto faults = std::make_shared<ObjectFaults>();
      const auto store = *Store::Over(std::make_unique<FaultObjectStore>(*OpenObjects(there_), faults),
                                      *Database::Open(there_.database));
      DatabaseFaults database(store->database());
      // The writes of objects first, then those of the database.
      const int64_t objects = whole ? 24 : 10;
      if (failing <= objects) faults->At(failing, ObjectFaults::Effect::kDies);
      if (failing > objects) database.At(failing - objects, DatabaseFaults::Effect::kDies);
      const auto run = [&](Store& target) {
        return whole ? CopyWorkspace(*from_, target, context_).status()
                     : PushDataset(*from_, target, "d", context_).status();
      };
      const absl::Status failed = run(*store);
      if (failed.ok() && failing > objects) break;
      to_ = *Store::Open(there_);
      const auto datasets = *to_->Datasets();
      if (!datasets.empty()) ExpectSame(there_, whole ? "" : "d");  // only the records of names were left
      ASSERT_TRUE(run(*to_).ok());
      ExpectSame(there_, whole ? "" : "d");
    }
  }
}

}  // namespace
}  // namespace roost::store
