#include "profile/weight_state.h"

#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/profile.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;
using ::testing::HasSubstr;

ProfileSummary Weighted(const OwnedBatch& batch) {
  Profile profile({.weight_column = "weight"});
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  return profile.Summarize();
}

TEST(Weights, OfWholeNumbersAreAsIfRowsWereThereSoOften) {
  const OwnedBatch batch = BatchBuilder()
                               .Numbers("weight", {1, 3, 2, 4})
                               .Numbers("x", {10, 20, std::nullopt, 30})
                               .Texts("t", {"a", "b", "b", std::nullopt})
                               .Build();
  const ProfileSummary summary = Weighted(batch);
  EXPECT_EQ(*summary.weight, 10);
  const WeightedSummary& x = *summary.Find("x")->weighted;
  EXPECT_EQ(x.present, 8);
  EXPECT_EQ(x.missing, 2);
  // 10, 20, 20, 20, 30, 30, 30, 30
  EXPECT_DOUBLE_EQ(*x.mean, 23.75);
  EXPECT_NEAR(*x.standard_deviation, 6.959705453537527, 1e-12);
  EXPECT_NEAR(x.percentiles[50], 20, 0.05);
  EXPECT_EQ(x.percentiles[100], 30);
  double bars = 0;
  for (const auto& bar : x.histogram) bars += bar.weight;
  EXPECT_EQ(bars, 8);
  const WeightedSummary& t = *summary.Find("t")->weighted;
  ASSERT_EQ(t.top.size(), 2u);
  EXPECT_EQ(t.top[0].value, "b");
  EXPECT_EQ(t.top[0].weight, 5);
}

TEST(Weights, ThatAreNullNegativeOrNotFiniteCountForNothing) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const OwnedBatch batch =
      BatchBuilder().Numbers("weight", {std::nullopt, -1, kNaN, 0.5, 1e300}).Numbers("x", {1, 2, 3, 4, 4}).Build();
  const ProfileSummary summary = Weighted(batch);
  EXPECT_EQ(*summary.weight, 0.5 + (1 << 20));
  EXPECT_EQ(*summary.Find("x")->weighted->mean, 4);
}

TEST(Weights, AnySplitInAnyOrderGivesTheSameBytes) {
  std::mt19937 random(7);
  struct Row {
    double weight, x;
    std::string t;
  };
  std::vector<Row> rows(3'000);
  for (Row& row : rows) {
    row = {static_cast<double>(random() % 1000) / 7,
           std::ldexp(static_cast<double>(random()) - 2e9, random() % 80 - 40), std::to_string(random() % 100)};
  }
  const auto profile_of = [&](size_t begin, size_t end) {
    std::vector<std::optional<double>> weights, xs;
    std::vector<std::optional<std::string>> texts;
    for (size_t i = begin; i < end; ++i) {
      weights.emplace_back(rows[i].weight);
      xs.emplace_back(rows[i].x);
      texts.emplace_back(rows[i].t);
    }
    const OwnedBatch batch = BatchBuilder().Numbers("weight", weights).Numbers("x", xs).Texts("t", texts).Build();
    Profile profile({.weight_column = "weight"});
    EXPECT_TRUE(profile.Add(batch.view()).ok());
    profile.ForgetOrder();
    return profile;
  };
  const std::string whole = profile_of(0, rows.size()).Serialize();
  for (int round = 0; round < 5; ++round) {
    std::shuffle(rows.begin(), rows.end(), random);
    Profile parts({.weight_column = "weight"});
    for (size_t begin = 0; begin < rows.size();) {
      const size_t end = std::min(rows.size(), begin + 1 + random() % 700);
      ASSERT_TRUE(parts.Merge(profile_of(begin, end)).ok());
      begin = end;
    }
    ASSERT_TRUE(parts.Serialize() == whole) << round;
  }
  const auto parsed = Profile::Parse(whole);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->Serialize() == whole);
}

