#include "serving/statistics.h"

#include <thread>

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace roost::serving {
namespace {

using std::chrono::nanoseconds;

TEST(Statistics, AddUpWhatAllThreadsDid) {
  Statistics statistics;
  EXPECT_EQ(statistics.Sum(), Statistics::Totals());
  constexpr int64_t kThreads = 8, kRequests = 10'000;
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int64_t request = 0; request < kRequests; ++request) {
        statistics.AddSuccess(/*rows=*/3, nanoseconds(70), nanoseconds(50));
        if (request % 10 == 0) statistics.AddFailure(nanoseconds(20));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Statistics::Totals totals = statistics.Sum();
  totals.last_inference_ms = 0;
  constexpr int64_t kAll = kThreads * kRequests;
  EXPECT_EQ(totals, (Statistics::Totals{.success = {kAll, kAll * 70},
                                        .failure = {kAll / 10, kAll / 10 * 20},
                                        .compute = {kAll, kAll * 50},
                                        .inference_count = kAll * 3,
                                        .execution_count = kAll}));
}

TEST(Statistics, TheLastAnswerIsInMillisecondsOfTheSystemClock) {
  Statistics statistics;
  const int64_t before = absl::ToUnixMillis(absl::Now() - absl::Milliseconds(50));  // the clock that is read is coarse
  statistics.AddFailure(nanoseconds(1));
  EXPECT_EQ(statistics.Sum().last_inference_ms, 0);
  statistics.AddSuccess(1, nanoseconds(1), nanoseconds(1));
  EXPECT_GE(statistics.Sum().last_inference_ms, before);
  EXPECT_LE(statistics.Sum().last_inference_ms, absl::ToUnixMillis(absl::Now()));
}

TEST(Stripes, AThreadKeepsItsOwn) {
  const size_t mine = ThreadStripe();
  EXPECT_LT(mine, NumStripes());
  EXPECT_EQ(ThreadStripe(), mine);
  size_t other = mine;
  std::thread([&] { other = ThreadStripe(); }).join();
  EXPECT_NE(other, mine);
}

}  // namespace
}  // namespace roost::serving
