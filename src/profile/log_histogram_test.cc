#include "profile/log_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
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

// Values of both signs that have `exponents` different exponents.
std::vector<double> SpreadValues(int count, int exponents, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> values(count);
  for (double& value : values) {
    const double mantissa = 1 + static_cast<double>(random() >> 12) / 0x1p52;
    value =
        std::ldexp(random() % 2 == 0 ? mantissa : -mantissa, static_cast<int>(random() % exponents) - exponents / 2);
  }
  return values;
}

// 0.2 % at the levels 0 and 1, then twice as much at each further one.
double RelativeError(int level) { return std::ldexp(1.0, std::max(level, 1) - 10); }

TEST(LogHistogram, PercentilesAreWithinWhatTheirLevelPromises) {
  for (const int exponents : {1, 11, 12, 23, 24, 40, 90, 180, 360, 700, 1'400, 2'000}) {
    std::vector<double> values = SpreadValues(10'000, exponents, /*seed=*/1);
    const LogHistogram histogram = HistogramOf(values);
    std::sort(values.begin(), values.end());
    const std::vector<double> percentiles = PercentilesOf(histogram.Buckets(), values.front(), values.back());
    EXPECT_EQ(percentiles.front(), values.front());
    EXPECT_EQ(percentiles.back(), values.back());
    for (int percent = 1; percent < 100; ++percent) {
      const double exact = values[percent * 100 - 1];
      const double most = std::fabs(exact) * RelativeError(histogram.level());
      ASSERT_NEAR(percentiles[percent], exact, histogram.level() == 0 ? 2 * most : most)
          << exponents << ", " << percent;
    }
  }
}

TEST(LogHistogram, TheLevelFollowsFromThePagesInUse) {
  const auto level_of = [](int pages) {
    LogHistogram histogram;
    for (int page = 0; page < pages; ++page) {
      const double value = std::ldexp(page % 2 == 0 ? 1 : -1, page / 2 - 1'000);
      histogram.Add({&value, 1});
    }
    EXPECT_EQ(histogram.size(), pages);
    return histogram.level();
  };
  EXPECT_EQ(level_of(23), 0);
  EXPECT_EQ(level_of(24), 1);
  EXPECT_EQ(level_of(46), 1);
  EXPECT_EQ(level_of(47), 2);
  EXPECT_EQ(level_of(1'472), 6);
  EXPECT_EQ(level_of(1'473), 7);
}

TEST(LogHistogram, EveryDoubleHasABucket) {
  LogHistogram histogram;
  std::mt19937_64 random(7);
  int64_t count = 0;
  for (uint64_t page = 0; page < 4'096; ++page) {
    const double value = std::bit_cast<double>((page << 52) | (random() >> 12));
    if (!std::isfinite(value)) continue;
    histogram.Add({&value, 1});
    ++count;
  }
  EXPECT_EQ(histogram.level(), LogHistogram::kMaxLevel);
  int64_t total = 0;
  for (const Bucket& bucket : histogram.Buckets()) {
    EXPECT_LE(bucket.low, bucket.point);
    EXPECT_GE(bucket.high, bucket.point);
    EXPECT_TRUE(std::isfinite(bucket.low) && std::isfinite(bucket.high));
    total += bucket.count;
  }
  EXPECT_EQ(total, count);
}

TEST(LogHistogram, WholeNumbersToOneThousandAndTwentyFourAreExact) {
  std::vector<double> values;
  for (int value = -1'024; value <= 1'024; ++value) values.push_back(value);
  const std::vector<Bucket> buckets = HistogramOf(values).Buckets();
  ASSERT_EQ(buckets.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(buckets[i].point, values[i]);
}

// All values, in shards that are merged in a random order.
LogHistogram InShards(std::span<const double> values, std::mt19937& random) {
  std::vector<LogHistogram> shards(1 + random() % 8);
  for (size_t start = 0; start < values.size();) {
    const size_t size = std::min<size_t>(values.size() - start, 1 + random() % (values.size() / 8));
    shards[random() % shards.size()].Add(values.subspan(start, size));
    start += size;
  }
  std::shuffle(shards.begin(), shards.end(), random);
  LogHistogram merged;
  for (const LogHistogram& shard : shards) merged.Merge(shard);
  return merged;
}

TEST(LogHistogram, AnySplitInAnyOrderGivesTheSameBytes) {
  std::mt19937 random(3);
  for (const int exponents : {8, 20, 40, 100, 400, 2'000}) {
    std::vector<double> values = SpreadValues(5'000, exponents, /*seed=*/2);
    const std::string whole = BytesOf(HistogramOf(values));
    for (int round = 0; round < 6; ++round) {
      std::shuffle(values.begin(), values.end(), random);
      ASSERT_EQ(BytesOf(InShards(values, random)), whole) << exponents;
    }
  }
}

TEST(LogHistogram, WiderCountersCountOn) {
  // Beyond 65,535 values counters take four bytes instead of two.
  std::mt19937 random(8);
  std::vector<double> values = LogNormalValues(70'000, /*seed=*/9);
  values.resize(140'000, 1.0);
  std::shuffle(values.begin(), values.end(), random);
  const LogHistogram whole = HistogramOf(values);
  EXPECT_EQ(whole.count(), 140'000);
  for (int round = 0; round < 4; ++round) ASSERT_EQ(BytesOf(InShards(values, random)), BytesOf(whole));
}

TEST(LogHistogram, CountsBeyondFourBytesAreExact) {
  const std::vector<double> values{3, 3, -1e-9, 1e20};
  const std::vector<uint32_t> counts{4'000'000'000, 4'000'000'000, 1, 3'000'000'000};
  LogHistogram histogram;
  std::vector<double> many;
  for (int round = 0; round < 5; ++round) {
    histogram.Add(values, counts);
    many = LogNormalValues(1'000, /*seed=*/10);
    for (double& value : many) value = std::fabs(value);
    histogram.Add(many);
    histogram.Add(std::vector<double>(10, 3.0));
    // Ever more pages, and so coarser levels.
    for (int exponent = 0; exponent < 12; ++exponent) {
      const double value = std::ldexp(-1.0, 100 + 12 * round + exponent);
      histogram.Add({&value, 1});
    }
  }
  LogHistogram twice = histogram;
  twice.Merge(histogram);
  EXPECT_GT(histogram.level(), 0);
  for (const Bucket& bucket : twice.Buckets()) {
    if (bucket.low <= 1e20 && bucket.high > 1e20) {
      EXPECT_EQ(bucket.count, 2 * 5 * int64_t{3'000'000'000});
    }
    if (bucket.low <= 3 && bucket.high > 3) {
      EXPECT_GE(bucket.count, 2 * 5 * int64_t{8'000'000'010});
      EXPECT_LE(bucket.count, 2 * 5 * int64_t{8'000'001'010});
    }
  }
  EXPECT_EQ(twice.count(), 2 * 5 * (int64_t{11'000'000'001} + 1'000 + 10 + 12));
  const std::string bytes = BytesOf(twice);
  ByteReader reader(bytes);
  EXPECT_EQ(BytesOf(*LogHistogram::Parse(reader, twice.count(), 2)), bytes);
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
  for (const int exponents : {5, 30, 2'000}) {
    const std::string bytes = BytesOf(HistogramOf(SpreadValues(200, exponents, /*seed=*/5)));
    ByteReader whole(bytes);
    EXPECT_EQ(BytesOf(*LogHistogram::Parse(whole, 200, 2)), bytes);
    ByteReader too_many(bytes);
    EXPECT_EQ(LogHistogram::Parse(too_many, 199, 2).status().code(), absl::StatusCode::kDataLoss);
    for (size_t length = 0; length < bytes.size(); ++length) {
      ByteReader cut(std::string_view(bytes).substr(0, length));
      ASSERT_EQ(LogHistogram::Parse(cut, 200, 2).status().code(), absl::StatusCode::kDataLoss) << length;
    }
  }
}

TEST(LogHistogram, ALevelThatThePagesDoNotAskForIsRefused) {
  std::string bytes = BytesOf(HistogramOf(std::vector{1.0, 2.0}));
  ASSERT_EQ(bytes[0], 0);
  bytes[0] = 1;
  ByteReader reader(bytes);
  EXPECT_EQ(LogHistogram::Parse(reader, 2, 2).status().code(), absl::StatusCode::kDataLoss);
}

// As version 1 of the format had it: every page at the finest level.
std::string BytesOfVersion1(std::span<const double> values) {
  std::map<int64_t, uint64_t> counts;
  for (const double value : values) {
    const auto magnitude = static_cast<int64_t>(std::bit_cast<uint64_t>(std::fabs(value)) >> 43);
    ++counts[std::signbit(value) && value != 0 ? -1 - magnitude : magnitude];
  }
  std::string bytes;
  AppendVarint(bytes, counts.size());
  int64_t last = -(int64_t{2'047} << 9) - 1;
  for (const auto& [key, count] : counts) {
    AppendVarint(bytes, static_cast<uint64_t>(key - last - 1));
    AppendVarint(bytes, count);
    last = key;
  }
  return bytes;
}

TEST(LogHistogram, WhatVersion1WroteBecomesTheSameState) {
  for (const int exponents : {5, 40, 300, 2'000}) {
    std::vector<double> values = SpreadValues(3'000, exponents, /*seed=*/11);
    for (const double value : {0.0, -0.0, 5e-324, -5e-324}) values.push_back(value);
    const std::string old = BytesOfVersion1(values);
    ByteReader reader(old);
    const auto parsed = LogHistogram::Parse(reader, 3'004, /*version=*/1);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(BytesOf(*parsed), BytesOf(HistogramOf(values)));
  }
}

}  // namespace
}  // namespace roost::profile
