#include "access/rate_limit.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace roost::access {
namespace {

std::atomic<int64_t> test_now{0};
int64_t TestClock() { return test_now.load(); }

int64_t TakeAll(RateLimit& limit) {
  int64_t taken = 0;
  while (limit.Take() == absl::ZeroDuration()) ++taken;
  return taken;
}

class RateLimitTest : public testing::Test {
 protected:
  void SetUp() override { test_now = 5'000'000'000; }
  static void Pass(absl::Duration time) { test_now += absl::ToInt64Nanoseconds(time); }
};

TEST_F(RateLimitTest, GivesABurstAndThenTheRate) {
  RateLimit limit({.per_second = 10, .burst = 3}, TestClock);
  EXPECT_EQ(TakeAll(limit), 3);
  EXPECT_EQ(limit.Take(), absl::Milliseconds(100));
  Pass(absl::Milliseconds(99));
  EXPECT_EQ(limit.Take(), absl::Milliseconds(1));
  Pass(absl::Milliseconds(1));
  EXPECT_EQ(TakeAll(limit), 1);
  Pass(absl::Hours(1));
  EXPECT_EQ(TakeAll(limit), 3) << "a pause saves no more than the burst";
}

TEST_F(RateLimitTest, IsExactInTheLongRunAtAnyRate) {
  for (const double per_second : {0.5, 7.0, 333.0, 5'000.0, 100'000.0, 1'000'000.0}) {
    RateLimit limit({.per_second = per_second, .burst = std::max(1.0, per_second / 4)}, TestClock);
    int64_t taken = TakeAll(limit);
    constexpr int kSteps = 2'000;
    for (int i = 0; i < kSteps; ++i) {
      Pass(absl::Milliseconds(10));
      taken += TakeAll(limit);
    }
    const double wanted = std::max(1.0, per_second / 4) + per_second * 0.01 * kSteps;
    EXPECT_NEAR(static_cast<double>(taken), wanted, 1 + wanted * 0.002) << per_second;
  }
}

// Also where threads hold batches: nobody gets more than there is.
TEST_F(RateLimitTest, HoldsOverManyThreads) {
  for (const double per_second : {200.0, 50'000.0}) {
    RateLimit limit({.per_second = per_second, .burst = per_second}, TestClock);
    std::atomic<int64_t> taken{0};
    const auto round = [&] {
      std::vector<std::thread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { taken += TakeAll(limit); });
      }
      for (std::thread& thread : threads) thread.join();
    };
    round();
    EXPECT_EQ(taken.load(), static_cast<int64_t>(per_second)) << "the burst";
    for (int i = 0; i < 20; ++i) {
      Pass(absl::Milliseconds(100));
      round();
    }
    EXPECT_NEAR(static_cast<double>(taken.load()), 3 * per_second, 0.001 * per_second);
  }
}

// Threads that ask without a pause while the time goes on; a test of the system's own clock would measure the
// scheduler, too: what no thread asks for in time is nobody's.
TEST_F(RateLimitTest, HoldsWithinAFewPercentWhileTimePasses) {
  RateLimit limit({.per_second = 100'000, .burst = 1'000}, [] { return test_now.fetch_add(300); });
  const int64_t begin = test_now;
  const int64_t end = begin + 300'000'000;
  std::atomic<int64_t> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      int64_t own = 0;
      while (test_now < end) own += limit.Take() == absl::ZeroDuration() ? 1 : 0;
      taken += own;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = static_cast<double>(test_now - begin) * 1e-9;
  EXPECT_NEAR(static_cast<double>(taken.load()), 1'000 + 100'000 * seconds, 0.03 * 100'000 * seconds);
}

}  // namespace
}  // namespace roost::access
