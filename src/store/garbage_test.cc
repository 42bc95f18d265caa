#include "store/garbage.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"

namespace roost::store {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

class GarbageTest : public ::testing::Test {
 protected:
  GarbageTest() : folder_(FreshTestFolder()), location_(NewLocation(folder_)) {
    context_.pool = &pool_;
    context_.now = [this] { return now_; };
    store_ = *Store::Create(location_);
  }
  ~GarbageTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  CommitInfo Add(const std::string& dataset, const std::shared_ptr<arrow::Table>& table,
                 const std::string& attachment = "") {
    auto info = CommitTable(*store_, dataset, table, context_, attachment);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : CommitInfo{};
  }

  GarbageReport Collect(bool dry_run = false, absl::Duration grace = kDay) {
    auto report = CollectGarbage(*store_, {.dry_run = dry_run, .grace = grace}, context_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : GarbageReport{};
  }

  void ExpectRows(const std::string& dataset, int64_t version, const std::shared_ptr<arrow::Table>& table) {
    // A store of its own: nothing is remembered.
    auto store = *Store::Open(location_);
    const auto rows = ReadVersion(*store, dataset, version, context_);
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_TRUE((*rows)->Equals(*table)) << dataset << "@" << version;
  }

  size_t NumPacks() { return store_->objects().List("packs")->size(); }

  ThreadPool pool_{2};
  Context context_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::string folder_;
  StoreLocation location_;
  std::unique_ptr<Store> store_;
};

TEST_F(GarbageTest, NothingThatAVersionNeedsIsGarbage) {
  auto table = TestTable(3'000, 1);
  for (int64_t version = 1; version <= 5; ++version) {
    table = WithNumber(table, version * 100, -version);
    Add("d", table, fmt::format("note {}", version));
  }
  const GarbageReport report = Collect();
  EXPECT_EQ(report.condemned.objects, 0);
  EXPECT_EQ(report.records_dead, 0);
  EXPECT_EQ(report.packs.objects, 5);
  EXPECT_EQ(report.versions, (std::map<std::string, int64_t>{{"d", 5}}));
}

TEST_F(GarbageTest, ADeletedVersionGoesInTwoStepsWithTheGraceBetween) {
  Add("gone", TestTable(500, 1));
  const auto kept = TestTable(500, 2);
  Add("kept", kept);
  ASSERT_TRUE(DeleteVersion(*store_, "gone", 1).ok());
  EXPECT_EQ(Collect(/*dry_run=*/true).condemned.objects, 2) << "the pack and the commit";
  EXPECT_EQ(Collect().condemned.objects, 2);
  now_ += kDay - absl::Seconds(1);
  GarbageReport report = Collect();
  EXPECT_EQ(report.waiting.objects, 2);
  EXPECT_EQ(report.removed.objects, 0);
  EXPECT_EQ(NumPacks(), 2u);
  now_ += absl::Seconds(2);
  EXPECT_EQ(Collect(/*dry_run=*/true).removed.objects, 2);
  EXPECT_EQ(NumPacks(), 2u) << "a dry run removes nothing";
  report = Collect();
  EXPECT_EQ(report.removed.objects, 2);
  EXPECT_GT(report.removed.bytes, 500);
  EXPECT_EQ(NumPacks(), 1u);
  ExpectRows("kept", 1, kept);
  EXPECT_EQ(Collect().condemned.objects, 0);
}

TEST_F(GarbageTest, WhatAPatchStandsOnStaysWhenItsVersionIsDeleted) {
  const auto first = TestTable(3'000, 1);
  auto table = first;
  Add("d", table);
  for (int64_t version = 2; version <= 4; ++version) {
    table = WithNumber(table, version * 10, version);
    Add("d", table);
  }
  for (int64_t version = 1; version <= 3; ++version) ASSERT_TRUE(DeleteVersion(*store_, "d", version).ok());
  for (int run = 0; run < 3; ++run) Collect(false, absl::ZeroDuration());
  ExpectRows("d", 4, table);
  // The rows of the deleted version can come back.
  EXPECT_EQ(Add("d", first).version, 5);
  ExpectRows("d", 5, first);
}

TEST_F(GarbageTest, APackOfWhichLittleIsNeededIsWrittenAnew) {
  std::string noise(1 << 20, '\0');
  std::mt19937_64 random(5);
  for (char& c : noise) c = static_cast<char>(random());
  auto table = TestTable(1'000, 1);
  Add("d", table, noise);
  table = WithNumber(table, 3, 3);
  Add("d", table);
  ASSERT_TRUE(DeleteVersion(*store_, "d", 1).ok());
  GarbageReport report = Collect();
  EXPECT_EQ(report.repacked.objects, 1);
  EXPECT_GT(report.bytes_dead, 1 << 20);
  EXPECT_EQ(report.condemned.objects, 2);
  ExpectRows("d", 2, table);
  now_ += 2 * kDay;
  report = Collect();
  EXPECT_GT(report.removed.bytes, 1 << 20);
  EXPECT_EQ(report.repacked.objects, 0);
  EXPECT_LT(report.packs.bytes, 1 << 18);
  ExpectRows("d", 2, table);
}

TEST_F(GarbageTest, WhatAKilledWriterLeftIsRemovedUnlessItIsWrittenAgain) {
  const auto table = TestTable(400, 1);
  {
    DatabaseFaults faults(store_->database());
    faults.At(1, DatabaseFaults::Effect::kDies);
    EXPECT_FALSE(CommitTable(*store_, "d", table, context_).ok());
  }
  EXPECT_EQ(NumPacks(), 1u);
  EXPECT_EQ(Collect().condemned.objects, 2);
  // The same rows give the same pack, which is garbage no more; the commit is the old one too, as the clock stands.
  Add("d", table);
  now_ += 2 * kDay;
  EXPECT_EQ(Collect().removed.objects, 0);
  ExpectRows("d", 1, table);

  DatabaseFaults faults(store_->database());
  faults.At(1, DatabaseFaults::Effect::kFails);
  EXPECT_FALSE(CommitTable(*store_, "d", TestTable(400, 2), context_).ok());
  EXPECT_EQ(Collect().condemned.objects, 2);
  now_ += 2 * kDay;
  EXPECT_EQ(Collect().removed.objects, 2);
  EXPECT_EQ(NumPacks(), 1u);
}

TEST_F(GarbageTest, AWriterWhoseRecordsWereCollectedIsToldToRunAgain) {
  const CommitInfo info = Add("a", TestTable(100, 1));
  const auto publish = [&](const SealedRecords& sealed) {
    return store_->database().InTransaction([&] { return store_->records().EnterSealed(sealed, {}); });
  };
  RecordWriter reuses(store_->objects(), store_->records(), context_);
  EXPECT_TRUE(reuses.Missing({&info.table, 1})->empty());
  RecordWriter writes(store_->objects(), store_->records(), context_);
  ASSERT_TRUE(writes.AddObject(kBlobTag, 7, "mine").ok());
  const SealedRecords written = *writes.Seal();
  const SealedRecords reused = *reuses.Seal();
  EXPECT_TRUE(publish(reused).ok());

  ASSERT_TRUE(DeleteVersion(*store_, "a", 1).ok());
  EXPECT_EQ(Collect(false, absl::ZeroDuration()).condemned.objects, 3);
  const absl::Status lost = publish(reused);
  EXPECT_TRUE(absl::IsAborted(lost)) << lost;
  EXPECT_EQ(HintOf(lost), "Nothing was added; run the command again.");
  EXPECT_EQ(Collect(false, absl::ZeroDuration()).removed.objects, 3);
  EXPECT_TRUE(absl::IsAborted(publish(written)));
}

/// Another store that calls `before_size` once, when it is first asked for the size of an object.
class InterruptedObjectStore : public ObjectStore {
 public:
  InterruptedObjectStore(std::unique_ptr<ObjectStore> objects, std::function<void()> before_size)
      : objects_(std::move(objects)), before_size_(std::move(before_size)) {}
  absl::Status Put(std::string_view key, std::string_view bytes) override { return objects_->Put(key, bytes); }
  absl::StatusOr<std::string> Get(std::string_view key) override { return objects_->Get(key); }
  absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) override {
    return objects_->GetRange(key, offset, length);
  }
  absl::StatusOr<uint64_t> Size(std::string_view key) override {
    if (const auto interrupt = std::exchange(before_size_, nullptr)) interrupt();
    return objects_->Size(key);
  }
  absl::StatusOr<bool> Exists(std::string_view key) override { return objects_->Exists(key); }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return objects_->List(prefix); }
  absl::Status Delete(std::string_view key) override { return objects_->Delete(key); }

 private:
  std::unique_ptr<ObjectStore> objects_;
  std::function<void()> before_size_;
};

TEST_F(GarbageTest, ASlowRunDeletesNothingThatWasPublishedAfterAnotherOneRemovedIt) {
  const auto table = TestTable(300, 1);
  Add("d", table);
  Add("kept", TestTable(300, 2));
  ASSERT_TRUE(DeleteVersion(*store_, "d", 1).ok());
  EXPECT_EQ(Collect().condemned.objects, 2);
  now_ += 2 * kDay;
  // The slow run has marked what goes when the other one removes it, and a writer makes the same pack again.
  const auto meanwhile = [&] {
    EXPECT_EQ(Collect().removed.objects, 2);
    Add("e", table);
  };
  const auto slow = *Store::Over(std::make_unique<InterruptedObjectStore>(*OpenObjects(location_), meanwhile),
                                 *Database::Open(location_.database));
  const auto report = CollectGarbage(*slow, {.dry_run = false, .grace = kDay}, context_);
  EXPECT_TRUE(report.ok()) << report.status();
  ExpectRows("e", 1, table);
}

TEST_F(GarbageTest, AClockThatGoesBackRemovesNothingYoungAndKeepsNothingForEver) {
  Add("d", TestTable(100, 1));
  ASSERT_TRUE(DeleteVersion(*store_, "d", 1).ok());
  EXPECT_EQ(Collect().condemned.objects, 2);
  now_ -= 1'000 * kDay;
  EXPECT_EQ(Collect().removed.objects, 0);
  const auto table = TestTable(100, 2);
  EXPECT_EQ(Add("e", table).version, 1);
  now_ -= 1'000 * kDay;
  EXPECT_EQ(Add("e", WithNumber(table, 1, 1)).version, 2) << "versions count, whatever the clock says";
  EXPECT_EQ(Collect().removed.objects, 0);
  now_ += kDay;
  EXPECT_EQ(Collect().removed.objects, 2);
  ExpectRows("e", 1, table);
}

TEST_F(GarbageTest, ObjectsThatAreNoneOfItsOwnStay) {
  ASSERT_TRUE(store_->objects().Put("models/abc", "a model").ok());
  ASSERT_TRUE(store_->objects().Put("packs/readme.txt", "mine").ok());
  for (int run = 0; run < 2; ++run) Collect(false, absl::ZeroDuration());
  EXPECT_TRUE(*store_->objects().Exists("models/abc"));
  EXPECT_TRUE(*store_->objects().Exists("packs/readme.txt"));
}

TEST_F(GarbageTest, AProfileStaysAsLongAsItsTable) {
  const std::string live = "profiles/" + Add("d", TestTable(50, 1)).table.ToHex();
  const std::string dead = "profiles/" + Sha256("no table").ToHex();
  for (const std::string& key : {live, dead}) ASSERT_TRUE(store_->objects().Put(key, "a profile").ok());
  for (int run = 0; run < 2; ++run) Collect(false, absl::ZeroDuration());
  EXPECT_TRUE(*store_->objects().Exists(live));
  EXPECT_FALSE(*store_->objects().Exists(dead));
}

TEST_F(GarbageTest, OldTemporaryFilesGoAndYoungOnesStay) {
  const std::string path = location_.objects + "/packs/.put-1-1";
  Add("d", TestTable(10, 1));
  std::ofstream(path) << "half a pack";
  now_ = absl::Now();
  EXPECT_EQ(Collect(false, absl::ZeroDuration()).unfinished, 0) << "it may be written to at this moment";
  now_ = absl::Now() + absl::Hours(2);
  EXPECT_EQ(Collect(true, absl::ZeroDuration()).unfinished, 1);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(Collect(false, absl::ZeroDuration()).unfinished, 1);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(GarbageTest, WhereAVersionCannotBeFollowedNothingIsRemoved) {
  Add("gone", TestTable(100, 1));
  const CommitInfo info = Add("d", TestTable(100, 2));
  ASSERT_TRUE(DeleteVersion(*store_, "gone", 1).ok());
  const auto located = *store_->records().Locate({&info.table, 1});
  ASSERT_TRUE(store_->objects().Delete(PackKey(located.at(info.table).pack)).ok());
  EXPECT_TRUE(absl::IsDataLoss(CollectGarbage(*store_, {.dry_run = false}, context_).status()));
  EXPECT_TRUE(store_->database().Query("SELECT object_key FROM garbage")->empty());
}

/// Random additions, deletions and collections; the versions that are there are always those of a simple model.
TEST_F(GarbageTest, RandomWorkKeepsEveryVersionAndInTheEndNothingElse) {
  std::mt19937_64 random(42);
  std::map<int64_t, std::shared_ptr<arrow::Table>> versions;
  auto table = TestTable(1'500, 7);
  for (int step = 0; step < 30; ++step) {
    const uint64_t what = random() % 10;
    if (what < 5) {
      table = what == 0 ? TestTable(1'500, random())
                        : WithNumber(table, static_cast<int64_t>(random() % 1'500), static_cast<int64_t>(random() % 9));
      const CommitInfo info = Add("d", table, fmt::format("note {}", step));
      versions[info.version] = table;
    } else if (what < 8 && versions.size() > 1) {
      // Not the newest: the next one is made from it.
      const auto victim = std::next(versions.begin(), static_cast<ptrdiff_t>(random() % (versions.size() - 1)));
      ASSERT_TRUE(DeleteVersion(*store_, "d", victim->first).ok());
      versions.erase(victim);
    } else {
      Collect(false, random() % 2 == 0 ? absl::ZeroDuration() : kDay);
      now_ += absl::Hours(static_cast<int64_t>(random() % 30));
    }
  }
  for (const auto& [version, rows] : versions) ExpectRows("d", version, rows);
  for (int run = 0; run < 2; ++run) Collect(false, absl::ZeroDuration());
  const GarbageReport report = Collect(false, absl::ZeroDuration());
  EXPECT_EQ(report.records_dead + report.condemned.objects + report.waiting.objects + report.removed.objects, 0);
  EXPECT_EQ(static_cast<int64_t>(NumPacks()), report.packs.objects);
  for (const auto& [version, rows] : versions) ExpectRows("d", version, rows);
}

/// Writers that share rows with one another and delete, beside collections without any grace.
TEST_F(GarbageTest, WritersBesideCollectionsLoseNothingThatWasAcknowledged) {
  constexpr int kWriters = 3;
  constexpr int kVersions = 8;
  std::array<std::map<int64_t, std::shared_ptr<arrow::Table>>, kWriters> kept;
  std::atomic<int> running = kWriters;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const auto store = *Store::Open(location_);
      const std::string dataset = fmt::format("d{}", writer);
      std::mt19937_64 random(static_cast<uint64_t>(writer));
      for (int made = 0; made < kVersions;) {
        // Few different tables: what one writer deletes, another one is about to reuse.
        const auto table = WithNumber(TestTable(200, random() % 4), 5, static_cast<int64_t>(random() % 3));
        const auto info = CommitTable(*store, dataset, table, context_);
        if (!info.ok()) {
          EXPECT_TRUE(absl::IsAborted(info.status())) << info.status();
          continue;
        }
        ++made;
        kept[static_cast<size_t>(writer)][info->version] = table;
        auto& versions = kept[static_cast<size_t>(writer)];
        if (versions.size() > 2) {
          EXPECT_TRUE(DeleteVersion(*store, dataset, versions.begin()->first).ok());
          versions.erase(versions.begin());
        }
      }
      --running;
    });
  }
  int64_t removed = 0;
  while (running > 0) {
    const auto report = CollectGarbage(*store_, {.dry_run = false, .grace = absl::ZeroDuration()}, context_);
    if (report.ok()) {
      removed += report->removed.objects;
    } else {
      EXPECT_TRUE(absl::IsAborted(report.status())) << report.status();
    }
  }
  for (auto& writer : writers) writer.join();
  EXPECT_GT(removed, 0) << "the collections ran beside nothing";
  for (int writer = 0; writer < kWriters; ++writer) {
    for (const auto& [version, table] : kept[static_cast<size_t>(writer)]) {
      ExpectRows(fmt::format("d{}", writer), version, table);
    }
  }
}

}  // namespace
}  // namespace roost::store
