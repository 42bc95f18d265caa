#include "registry/package_garbage.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "registry/packages.h"
#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

ModelPackage PackageOf(const std::string& content) {
  return {{{"model.json", content}, {"lineage.json", "the same of all"}}};
}

class PackageGarbageTest : public testing::Test {
 protected:
  PackageGarbageTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
    database_ = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_)).value();
  }
  ~PackageGarbageTest() override { std::filesystem::remove_all(folder_); }

  Registry Open() { return Registry::Open(*database_, *objects_).value(); }
  ModelVersion Register(const std::string& content) {
    return Open().Register("late", PackageOf(content), "ada", context_).value();
  }
  void Delete(int64_t version) {
    ASSERT_TRUE(Open().Delete({.model = "late", .version = version, .author = "ada", .reason = "old"}, context_).ok());
  }
  PackageGarbageReport Collect(absl::Duration grace = kDay, bool dry_run = false) {
    Registry registry = Open();
    return CollectPackages(registry, *objects_, {.dry_run = dry_run, .grace = grace}, context_).value();
  }
  bool Has(const std::string& content) { return *objects_->Exists(PackageKey(Sha256(content))); }

  ThreadPool pool_{1};
  absl::Time now_ = absl::FromUnixSeconds(1'000'000'000);
  Context context_{.pool = &pool_, .now = [this] { return now_; }};
  std::string folder_;
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(PackageGarbageTest, WhatADeletedVersionAloneNeededGoesAfterTheGrace) {
  Register("one");
  Register("two");
  EXPECT_EQ(Collect().condemned.objects, 0);
  Delete(1);
  EXPECT_EQ(Collect(kDay, /*dry_run=*/true).condemned.objects, 2);
  EXPECT_EQ(Collect().condemned.objects, 2) << "the manifest and model.json; the lineage is shared";
  EXPECT_EQ(Collect().waiting.objects, 2);
  now_ += kDay;
  EXPECT_EQ(Collect(kDay, /*dry_run=*/true).removed.objects, 2);
  EXPECT_TRUE(Has("one"));
  const PackageGarbageReport last = Collect();
  EXPECT_EQ(last.removed.objects, 2);
  EXPECT_GT(last.removed.bytes, 3);
  EXPECT_FALSE(Has("one"));
  EXPECT_TRUE(Has("the same of all"));
  EXPECT_EQ(*Open().Load(*Open().Resolve("late")), PackageOf("two"));
  EXPECT_EQ(Collect().removed.objects, 0);
}

TEST_F(PackageGarbageTest, WhatIsRegisteredAgainStays) {
  Register("one");
  Delete(1);
  Collect();
  now_ += 2 * kDay;
  EXPECT_EQ(Register("one").version, 2);
  EXPECT_EQ(Collect().removed.objects, 0);
  EXPECT_EQ(*Open().Load(*Open().Resolve("late")), PackageOf("one"));
}

// A collection that ends between the objects and the row of a registration.
TEST_F(PackageGarbageTest, ARegistrationStoresAgainWhatWasTakenMeanwhile) {
  Register("one");
  Delete(1);
  Collect();
  const Manifest manifest = *MakeManifest(PackageOf("one"));
  const int64_t removals = *PackageRemovals(*database_);
  ASSERT_TRUE(PutPackage(PackageOf("one"), manifest, *objects_, context_).ok());
  now_ += kDay;
  EXPECT_EQ(Collect().removed.objects, 3);
  ASSERT_FALSE(Has("one"));
  ASSERT_TRUE(database_
                  ->InTransaction([&] {
                    return KeepPackage(PackageOf("one"), manifest, removals, *database_, *objects_, context_);
                  })
                  .ok());
  EXPECT_TRUE(Has("one"));
}

// The transaction of a removal fails after the objects went: their rows stay.
TEST_F(PackageGarbageTest, ARegistrationStoresAgainWhatAFailedRemovalTook) {
  Register("one");
  Delete(1);
  Collect();
  ASSERT_TRUE(objects_->Delete(PackageKey(Sha256("one"))).ok());
  const Manifest manifest = *MakeManifest(PackageOf("one"));
  ASSERT_TRUE(database_
                  ->InTransaction([&] {
                    return KeepPackage(PackageOf("one"), manifest, *PackageRemovals(*database_), *database_, *objects_,
                                       context_);
                  })
                  .ok());
  EXPECT_TRUE(Has("one"));
  now_ += kDay;
  EXPECT_EQ(Collect().removed.objects, 0) << "it is condemned no more; found anew it waits again";
}

TEST_F(PackageGarbageTest, ObjectsThatAreNoneOfItsOwnStay) {
  ASSERT_TRUE(objects_->Put("models/readme.txt", "mine").ok());
  Collect(absl::ZeroDuration());
  Collect(absl::ZeroDuration());
  EXPECT_TRUE(*objects_->Exists("models/readme.txt"));
}

TEST_F(PackageGarbageTest, ADamagedManifestStopsIt) {
  const ModelVersion version = Register("one");
  Register("two");
  Delete(2);
  store::Overwrite(*objects_, PackageKey(version.manifest), "{}");
  Registry registry = Open();
  EXPECT_TRUE(absl::IsDataLoss(CollectPackages(registry, *objects_, {.dry_run = false}, context_).status()));
  EXPECT_TRUE(Has("two"));
}

}  // namespace
}  // namespace roost::registry