TEST(Weights, OfManyValuesKeepToTheirMemoryAndTheirPlaces) {
  WeightedBuckets buckets;
  std::mt19937_64 random(9);
  int64_t total = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double value =
        std::ldexp(1 + static_cast<double>(random() % 1000) / 1000, static_cast<int>(random() % 600) - 300);
    buckets.Add(random() % 2 == 0 ? value : -value, 1 + i % 3);
    total += 1 + i % 3;
  }
  const std::vector<Bucket> all = buckets.Buckets();
  EXPECT_LE(all.size(), WeightedBuckets::kMaxBuckets);
  int64_t sum = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_LE(all[i].low, all[i].high);
    if (i > 0) {
      EXPECT_LT(all[i - 1].high, all[i].low);
    }
    sum += all[i].count;
  }
  EXPECT_EQ(sum, total);
}

TEST(Weights, BucketsOfWholeNumbersStandAtThemBelowZeroToo) {
  WeightedBuckets buckets;
  for (const double value : {-1000.0, -3.0, 0.0, 3.0, 1000.0}) buckets.Add(value, 1);
  std::vector<double> points;
  for (const Bucket& bucket : buckets.Buckets()) points.push_back(bucket.point);
  EXPECT_THAT(points, ::testing::ElementsAre(-1000, -3, 0, 3, 1000));
}

TEST(Weights, BucketsThatDoNotSumUpOrAreOutOfOrderAreDamage) {
  WeightedBuckets buckets;
  buckets.Add(1, 5);
  buckets.Add(2, 7);
  std::string bytes;
  buckets.Serialize(bytes);
  const auto parse = [](std::string_view text, int64_t total) {
    ByteReader reader(text);
    return WeightedBuckets::Parse(reader, total).status();
  };
  EXPECT_TRUE(parse(bytes, 12).ok());
  EXPECT_EQ(parse(bytes, 11).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(parse(bytes, 13).code(), absl::StatusCode::kDataLoss);
  // Level, size, then the two buckets, each of a key of as many bytes as the other and one byte of units.
  const size_t half = (bytes.size() - 2) / 2;
  const std::string turned = bytes.substr(0, 2) + bytes.substr(2 + half) + bytes.substr(2, half);
  EXPECT_EQ(parse(turned, 12).code(), absl::StatusCode::kDataLoss);
}

TEST(Weights, BeyondTheirLimitAreRefusedAndLeaveTheProfileAsItWas) {
  const OwnedBatch great = BatchBuilder().Numbers("weight", std::vector<std::optional<double>>(1'000, 1e300)).Build();
  Profile profile({.weight_column = "weight"});
  int added = 0;
  absl::Status status;
  while (added < 100'000 && (status = profile.Add(great.view())).ok()) ++added;
  ASSERT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
  const std::string before = profile.Serialize();
  EXPECT_EQ(profile.Add(great.view()).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(profile.Serialize() == before);
  Profile other = profile;
  EXPECT_EQ(other.Merge(profile).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(other.Serialize() == before);
}

TEST(Weights, AreColumnsOfNumbers) {
  Profile profile({.weight_column = "weight"});
  const OwnedBatch text = BatchBuilder().Texts("weight", {"heavy"}).Build();
  EXPECT_THAT(std::string(profile.Add(text.view()).message()), HasSubstr("column 'weight' is string"));
  Profile other({.weight_column = "weight"});
  const OwnedBatch none = BatchBuilder().Numbers("x", {1}).Build();
  EXPECT_EQ(other.Add(none.view()).code(), absl::StatusCode::kNotFound);
  const OwnedBatch number = BatchBuilder().Numbers("weight", {1}).Build();
  Profile weighted({.weight_column = "weight"});
  ASSERT_TRUE(weighted.Add(number.view()).ok());
  Profile plain;
  ASSERT_TRUE(plain.Add(number.view()).ok());
  EXPECT_THAT(std::string(weighted.Merge(plain).message()), HasSubstr("weights"));
}

}  // namespace
}  // namespace roost::profile
