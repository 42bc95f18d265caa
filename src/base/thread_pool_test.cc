#include "base/thread_pool.h"

#include <atomic>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(ThreadPool, EveryPieceRunsOnce) {
  for (const size_t num_threads : {1, 2, 5}) {
    ThreadPool pool(num_threads);
    for (const size_t num_pieces : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> runs(num_pieces);
      ASSERT_TRUE(pool.ParallelFor(num_pieces,
                                   [&runs](size_t piece) {
                                     ++runs[piece];
                                     return absl::OkStatus();
                                   })
                      .ok());
      for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, TheLowestFailedPieceIsReported) {
  ThreadPool pool(4);
  for (int round = 0; round < 50; ++round) {
    const absl::Status status = pool.ParallelFor(100, [](size_t piece) {
      return piece == 0 ? absl::InternalError("piece 0") : absl::InternalError("another piece");
    });
    EXPECT_EQ(status.message(), "piece 0");
  }
}

TEST(ThreadPool, NoPieceStartsAfterAnError) {
  ThreadPool pool(1);
  int started = 0;
  EXPECT_FALSE(pool.ParallelFor(100,
                                [&started](size_t piece) {
                                  ++started;
                                  return piece == 3 ? absl::InternalError("stop") : absl::OkStatus();
                                })
                   .ok());
  EXPECT_EQ(started, 4);
}

TEST(ThreadPool, APieceMayCallThePool) {
  ThreadPool pool(3);
  std::atomic<int> runs = 0;
  EXPECT_TRUE(pool.ParallelFor(10,
                               [&](size_t) {
                                 return pool.ParallelFor(10, [&runs](size_t) {
                                   ++runs;
                                   return absl::OkStatus();
                                 });
                               })
                  .ok());
  EXPECT_EQ(runs, 100);
}

}  // namespace
}  // namespace roost
