#include "profile/time_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "profile/testing.h"

namespace roost::profile {
namespace {

constexpr int64_t kDay = 86'400'000'000;

TimeHistogram HistogramOf(std::span<const int64_t> micros) {
  TimeHistogram histogram;
  histogram.Add(micros);
  return histogram;
}

std::vector<int64_t> RandomInstants(int count, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<int64_t> micros(count);
  for (int64_t& instant : micros) instant = static_cast<int64_t>(random() % (200 * kDay)) - 20 * kDay;
  return micros;
}

TEST(TimeHistogram, FewInstantsAreExact) {
  std::vector<int64_t> days;
  for (int64_t day = -100; day < 3'000; ++day) days.push_back(day * kDay);
  const std::vector<Bucket> buckets = HistogramOf(days).Buckets();
  ASSERT_EQ(buckets.size(), days.size());
  EXPECT_EQ(buckets[0].point, -100 * 86'400.0);
}

TEST(TimeHistogram, PercentilesAreWithinATwoThousandthOfTheSpan) {
  std::vector<int64_t> micros = RandomInstants(20'000, /*seed=*/1);
  const std::vector<Bucket> buckets = HistogramOf(micros).Buckets();
  EXPECT_LE(buckets.size(), TimeHistogram::kMaxBuckets);
  std::sort(micros.begin(), micros.end());
  const double min = static_cast<double>(micros.front()) / 1e6;
  const double max = static_cast<double>(micros.back()) / 1e6;
  const std::vector<double> percentiles = PercentilesOf(buckets, min, max);
  for (int percent = 1; percent < 100; ++percent) {
    EXPECT_NEAR(percentiles[percent], static_cast<double>(micros[percent * 200 - 1]) / 1e6, (max - min) / 2'048);
  }
}

TEST(TimeHistogram, AnySplitInAnyOrderGivesTheSameBytes) {
  const std::vector<int64_t> micros = RandomInstants(20'000, /*seed=*/2);
  const std::string whole = BytesOf(HistogramOf(micros));
  std::mt19937 random(3);
  for (int round = 0; round < 10; ++round) {
    std::vector<TimeHistogram> shards(1 + random() % 8);
    for (const int64_t instant : micros) shards[random() % shards.size()].Add({&instant, 1});
    std::shuffle(shards.begin(), shards.end(), random);
    TimeHistogram merged;
    for (const TimeHistogram& shard : shards) merged.Merge(shard);
    ASSERT_EQ(BytesOf(merged), whole);
  }
}

TEST(TimeHistogram, TheEndsOfInt64AreInstantsToo) {
  std::mt19937_64 random(4);
  std::vector<int64_t> micros{std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  for (int i = 0; i < 20'000; ++i) micros.push_back(static_cast<int64_t>(random()));
  const TimeHistogram histogram = HistogramOf(micros);
  EXPECT_LE(histogram.size(), TimeHistogram::kMaxBuckets);
  EXPECT_LE(histogram.Buckets().front().low, -9.2e12);
}

TEST(TimeHistogram, WhatWasWrittenIsReadBackAndACutIsRefused) {
  const std::string bytes = BytesOf(HistogramOf(RandomInstants(50, /*seed=*/5)));
  ByteReader whole(bytes);
  EXPECT_EQ(BytesOf(*TimeHistogram::Parse(whole, 50)), bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    ByteReader cut(std::string_view(bytes).substr(0, length));
    ASSERT_EQ(TimeHistogram::Parse(cut, 50).status().code(), absl::StatusCode::kDataLoss) << length;
  }
}

TEST(TimeHistogram, CountsBeyondFourBytesAreExact) {
  TimeHistogram histogram = HistogramOf(std::vector<int64_t>{kDay, kDay, kDay, 2 * kDay});
  for (int round = 0; round < 33; ++round) {
    const TimeHistogram copy = histogram;
    histogram.Merge(copy);
  }
  // Coarser buckets keep them.
  histogram.Add(RandomInstants(10'000, /*seed=*/6));
  ASSERT_FALSE(histogram.exact());
  EXPECT_EQ(histogram.count(), (int64_t{4} << 33) + 10'000);
  int64_t total = 0;
  for (const Bucket& bucket : histogram.Buckets()) {
    if (bucket.low <= 86'400 && bucket.high > 86'400) {
      EXPECT_GE(bucket.count, int64_t{3} << 33);
    }
    total += bucket.count;
  }
  EXPECT_EQ(total, histogram.count());
  const std::string bytes = BytesOf(histogram);
  ByteReader reader(bytes);
  EXPECT_EQ(BytesOf(*TimeHistogram::Parse(reader, total)), bytes);
}

TEST(TimeHistogram, EntriesThatDoNotAscendAreRefused) {
  for (const int64_t second : {5, 7}) {
    std::string bytes;
    AppendFixed(bytes, uint8_t{0});
    AppendVarint(bytes, 2);
    for (const int64_t key : {int64_t{7}, second}) {
      AppendVarint(bytes, ZigZag(key));
      AppendVarint(bytes, 1);
    }
    ByteReader reader(bytes);
    EXPECT_EQ(TimeHistogram::Parse(reader, 2).status().code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace roost::profile
