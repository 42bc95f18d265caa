#include "registry/run_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using testing::HasSubstr;

const ProcessName kElsewhere{.machine = "another boot", .host = "far", .process = 7, .start = 70};

class RunLockTest : public testing::Test {
 protected:
  RunLockTest() : folder_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    url_ = store::NewDatabase(store::KindOfThisRun(), folder_);
    database_ = store::Database::Open(url_).value();
    other_ = store::Database::Open(url_).value();
  }
  ~RunLockTest() override { std::filesystem::remove_all(folder_); }

  static RunLock::Options Of(const std::string& name, const ProcessName& process = ProcessName::OfThis()) {
    return {.name = name, .author = "ada", .what = "roost run", .process = process};
  }
  /// What the database says of the lock's holder is `seconds` older than it was.
  void GrowOld(int64_t seconds) {
    ASSERT_EQ(*database_->Execute("UPDATE run_locks SET beat_us = beat_us - :p1", {seconds * 1'000'000}), 1);
  }

  std::string folder_;
  std::string url_;
  std::unique_ptr<store::Database> database_, other_;
};

TEST_F(RunLockTest, OneHoldsItUntilItIsGivenBack) {
  auto lock = RunLock::Take(*database_, Of("model a"));
  ASSERT_TRUE(lock.ok()) << lock.status();
  const absl::Status refused = RunLock::Take(*other_, Of("model a")).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("'roost run' of ada on "));
  EXPECT_THAT(HintOf(refused), HasSubstr("--wait"));
  EXPECT_TRUE(RunLock::Take(*other_, Of("model b")).ok());
  EXPECT_EQ((*RunLock::Holder(*other_, "model a"))->process, ProcessName::OfThis());
  lock->reset();
  EXPECT_FALSE(RunLock::Holder(*other_, "model a")->has_value());
  EXPECT_TRUE(RunLock::Take(*other_, Of("model a")).ok());
}

TEST_F(RunLockTest, AProcessThatDiedHoldsNothing) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  ProcessName dead = ProcessName::OfThis();
  dead.process = child;
  dead.start = -1;
  EXPECT_EQ(Lives(dead), false) << "the number is that of another process now";
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(Lives(dead), false);
  auto held = RunLock::Take(*database_, Of("model a", dead));
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(RunLock::Take(*other_, Of("model a")).ok());
  EXPECT_EQ((*held)->Check().code(), absl::StatusCode::kAborted);
}

TEST_F(RunLockTest, ThisProcessLives) {
  EXPECT_EQ(Lives(ProcessName::OfThis()), true);
  EXPECT_EQ(Lives(kElsewhere), std::nullopt);
}

TEST_F(RunLockTest, OneOfAnotherMachineHoldsItUntilItsLeaseIsOver) {
  auto far = RunLock::Take(*database_, Of("model a", kElsewhere));
  ASSERT_TRUE(far.ok());
  GrowOld(30);
  EXPECT_EQ(RunLock::Take(*other_, Of("model a")).status().code(), absl::StatusCode::kAborted);
  GrowOld(40);
  auto near = RunLock::Take(*other_, Of("model a"));
  ASSERT_TRUE(near.ok()) << near.status();
  EXPECT_EQ((*far)->Check().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE((*near)->Check().ok());
  far->reset();  // gives nothing back that is not its own
  EXPECT_TRUE((*near)->Check().ok());
  EXPECT_TRUE(RunLock::Holder(*other_, "model a")->has_value());
}

TEST_F(RunLockTest, ItIsRenewed) {
  RunLock::Options options = Of("model a", kElsewhere);
  options.beat = absl::Milliseconds(5);
  const auto lock = RunLock::Take(*database_, options);
  ASSERT_TRUE(lock.ok());
  GrowOld(1000);
  // The next beat brings it back, whenever that is.
  while (!RunLock::Holder(*other_, "model a")->has_value()) usleep(1000);
  EXPECT_EQ(RunLock::Take(*other_, Of("model a")).status().code(), absl::StatusCode::kAborted);
}

TEST_F(RunLockTest, WhoWaitsGetsItWhenItIsFree) {
  auto held = RunLock::Take(*database_, Of("model a"));
  ASSERT_TRUE(held.ok());
  int pauses = 0;
  const auto lock = RunLock::Await(*other_, Of("model a"), [&](const absl::Status& why) -> absl::Status {
    EXPECT_THAT(std::string(why.message()), HasSubstr("under way"));
    if (++pauses == 3) held->reset();
    return absl::OkStatus();
  });
  EXPECT_TRUE(lock.ok());
  EXPECT_EQ(pauses, 3);
  const auto stopped = RunLock::Await(*database_, Of("model a"),
                                      [](const absl::Status&) { return absl::CancelledError("interrupted"); });
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace roost::registry
