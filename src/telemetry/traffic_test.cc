#include "telemetry/traffic.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/test_model.h"

namespace roost::telemetry {
namespace {

using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class TrafficTest : public testing::Test {
 protected:
  TrafficTest() {
    for (const int64_t version : {3, 4}) EXPECT_TRUE(models_.Load("delay", version, serving::TestModelJson()).ok());
  }

  static void Count(Traffic& traffic, const net::RequestNotes& notes, int code = 200,
                    nanoseconds duration = nanoseconds(7'000)) {
    traffic.Begin();
    traffic.End({.notes = notes, .code = code, .bytes_in = 10, .bytes_out = 20, .duration = duration});
  }

  serving::ModelManager models_;
};

TEST(Latency, BoundsBelongToTheBucketBelow) {
  EXPECT_EQ(LatencyBucket(nanoseconds(0)), 0u);
  EXPECT_EQ(LatencyBucket(nanoseconds(5'000)), 0u);
  EXPECT_EQ(LatencyBucket(nanoseconds(5'001)), 1u);
  EXPECT_EQ(LatencyBucket(std::chrono::seconds(10)), kLatencyBounds.size() - 1);
  EXPECT_EQ(LatencyBucket(std::chrono::hours(1)), kLatencyBounds.size());
  EXPECT_TRUE(std::is_sorted(kLatencyBounds.begin(), kLatencyBounds.end()));
}

TEST_F(TrafficTest, RequestsAreCountedByAllThatTellsThemApart) {
  Traffic traffic(models_);
  const net::RequestNotes notes{.consumer = "billing", .model = "delay", .version = 3, .rows = 2};
  Count(traffic, notes);
  Count(traffic, notes, 200, std::chrono::seconds(20));
  Count(traffic, notes, 400);
  Count(traffic, {});
  const Traffic::Totals totals = traffic.Sum();
  ASSERT_EQ(totals.size(), 3u);
  const TrafficTotals& good = totals.at({"delay", 3, "billing", Protocol::kHttp1, 200});
  EXPECT_EQ(good.requests(), 2);
  EXPECT_EQ(good.durations[1], 1);
  EXPECT_EQ(good.durations.back(), 1);
  EXPECT_EQ(good.nanoseconds, 20'000'007'000);
  EXPECT_EQ(good.rows, 4);
  EXPECT_EQ(good.bytes_in, 20);
  EXPECT_EQ(good.bytes_out, 40);
  EXPECT_EQ(totals.at({"delay", 3, "billing", Protocol::kHttp1, 400}).requests(), 1);
  EXPECT_EQ(totals.at({"", 0, "", Protocol::kHttp1, 200}).requests(), 1) << "calls without a known consumer count";
}

TEST_F(TrafficTest, NothingIsLostBetweenThreadsThatCountAndOneThatLooks) {
  constexpr int kThreads = 4, kRequests = 20'000;
  Traffic traffic(models_);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const net::RequestNotes notes{.consumer = std::to_string(t % 2), .model = "delay", .version = 3, .rows = 1};
      for (int i = 0; i < kRequests; ++i) Count(traffic, notes, i % 10 == 0 ? 400 + i / 10 % 20 : 200);
    });
  }
  int64_t before = 0;
  for (int look = 0; look < 50; ++look) {
    int64_t requests = 0;
    for (const auto& [key, total] : traffic.Sum()) requests += total.requests();
    EXPECT_GE(requests, before);
    before = requests;
    EXPECT_GE(traffic.InFlight(), 0);
  }
  for (std::thread& thread : threads) thread.join();
  int64_t requests = 0, rows = 0;
  for (const auto& [key, total] : traffic.Sum()) {
    requests += total.requests();
    rows += total.rows;
  }
  EXPECT_EQ(requests, kThreads * kRequests);
  EXPECT_EQ(rows, kThreads * kRequests);
  EXPECT_EQ(traffic.InFlight(), 0);
}

TEST_F(TrafficTest, InFlightIsWhatHasBegunAndNotEnded) {
  Traffic traffic(models_);
  traffic.Begin();
  traffic.Begin();
  EXPECT_EQ(traffic.InFlight(), 2);
  const net::RequestNotes notes;
  std::thread([&] { traffic.End({.notes = notes}); }).join();
  EXPECT_EQ(traffic.InFlight(), 1);
}

TEST_F(TrafficTest, PendingAnswersMayComeOnOtherThreads) {
  Traffic traffic(models_);
  const net::RequestNotes notes{.model = "delay", .version = 3};
  traffic.BeginLater(notes);
  traffic.BeginLater(notes);
  std::thread([&] { traffic.EndLater(notes); }).join();
  EXPECT_THAT(traffic.Pending(), ElementsAre(Pair(ModelKey("delay", 3), 1)));
  traffic.EndLater(notes);
  EXPECT_THAT(traffic.Pending(), ElementsAre(Pair(ModelKey("delay", 3), 0)));
}

TEST_F(TrafficTest, VersionsThatAreGoneAreForgotten) {
  Traffic traffic(models_, absl::ZeroDuration());
  const net::RequestNotes three{.model = "delay", .version = 3}, four{.model = "delay", .version = 4};
  Count(traffic, three);
  Count(traffic, four);
  traffic.BeginLater(three);
  traffic.EndLater(three);
  EXPECT_EQ(traffic.Sum().size(), 2u);
  ASSERT_TRUE(models_.Unload("delay", 3).ok());
  EXPECT_EQ(traffic.Sum().size(), 1u);
  EXPECT_THAT(traffic.Pending(), IsEmpty());
  ASSERT_TRUE(models_.Load("delay", 3, serving::TestModelJson()).ok());
  EXPECT_EQ(traffic.Sum().size(), 1u) << "what is forgotten does not come back";
  Count(traffic, three);
  EXPECT_EQ(traffic.Sum().at({"delay", 3, "", Protocol::kHttp1, 200}).requests(), 1) << "it is counted anew";
}

TEST_F(TrafficTest, VersionsThatAreGoneAreShownForAWhile) {
  Traffic traffic(models_);
  Count(traffic, {.model = "delay", .version = 3});
  ASSERT_TRUE(models_.Unload("delay", 3).ok());
  EXPECT_EQ(traffic.Sum().size(), 1u);
}

}  // namespace
}  // namespace roost::telemetry
