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
                                        .queue = {kAll, 0},
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

TEST(Statistics, MergedRequestsAreOneCallOfTheModel) {
  Statistics statistics;
  statistics.AddSuccess(1, nanoseconds(10), nanoseconds(5));
  const Statistics::QueuedTimes times{.whole = nanoseconds(100), .queue = nanoseconds(60), .compute = nanoseconds(30)};
  for (const bool first : {true, false, false}) statistics.AddQueued(2, times, first);
  Statistics::Totals totals = statistics.Sum();
  totals.last_inference_ms = 0;
  EXPECT_EQ(totals, (Statistics::Totals{.success = {4, 310},
                                        .failure = {},
                                        .queue = {4, 180},
                                        .compute = {4, 95},
                                        .inference_count = 7,
                                        .execution_count = 2}));
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
