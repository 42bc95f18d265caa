#include "registry/watch_log.h"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WatchLogTest : public testing::Test {
 protected:
  WatchLogTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
  }
  ~WatchLogTest() override { std::filesystem::remove_all(folder_); }

  static WatchItem Span(const std::string& name, const std::string& state) {
    return {.name = name, .stamp = "s", .state = state, .changed = absl::FromUnixMicros(1'000'007)};
  }

  std::string folder_;
  std::string url_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(WatchLogTest, WhatWasPutIsThere) {
  WatchLog log = WatchLog::Open(*database_).value();
  WatchItem full = Span("2.csv", "done");
  full.trigger = "back-fill";
  full.run = 7;
  full.result = "model@3 is the champion";
  full.alert = R"({"event":"released"})";
  full.tries = 2;
  full.retry = absl::FromUnixMicros(4);
  full.planned = absl::FromUnixMicros(5);
  full.last_time = absl::FromUnixMicros(-5);
  WatchItem schedule = Span("schedule", "done");
  schedule.kind = WatchItem::Kind::kSchedule;
  ASSERT_TRUE(log.Put("a", {full, Span("10.csv", "new"), schedule}).ok());
  const auto other = store::Database::Open(url_).value();
  const WatchLog read = WatchLog::Open(*other).value();
  EXPECT_THAT(*read.List("a"), ElementsAre(schedule, Span("10.csv", "new"), full));
  EXPECT_THAT(*read.List("b"), IsEmpty());
}

TEST_F(WatchLogTest, WhatIsPutAgainTakesItsPlace) {
  WatchLog log = WatchLog::Open(*database_).value();
  ASSERT_TRUE(log.Put("a", {Span("1", "running"), Span("2", "new")}).ok());
  ASSERT_TRUE(log.Put("a", {Span("1", "done")}).ok());
  EXPECT_THAT(*log.List("a"), ElementsAre(Span("1", "done"), Span("2", "new")));
}

TEST_F(WatchLogTest, AllIsWrittenOrNothing) {
  WatchLog log = WatchLog::Open(*database_).value();
  ASSERT_TRUE(log.Put("a", {Span("1", "running"), Span("2", "running")}).ok());
  database_->SetFault([](store::Database::Write write, std::string_view) {
    return write == store::Database::Write::kCommit ? absl::ResourceExhaustedError("no disk") : absl::OkStatus();
  });
  EXPECT_FALSE(log.Put("a", {Span("1", "done"), Span("2", "done")}).ok());
  database_->SetFault(nullptr);
  EXPECT_THAT(*log.List("a"), ElementsAre(Span("1", "running"), Span("2", "running")));
}

}  // namespace
}  // namespace roost::registry
