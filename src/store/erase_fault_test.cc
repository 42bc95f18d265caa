// Erasures beside writers, collectors and other erasures, and with a fault at each write.

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/database.h"
#include "store/erase.h"
#include "store/garbage.h"
#include "store/local_object_store.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/erase_fixture.h"
#include "store/testing/fault_object_store.h"
#include "store/testing/test_tables.h"

namespace roost::store {
namespace {

TEST_F(EraseTest, CommittersBesideItLoseNoRowsAndBringNoneBack) {
  AddHistory(6, 100, 3, {});
  std::atomic<bool> stop = false;
  std::set<int64_t> acknowledged;
  std::thread committer([&] {
    const auto store = *Store::Open(location_);
    // Not without an end: an erasure takes the longer the more versions there are, on a busy machine for ever.
    for (int64_t id = 1'000; !stop && id < 1'060; ++id) {
      CommitRequest request{.dataset = "d", .mode = CommitRequest::Mode::kAppend, .author = "bob"};
      arrow::TableBatchReader reader(TableOf({{id, id}}, {.email = "email", .extra = "extra"}));
      const auto made = store->Commit(request, reader, context_);
      if (made.ok()) acknowledged.insert(id);
      EXPECT_TRUE(made.ok() || absl::IsAborted(made.status())) << made.status();
      std::this_thread::sleep_for(std::chrono::milliseconds(40));
    }
  });
  for (int64_t id = 3; id < 9; ++id) {
    const auto report = Erase({id});
    EXPECT_TRUE(report.ok() || absl::IsAborted(report.status())) << report.status();
  }
  stop = true;
  committer.join();
  const auto report = Erase({3, 4, 5, 6, 7, 8});
  ASSERT_TRUE(report.ok()) << report.status();
  ExpectNoBytes({3, 4, 5, 6, 7, 8});
  const auto newest = *ReadVersion(*store_, "d", store_->Resolve({.name = "d"})->version, context_);
  const auto combined = *newest->CombineChunks();
  const auto& ids = static_cast<const arrow::Int64Array&>(*combined->GetColumnByName("id")->chunk(0));
  std::set<int64_t> there;
  for (int64_t row = 0; row < ids.length(); ++row) there.insert(ids.Value(row));
  for (const int64_t id : acknowledged) EXPECT_TRUE(there.contains(id)) << id;
  ExpectSound(*store_);
}

TEST_F(EraseTest, SomeAtOnceAndACollectorAllGetTheirRows) {
  AddHistory(7, 100, 4, {});
  const Tables before = ReadAll(*store_, "d");
  std::vector<std::thread> threads;
  for (int64_t who = 0; who < 3; ++who) {
    threads.emplace_back([&, who] {
      ThreadPool pool(1);
      Context context;
      context.pool = &pool;
      const auto store = *Store::Open(location_);
      for (int64_t id = 10 * who; id < 10 * who + 4; ++id) {
        absl::Status done = absl::AbortedError("");
        while (absl::IsAborted(done)) {
          done = EraseRows(*store,
                           {.dataset = "d", .keys = EmailKeys({id}), .author = "eve", .reason = "r", .dry_run = false},
                           context)
                     .status();
        }
        EXPECT_EQ(done, absl::OkStatus());
      }
    });
  }
  std::atomic<bool> stop = false;
  std::thread collector([&] {
    ThreadPool pool(1);
    Context context;
    context.pool = &pool;
    const auto store = *Store::Open(location_);
    while (!stop) {
      const auto start = std::chrono::steady_clock::now();
      const auto report = CollectGarbage(*store, {.dry_run = false, .grace = absl::ZeroDuration()}, context);
      EXPECT_TRUE(report.ok() || absl::IsAborted(report.status())) << report.status();
      // Most of the time is the others', or on a slow store none of them would come through.
      const auto taken = std::chrono::steady_clock::now() - start;
      std::this_thread::sleep_for(std::chrono::milliseconds(100) + 5 * taken);
    }
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  collector.join();
  const std::set<int64_t> all{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
  ExpectErased(*store_, before, all);
  ExpectNoBytes(all);
  ExpectSound(*store_);
  ExpectRecovers();
}

/// After a fault at each write in turn the versions are all old or all new, and the same call ends what is left.
class EraseFaultTest : public EraseTest {
 protected:
  void Prepare() {
    Start();
    AddHistory(8, 40, 4, {});
    before_ = ReadAll(*store_, "d");
    store_.reset();
  }

  void Check(int64_t write) {
    SCOPED_TRACE(fmt::format("write {}", write));
    store_ = *Store::Open(location_);
    const Tables after = ReadAll(*store_, "d");
    size_t changed = 0;
    for (const auto& [facts, table] : before_) {
      ASSERT_TRUE(after.contains(facts)) << facts;
      const bool is_old = after.at(facts)->Equals(*table);
      const bool is_new = after.at(facts)->Equals(*Without(table, kIds));
      EXPECT_TRUE(is_old || is_new) << facts;
      changed += is_new && !is_old ? 1 : 0;
    }
    EXPECT_TRUE(changed == 0 || changed == before_.size()) << changed;
    const auto report = Erase(kIds);
    ASSERT_TRUE(report.ok()) << report.status();
    ExpectErased(*store_, before_, kIds);
    ExpectNoBytes(kIds);
    ExpectSound(*store_);
    EXPECT_EQ(ErasuresOf(*store_, "d")->size(), 1u);
    ExpectRecovers();
    store_.reset();
  }

  const std::set<int64_t> kIds{3, 17};
  Tables before_;
};

TEST_F(EraseFaultTest, DyingAtAnyWriteOfAnObject) {
  for (const auto effect :
       {ObjectFaults::Effect::kDies, ObjectFaults::Effect::kDiesAfter, ObjectFaults::Effect::kFails}) {
    int64_t write = 1;
    for (;; ++write) {
      Prepare();
      const auto faults = std::make_shared<ObjectFaults>();
      faults->At(write, effect);
      {
        store_ = *Store::Over(std::make_unique<FaultObjectStore>(*LocalObjectStore::Open(location_.objects), faults),
                              *Database::Open(location_.database));
        (void)Erase(kIds);
        store_.reset();
      }
      Check(write);
      if (!faults->happened() || HasFailure()) break;
    }
    EXPECT_GT(write, 8);
  }
}

TEST_F(EraseFaultTest, DyingAtAnyWriteToTheDatabase) {
  int64_t write = 1;
  for (;; ++write) {
    Prepare();
    store_ = *Store::Open(location_);
    bool happened = false;
    {
      DatabaseFaults faults(store_->database());
      faults.At(write, DatabaseFaults::Effect::kDies);
      (void)Erase(kIds);
      happened = faults.happened();
    }
    store_.reset();
    Check(write);
    if (!happened || HasFailure()) break;
  }
  EXPECT_GT(write, 20);
}

}  // namespace
}  // namespace roost::store
