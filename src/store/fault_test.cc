#include <filesystem>
#include <map>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/garbage.h"
#include "store/local_object_store.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/fault_object_store.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/verify.h"

namespace roost::store {
namespace {

constexpr GarbageOptions kRun{.dry_run = false, .grace = absl::ZeroDuration()};

/// What a workload was told.
struct Told {
  std::map<int64_t, std::shared_ptr<arrow::Table>> versions;
  int64_t unsure = 0;  // failed in a way that may have made a version, or taken one away
};

/// A workload of commits, a deletion and garbage collections, with a fault at each of its writes in turn.
class FaultTest : public ::testing::Test {
 protected:
  FaultTest() : base_(FreshTestFolder()) { context_.pool = &pool_; }
  ~FaultTest() override { std::filesystem::remove_all(base_); }

  template <typename IsDead>
  Told RunWorkload(Store& store, const IsDead& is_dead) {
    Told told;
    const auto add = [&](const std::shared_ptr<arrow::Table>& table) {
      if (is_dead()) return;
      const auto made = CommitTable(store, "d", table, context_);
      if (made.ok()) told.versions[made->version] = table;
    };
    const auto table = TestTable(60, 1);
    add(TestTable(60, 5));
    add(table);
    if (!is_dead() && told.versions.size() == 2) {
      // From here on version 1 may be there or not.
      told.versions.erase(1);
      told.unsure = 1;
      (void)DeleteVersion(store, "d", 1);
    }
    for (int run = 0; run < 2 && !is_dead(); ++run) (void)CollectGarbage(store, kRun, context_);
    add(WithNumber(table, 3, 3));
    return told;
  }

  /// Every version that was told of is there, whole, and no other; it can be worked with.
  void Check(const StoreLocation& location, const Told& told, int64_t unsure) {
    const auto store = Store::Open(location);
    ASSERT_TRUE(store.ok()) << store.status();
    for (const auto& [version, table] : told.versions) {
      const auto rows = ReadVersion(**store, "d", version, context_);
      ASSERT_TRUE(rows.ok()) << rows.status();
      EXPECT_TRUE((*rows)->Equals(*table)) << version;
    }
    const auto log = (*store)->Log("d");
    EXPECT_LE(log.ok() ? log->size() : 0, told.versions.size() + static_cast<size_t>(told.unsure + unsure));
    const auto next = TestTable(70, 9);
    const auto made = CommitTable(**store, "d", next, context_);
    ASSERT_TRUE(made.ok()) << made.status();
    for (int run = 0; run < 2; ++run) {
      const auto collected = CollectGarbage(**store, kRun, context_);
      ASSERT_TRUE(collected.ok()) << collected.status();
    }
    const auto report = Verify(**store, {.level = VerifyLevel::kContent}, context_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->sound()) << report->damages.front().object << ": " << report->damages.front().message;
    EXPECT_TRUE((*ReadVersion(**store, "d", made->version, context_))->Equals(*next));
  }

  StoreLocation NewStore() {
    std::filesystem::remove_all(base_);
    const StoreLocation location = NewLocation(base_);
    EXPECT_TRUE(Store::Create(location).ok());
    return location;
  }

  /// Returns how many writes the workload has.
  int64_t FailObjectsAtEachWrite(ObjectFaults::Effect effect) {
    for (int64_t write = 1;; ++write) {
      SCOPED_TRACE(fmt::format("write {}", write));
      const StoreLocation location = NewStore();
      const auto faults = std::make_shared<ObjectFaults>();
      faults->At(write, effect);
      Told told;
      {
        const auto store =
            *Store::Over(std::make_unique<FaultObjectStore>(*LocalObjectStore::Open(location.objects), faults),
                         *Database::Open(location.database));
        told = RunWorkload(*store, [&] { return faults->is_dead(); });
      }
      Check(location, told, 0);
      if (!faults->happened() || ::testing::Test::HasFailure()) return write - 1;
    }
  }

  int64_t FailDatabaseAtEachWrite(DatabaseFaults::Effect effect) {
    for (int64_t write = 1;; ++write) {
      SCOPED_TRACE(fmt::format("write {}", write));
      const StoreLocation location = NewStore();
      Told told;
      bool happened = false;
      bool was_kept = false;
      {
        const auto store = *Store::Open(location);
        DatabaseFaults faults(store->database());
        faults.At(write, effect);
        told = RunWorkload(*store, [&] { return faults.happened() && effect == DatabaseFaults::Effect::kDies; });
        happened = faults.happened();
        was_kept = faults.was_kept();
      }
      Check(location, told, was_kept ? 1 : 0);
      if (!happened || ::testing::Test::HasFailure()) return write - 1;
    }
  }

  ThreadPool pool_{1};
  Context context_;
  std::string base_;
};

TEST_F(FaultTest, AWriteOfAnObjectThatFailsLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailObjectsAtEachWrite(ObjectFaults::Effect::kFails), 10);
}

TEST_F(FaultTest, DyingBeforeAWriteOfAnObjectLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailObjectsAtEachWrite(ObjectFaults::Effect::kDies), 10);
}

TEST_F(FaultTest, DyingAfterAWriteOfAnObjectLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailObjectsAtEachWrite(ObjectFaults::Effect::kDiesAfter), 10);
}

TEST_F(FaultTest, AWriteToTheDatabaseThatFailsLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailDatabaseAtEachWrite(DatabaseFaults::Effect::kFails), 20);
}

TEST_F(FaultTest, DyingAtAWriteToTheDatabaseLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailDatabaseAtEachWrite(DatabaseFaults::Effect::kDies), 20);
}

}  // namespace
}  // namespace roost::store
