#include "registry/divergence.h"

#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/local_object_store.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using ::testing::HasSubstr;

/// A registry in a folder of its own.
struct Side {
  explicit Side(const std::string& folder) {
    std::filesystem::create_directories(folder);
    objects = store::LocalObjectStore::Open(folder + "/objects").value();
    database = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder)).value();
    registry = std::make_unique<Registry>(Registry::Open(*database, *objects).value());
  }

  std::unique_ptr<store::LocalObjectStore> objects;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Registry> registry;
};

class DivergenceTest : public ::testing::Test {
 protected:
  DivergenceTest()
      : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()),
        here_(Cleared(folder_) + "/here"),
        there_(folder_ + "/there") {}
  ~DivergenceTest() override { std::filesystem::remove_all(folder_); }

  static const std::string& Cleared(const std::string& folder) {
    std::filesystem::remove_all(folder);
    return folder;
  }

  void Register(Side& side, const std::string& content) {
    const auto made = side.registry->Register("late", {{{"model.json", content}}}, "ada", context_);
    ASSERT_TRUE(made.ok()) << made.status();
  }
  void Promote(Side& side, int64_t to) {
    const auto moved =
        side.registry->Promote({.model = "late", .version = to, .author = "ada", .reason = "better"}, context_);
    ASSERT_TRUE(moved.ok()) << moved.status();
  }
  void ExpectDiffers(const std::string& how) {
    const absl::Status status = CheckIsEarlier(*there_.registry, *here_.registry);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(how));
  }

  ThreadPool pool_{1};
  Context context_{.pool = &pool_, .now = [] { return absl::FromUnixSeconds(1'000'000'000); }};
  std::string folder_;
  Side here_;
  Side there_;
};

TEST_F(DivergenceTest, EveryEarlierStateIsOne) {
  const auto is_earlier = [this] { return CheckIsEarlier(*there_.registry, *here_.registry); };
  EXPECT_TRUE(is_earlier().ok());
  for (Side* side : {&here_, &there_}) {  // first here is ahead, then both are the same
    Register(*side, "one");
    EXPECT_TRUE(is_earlier().ok()) << is_earlier();
  }
  for (Side* side : {&here_, &there_}) {
    Promote(*side, 1);
    EXPECT_TRUE(is_earlier().ok()) << is_earlier();
  }
  Register(here_, "two");
  Promote(here_, 2);
  EXPECT_TRUE(is_earlier().ok()) << is_earlier();
}

TEST_F(DivergenceTest, AModelThatIsOnlyThereIsTold) {
  Register(there_, "one");
  ExpectDiffers("late@1 is only there");
}

TEST_F(DivergenceTest, AnotherModelUnderTheSameNumberIsTold) {
  Register(here_, "one");
  Register(there_, "two");
  ExpectDiffers("late@1 is another model there");
}

TEST_F(DivergenceTest, AnAliasThatWasMovedThereIsTold) {
  for (Side* side : {&here_, &there_}) {
    Register(*side, "one");
    Register(*side, "two");
  }
  Promote(there_, 1);
  ExpectDiffers("the alias 'champion' of late was moved there");
  Promote(here_, 2);
  ExpectDiffers("the alias 'champion' of late was moved there");
}

TEST_F(DivergenceTest, AVersionThatWasRetiredThereIsTold) {
  for (Side* side : {&here_, &there_}) Register(*side, "one");
  const StateRequest request{.model = "late", .version = 1, .author = "ada", .reason = "old"};
  ASSERT_TRUE(here_.registry->Retire(request, context_).ok());
  EXPECT_TRUE(CheckIsEarlier(*there_.registry, *here_.registry).ok());
  ASSERT_TRUE(there_.registry->Delete(request, context_).ok());
  ExpectDiffers("late@1 is deleted there");
}

}  // namespace
}  // namespace roost::registry
