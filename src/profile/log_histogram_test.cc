#include "profile/log_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "profile/testing.h"

namespace roost::profile {
namespace {

std::vector<double> LogNormalValues(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> distribution(0, 3);
  std::vector<double> values(count);
  for (double& value : values) value = (random() % 4 == 0 ? -1 : 1) * distribution(random);
  return values;
}

LogHistogram HistogramOf(std::span<const double> values) {
  LogHistogram histogram;
  histogram.Add(values);
  return histogram;
}

TEST(LogHistogram, PercentilesAreWithinABucketOfTheExactOnes) {
  std::vector<double> values = LogNormalValues(10'000, /*seed=*/1);
  const LogHistogram histogram = HistogramOf(values);
  std::sort(values.begin(), values.end());
  const std::vector<double> percentiles = PercentilesOf(histogram.Buckets(), values.front(), values.back());
  EXPECT_EQ(percentiles.front(), values.front());
  EXPECT_EQ(percentiles.back(), values.back());
  for (int percent = 1; percent < 100; ++percent) {
    const double exact = values[percent * 100 - 1];
    EXPECT_NEAR(percentiles[percent], exact, std::fabs(exact) / (1 << LogHistogram::kMantissaBits)) << percent;
  }
}

TEST(LogHistogram, AnySplitInAnyOrderGivesTheSameBytes) {
  const std::vector<double> values = LogNormalValues(5'000, /*seed=*/2);
  const std::string whole = BytesOf(HistogramOf(values));
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<LogHistogram> shards(1 + random() % 8);
    for (const double value : values) shards[random() % shards.size()].Add({&value, 1});
    std::shuffle(shards.begin(), shards.end(), random);
    LogHistogram merged;
    for (const LogHistogram& shard : shards) merged.Merge(shard);
    ASSERT_EQ(BytesOf(merged), whole);
  }
}

TEST(LogHistogram, BucketsAscendAndHoldTheirValues) {
  std::vector<double> values = LogNormalValues(1'000, /*seed=*/4);
  for (const double value : {0.0, 5e-324, -5e-324, 1.0, -1.0, 1e308, -1e308}) values.push_back(value);
  std::sort(values.begin(), values.end());
  size_t next = 0;
  for (const Bucket& bucket : HistogramOf(values).Buckets()) {
    for (int64_t i = 0; i < bucket.count; ++i, ++next) {
      EXPECT_LE(bucket.low, values[next]);
      EXPECT_GE(bucket.high, values[next]);
    }
  }
  EXPECT_EQ(next, values.size());
}

TEST(LogHistogram, BothZerosAreOneValue) {
  EXPECT_EQ(BytesOf(HistogramOf(std::vector{0.0})), BytesOf(HistogramOf(std::vector{-0.0})));
}

TEST(LogHistogram, BarsHoldEveryValueAndTheRightOnes) {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(i);
  const std::vector<HistogramBar> bars = BarsOf(HistogramOf(values).Buckets(), 0, 100);
  ASSERT_EQ(bars.size(), 10u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bars[i].count, i == 9 ? 11 : 10) << i;
}

TEST(LogHistogram, ANarrowBandIsSpreadEvenly) {
  // 1,000,000 to 1,000,100 lies within one bucket.
  const std::vector<Bucket> one{{.low = 999'424, .high = 1'001'472, .point = 999'424, .count = 1'003}};
  int64_t total = 0;
  for (const HistogramBar& bar : BarsOf(one, 1'000'000, 1'000'100)) {
    EXPECT_NEAR(static_cast<double>(bar.count), 100.3, 1);
    total += bar.count;
  }
  EXPECT_EQ(total, 1'003);
}

TEST(LogHistogram, BarsSumUpAtTheEndsOfTheDoubles) {
  const double greatest = std::numeric_limits<double>::max();
  for (const std::vector<double>& values :
       {std::vector{-greatest, 0.0, greatest}, std::vector{0.0, 5e-324}, std::vector{1.0, std::nextafter(1.0, 2.0)}}) {
    int64_t total = 0;
    for (const HistogramBar& bar : BarsOf(HistogramOf(values).Buckets(), values.front(), values.back())) {
      EXPECT_LE(bar.low, bar.high);
      total += bar.count;
    }
    EXPECT_EQ(total, static_cast<int64_t>(values.size()));
  }
}

TEST(LogHistogram, WhatWasWrittenIsReadBackAndACutIsRefused) {
  const std::string bytes = BytesOf(HistogramOf(LogNormalValues(200, /*seed=*/5)));
  ByteReader whole(bytes);
  EXPECT_EQ(BytesOf(*LogHistogram::Parse(whole, 200)), bytes);
  ByteReader too_many(bytes);
  EXPECT_EQ(LogHistogram::Parse(too_many, 199).status().code(), absl::StatusCode::kDataLoss);
  for (size_t length = 0; length < bytes.size(); ++length) {
    ByteReader cut(std::string_view(bytes).substr(0, length));
    ASSERT_EQ(LogHistogram::Parse(cut, 200).status().code(), absl::StatusCode::kDataLoss) << length;
  }
}

}  // namespace
}  // namespace roost::profile
