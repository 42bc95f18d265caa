#include "registry/hook_log.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HookLogTest : public testing::Test {
 protected:
  HookLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = store::Database::Open(store::NewDatabase(store::KindOfThisRun(), folder_)).value();
  }
  ~HookLogTest() override { std::filesystem::remove_all(folder_); }

  static HookDelivery Delivery(const std::string& id, const std::string& hook, int64_t second) {
    return {.id = id,
            .hook = hook,
            .event = "promoted",
            .body = "{\"id\":\"" + id + "\"}",
            .created = absl::FromUnixSeconds(second),
            .tries = 0,
            .error = "",
            .next_try = absl::FromUnixSeconds(second)};
  }

  std::string folder_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(HookLogTest, WhatIsToBeToldIsKeptUntilItHasArrived) {
  HookLog log = *HookLog::Open(*database_);
  EXPECT_THAT(*log.List(), IsEmpty());
  const HookDelivery later = Delivery("b", "chat", 10);  // of the same time: the order is that of adding
  HookDelivery first = Delivery("a", "page", 10);
  ASSERT_TRUE(log.Add({later}).ok());
  ASSERT_TRUE(log.Add({first, Delivery("a", "chat", 10)}).ok());
  EXPECT_THAT(*log.List(), ElementsAre(later, first, Delivery("a", "chat", 10)));

  first.tries = 3;
  first.error = "exit code 1";
  first.next_try = absl::FromUnixSeconds(100);
  ASSERT_TRUE(log.Update(first).ok());
  ASSERT_TRUE(log.Remove(Delivery("a", "chat", 10)).ok());
  EXPECT_THAT(*HookLog::Open(*database_)->List(), ElementsAre(later, first));
}

TEST_F(HookLogTest, ManyAreAddedTogetherOrNotAtAll) {
  HookLog log = *HookLog::Open(*database_);
  ASSERT_TRUE(log.Add({Delivery("a", "chat", 10)}).ok());
  EXPECT_FALSE(log.Add({Delivery("b", "chat", 10), Delivery("a", "chat", 10)}).ok());
  EXPECT_THAT(*log.List(), ElementsAre(Delivery("a", "chat", 10)));
}

}  // namespace
}  // namespace roost::registry
