#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::HasSubstr;

ModelPackage PackageOf(const std::string& content) {
  return {{{"model.json", content}, {"lineage.json", R"({"dataset":"flights@4"})"}}};
}

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    objects_ = store::LocalObjectStore::Open(folder_ + "/objects").value();
    database_ = OpenDatabase("db");
  }
  ~RegistryTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<store::Database> OpenDatabase(const std::string& name) {
    if (!urls_.contains(name)) urls_[name] = store::NewDatabase(store::KindOfThisRun(), folder_);
    return store::Database::Open(urls_[name]).value();
  }
  Registry Open() { return Registry::Open(*database_, *objects_).value(); }
  ModelVersion Register(Registry& registry, std::string_view name, const std::string& content) {
    return registry.Register(name, PackageOf(content), "ada", context_).value();
  }
  absl::StatusOr<Release> Promote(Registry& registry, const std::string& model, int64_t version) {
    return registry.Promote({.model = model, .version = version, .author = "ada", .reason = "better"}, context_);
  }
  std::string PathOf(std::string_view content) { return folder_ + "/objects/models/" + Sha256(content).ToHex(); }

  ThreadPool pool_{1};
  Context context_{.pool = &pool_, .now = [] { return absl::FromUnixSeconds(1'000'000'000); }};
  std::string folder_;
  std::map<std::string, std::string> urls_;  // of databases, by name
  std::unique_ptr<store::LocalObjectStore> objects_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(RegistryTest, NumbersCountTheVersionsOfEachName) {
  Registry registry = Open();
  EXPECT_EQ(Register(registry, "late", "one").ToString(), "late@1");
  EXPECT_EQ(Register(registry, "late", "two").ToString(), "late@2");
  EXPECT_EQ(Register(registry, "churn", "one").ToString(), "churn@1");
  const std::vector<ModelVersion> all = *registry.List();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].ToString(), "churn@1");
  EXPECT_EQ(all[2].ToString(), "late@2");
  EXPECT_EQ(all[2].author, "ada");
  EXPECT_EQ(all[2].created, absl::FromUnixSeconds(1'000'000'000));
  EXPECT_EQ(all[0].manifest, all[1].manifest);  // identity is the content, whatever the name
  EXPECT_EQ(registry.List("late")->size(), 2u);
  EXPECT_TRUE(registry.List("nobody")->empty());
}

TEST_F(RegistryTest, WhatWasRegisteredIsLoadedAlsoByAnotherProcess) {
  ModelVersion version;
  {
    Registry registry = Open();
    version = Register(registry, "late", "one");
  }
  database_ = OpenDatabase("db");
  const Registry registry = Open();
  EXPECT_EQ(*registry.Resolve("late@1"), version);
  EXPECT_EQ(*registry.Load(version), PackageOf("one"));
  EXPECT_EQ(*registry.LoadPart(version, "model.json"), "one");
  EXPECT_EQ(registry.LoadManifest(version)->parts.size(), 2u);
  EXPECT_EQ(registry.LoadPart(version, "profile").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RegistryTest, TheSameBytesAreTheSameVersion) {
  Registry registry = Open();
  const ModelVersion first = Register(registry, "late", "one");
  Register(registry, "late", "two");
  EXPECT_EQ(Register(registry, "late", "one"), first);
  EXPECT_EQ(registry.List()->size(), 2u);
}

TEST_F(RegistryTest, ReferencesAreResolved) {
  Registry registry = Open();
  for (const char* content : {"one", "two", "three"}) Register(registry, "late", content);
  EXPECT_EQ(registry.Resolve("late")->version, 3);
  EXPECT_EQ(registry.Resolve("late@latest")->version, 3);
  EXPECT_EQ(registry.Resolve("late@2")->version, 2);
  EXPECT_EQ(registry.Resolve("late@champion").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Promote(registry, "late", 2).ok());
  EXPECT_EQ(registry.Resolve("late@champion")->version, 2);
}

TEST_F(RegistryTest, WhatIsNotThereIsNotFoundWithAHint) {
  Registry registry = Open();
  EXPECT_THAT(HintOf(registry.Resolve("late").status()), HasSubstr("No model is registered yet"));
  Register(registry, "late-flights", "one");
  const absl::Status misspelt = registry.Resolve("late-flihgts@1").status();
  EXPECT_EQ(misspelt.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(misspelt.message()), "there is no model 'late-flihgts'");
  EXPECT_EQ(HintOf(misspelt), "did you mean 'late-flights'?");
  EXPECT_EQ(HintOf(registry.Resolve("something-else").status()), "'roost model list' shows the models.");
  const absl::Status too_new = registry.Resolve("late-flights@7").status();
  EXPECT_EQ(std::string(too_new.message()), "model 'late-flights' has no version 7");
  EXPECT_EQ(HintOf(too_new), "Its newest version is late-flights@1.");
  EXPECT_EQ(registry.Resolve("late flights").status().code(), absl::StatusCode::kInvalidArgument);
  const auto moved = Promote(registry, "late-flights", 7);
  EXPECT_EQ(moved.status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RegistryTest, RefusesBadNamesAndPackages) {
  Registry registry = Open();
  for (const char* name : {"", "a/b", "a@1", ".."}) {
    EXPECT_EQ(registry.Register(name, PackageOf("x"), "ada", context_).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(registry.Register("late", {}, "ada", context_).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(registry.List()->empty());
}

TEST_F(RegistryTest, RacingWritersGetNumbersOfTheirOwn) {
  constexpr int kWriters = 4;
  constexpr int kVersions = 5;
  { Open(); }
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      const auto database = OpenDatabase("db");  // as another process would
      Registry registry = Registry::Open(*database, *objects_).value();
      for (int i = 0; i < kVersions; ++i) {
        const std::string content = std::to_string(writer) + "." + std::to_string(i);
        if (!registry.Register("late", PackageOf(content), "ada", context_).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  const Registry registry = Open();
  const std::vector<ModelVersion> versions = *registry.List("late");
  ASSERT_EQ(versions.size(), static_cast<size_t>(kWriters * kVersions));
  std::set<std::string> contents;
  for (size_t i = 0; i < versions.size(); ++i) {
    EXPECT_EQ(versions[i].version, static_cast<int64_t>(i) + 1);
    contents.insert(*registry.LoadPart(versions[i], "model.json"));
    EXPECT_TRUE(*objects_->Exists("names/models/late/" + std::to_string(i + 1)));
  }
  EXPECT_EQ(contents.size(), versions.size());
}

TEST_F(RegistryTest, AFlippedByteIsDataLossThatNamesThePart) {
  Registry registry = Open();
  const ModelVersion version = Register(registry, "late", "one");
  std::filesystem::permissions(PathOf("one"), std::filesystem::perms::owner_all);
  std::ofstream(PathOf("one"), std::ios::trunc) << "onf";
  const absl::Status damaged = registry.Load(version).status();
  EXPECT_EQ(damaged.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("part 'model.json' of late@1 is damaged"));
  EXPECT_THAT(HintOf(damaged), HasSubstr("roost data verify"));
  EXPECT_TRUE(registry.LoadPart(version, "lineage.json").ok());
}

TEST_F(RegistryTest, AMissingPartOrManifestIsDataLossThatNamesIt) {
  Registry registry = Open();
  const ModelVersion version = Register(registry, "late", "one");
  std::filesystem::remove(PathOf("one"));
  const absl::Status no_part = registry.Load(version).status();
  EXPECT_EQ(no_part.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(no_part.message()), HasSubstr("part 'model.json' of late@1 is missing"));
  std::filesystem::remove(folder_ + "/objects/models/" + version.manifest.ToHex());
  const absl::Status no_manifest = registry.Load(version).status();
  EXPECT_EQ(no_manifest.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(no_manifest.message()), HasSubstr("the manifest of late@1 is missing"));
}

TEST_F(RegistryTest, ARecordWithoutARowIsFinishedByTheNextWriter) {
  Registry registry = Open();
  Register(registry, "late", "one");
  const ModelVersion second = Register(registry, "late", "two");
  // As after a kill between the record and the commit.
  ASSERT_TRUE(database_->Execute("DELETE FROM model_versions WHERE version = 2").ok());
  EXPECT_EQ(registry.Resolve("late")->version, 1);
  EXPECT_EQ(Register(registry, "late", "three").version, 3);
  EXPECT_EQ(*registry.Resolve("late@2"), second);
}

TEST_F(RegistryTest, TheRetryOfAnUnfinishedRegistrationGetsItsVersion) {
  Registry registry = Open();
  const ModelVersion version = Register(registry, "late", "one");
  ASSERT_TRUE(database_->Execute("DELETE FROM model_versions").ok());
  EXPECT_EQ(Register(registry, "late", "one"), version);
}

TEST_F(RegistryTest, ALostDatabaseIsRestoredFromTheObjects) {
  Registry registry = Open();
  for (const char* content : {"one", "two"}) Register(registry, "late", content);
  Register(registry, "churn", "one");
  ASSERT_TRUE(Promote(registry, "late", 1).ok());
  ASSERT_TRUE(Promote(registry, "late", 2).ok());
  const std::vector<ModelVersion> versions = *registry.List();
  const std::vector<AliasMove> moves = *registry.aliases().History("late", "champion");

  const auto empty = OpenDatabase("new");
  Registry restored = Registry::Open(*empty, *objects_).value();
  EXPECT_EQ(*restored.Restore(), 6) << "three versions, and moves of champion and previous";
  EXPECT_EQ(*restored.List(), versions);
  EXPECT_EQ(*restored.aliases().History("late", "champion"), moves);
  EXPECT_EQ(*restored.Restore(), 0);
}

TEST_F(RegistryTest, ADamagedRecordStopsTheRestore) {
  Registry registry = Open();
  Register(registry, "late", "one");
  const std::string path = folder_ + "/objects/names/models/late/1";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  std::ofstream(path, std::ios::trunc) << "{}";
  const auto empty = OpenDatabase("new");
  Registry restored = Registry::Open(*empty, *objects_).value();
  const absl::Status status = restored.Restore().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("names/models/late/1"));
  EXPECT_TRUE(restored.List()->empty());
}

TEST_F(RegistryTest, StopsWhenCancelledWithNothingRegistered) {
  Registry registry = Open();
  Cancellation cancellation;
  cancellation.Cancel();
  context_.cancellation = &cancellation;
  EXPECT_EQ(registry.Register("late", PackageOf("one"), "ada", context_).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(registry.List()->empty());
}

}  // namespace
}  // namespace roost::registry
