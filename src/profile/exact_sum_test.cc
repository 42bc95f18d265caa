#include "profile/exact_sum.h"

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

template <typename Value>
Moments MomentsOfAll(const std::vector<Value>& values) {
  if constexpr (std::is_same_v<Value, double>) {
    FloatSums sums;
    sums.Add(values);
    return sums.MomentsOf(static_cast<int64_t>(values.size()));
  } else {
    IntegerSums sums;
    sums.Add(std::span<const Value>(values));
    return sums.MomentsOf(static_cast<int64_t>(values.size()), /*unit=*/1);
  }
}

double SumOf(const std::vector<double>& values) {
  FloatSums sums;
  sums.Add(values);
  return sums.Sum();
}

// Signs and all magnitudes, subnormal ones among them; no infinities or NaN.
std::vector<double> WildValues(int count, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> values;
  while (static_cast<int>(values.size()) < count) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value)) values.push_back(value);
    if (random() % 4 == 0) values.push_back(std::bit_cast<double>(random() >> 12));
  }
  return values;
}

TEST(FloatSums, CancelledMagnitudesLoseNothing) {
  EXPECT_EQ(SumOf({1e300, 1, -1e300}), 1);
  EXPECT_EQ(SumOf({1e300, 5e-324, -1e300}), 5e-324);
  EXPECT_EQ(SumOf({1, 1e-20, -1}), 1e-20);
  EXPECT_EQ(SumOf({}), 0);
}

TEST(FloatSums, ASumBeyondTheDoublesIsAnInfinityOnlyAtTheEnd) {
  const double greatest = std::numeric_limits<double>::max();
  EXPECT_EQ(SumOf({greatest, greatest, -greatest}), greatest);
  EXPECT_EQ(SumOf({greatest, greatest}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(MomentsOfAll<double>({greatest, greatest}).mean, greatest);
}

TEST(FloatSums, TiesGoToTheEvenNeighbour) {
  const double ulp = std::ldexp(1.0, -52);
  EXPECT_EQ(SumOf({1, ulp / 2}), 1);
  EXPECT_EQ(SumOf({1 + ulp, ulp / 2}), 1 + 2 * ulp);
  EXPECT_EQ(SumOf({1, ulp / 2, 5e-324}), 1 + ulp);
}

TEST(FloatSums, AnySplitInAnyOrderGivesTheSameBytes) {
  std::vector<double> values = WildValues(3'000, /*seed=*/1);
  for (const double value : {1e300, -1e300, 1.0, 5e-324, 0.0}) values.push_back(value);
  FloatSums whole;
  whole.Add(values);
  std::mt19937 random(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<FloatSums> shards(1 + random() % 8);
    for (const double value : values) shards[random() % shards.size()].Add({&value, 1});
    std::shuffle(shards.begin(), shards.end(), random);
    FloatSums merged;
    for (const FloatSums& shard : shards) merged.Merge(shard);
    ASSERT_EQ(BytesOf(merged), BytesOf(whole));
  }
}

TEST(FloatSums, SumsOfIntegersInDoublesAreThoseOfIntegers) {
  std::mt19937_64 random(3);
  std::vector<double> doubles;
  std::vector<int64_t> integers;
  for (int i = 0; i < 5'000; ++i) {
    integers.push_back(static_cast<int64_t>(random()) >> (11 + random() % 50));
    doubles.push_back(static_cast<double>(integers.back()));
  }
  const Moments of_doubles = MomentsOfAll(doubles);
  const Moments of_integers = MomentsOfAll(integers);
  EXPECT_EQ(of_doubles.mean, of_integers.mean);
  EXPECT_EQ(of_doubles.standard_deviation, of_integers.standard_deviation);
}

TEST(FloatSums, MomentsAgreeWithLongDoubles) {
  std::mt19937 random(4);
  std::normal_distribution<double> distribution(1e3, 2.5);
  std::vector<double> values(10'000);
  long double sum = 0;
  for (double& value : values) sum += value = distribution(random);
  const long double mean = sum / values.size();
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const Moments moments = MomentsOfAll(values);
  EXPECT_DOUBLE_EQ(moments.mean, static_cast<double>(mean));
  EXPECT_NEAR(moments.standard_deviation, static_cast<double>(std::sqrt(squares / values.size())), 1e-14);
}

TEST(FloatSums, EqualValuesDeviateByNothing) {
  for (const double value : {0.1, 1e300, 5e-324, -7.0}) {
    const Moments moments = MomentsOfAll(std::vector<double>(1'000, value));
    EXPECT_EQ(moments.mean, value);
    EXPECT_EQ(moments.standard_deviation, 0);
  }
}

TEST(FloatSums, DeviationsAreExactAtTheEndsOfTheDoubles) {
  EXPECT_EQ(MomentsOfAll<double>({1e308, -1e308}).standard_deviation, 1e308);
  EXPECT_EQ(MomentsOfAll<double>({1e-320, -1e-320}).standard_deviation, 1e-320);
  EXPECT_EQ(MomentsOfAll<double>({1, 3}).standard_deviation, 1);
  EXPECT_EQ(MomentsOfAll<double>({2, 4, 4, 4, 5, 5, 7, 9}).standard_deviation, 2);
}

TEST(IntegerSums, TheEndsOfBothKindsOfIntegersDoNotOverflow) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  const std::vector<int64_t> ends{least, std::numeric_limits<int64_t>::max()};
  EXPECT_EQ(MomentsOfAll(ends).mean, -0.5);
  EXPECT_EQ(MomentsOfAll(std::vector<int64_t>(5'000, least)).mean, static_cast<double>(least));
  EXPECT_EQ(MomentsOfAll(std::vector<int64_t>(5'000, least)).standard_deviation, 0);
  const uint64_t greatest = std::numeric_limits<uint64_t>::max();
  const Moments moments = MomentsOfAll(std::vector<uint64_t>{0, greatest});
  EXPECT_EQ(moments.mean, std::ldexp(1.0, 63));
  EXPECT_EQ(moments.standard_deviation, std::ldexp(1.0, 63));
}

TEST(IntegerSums, ThirdsAreRoundedOnce) {
  EXPECT_EQ(MomentsOfAll(std::vector<int64_t>{0, 0, 1}).mean, 1.0 / 3);
  EXPECT_EQ(MomentsOfAll(std::vector<int64_t>{0, 0, -2}).mean, -2.0 / 3);
}

TEST(FloatSums, WhatWasWrittenIsReadBackAndACutIsRefused) {
  FloatSums sums;
  sums.Add(WildValues(50, /*seed=*/5));
  const std::string bytes = BytesOf(sums);
  ByteReader whole(bytes);
  EXPECT_EQ(BytesOf(*FloatSums::Parse(whole, 2)), bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    ByteReader cut(std::string_view(bytes).substr(0, length));
    ASSERT_EQ(FloatSums::Parse(cut, 2).status().code(), absl::StatusCode::kDataLoss);
  }
}

// As version 1 of the format had them: for each exponent the sum of the mantissas and of their squares.
std::string BytesOfVersion1(std::span<const double> values) {
  struct Cell {
    UInt128 mantissas = 0;
    SquareSum squares;
  };
  std::map<uint16_t, Cell> cells;
  for (const double value : values) {
    const auto bits = std::bit_cast<uint64_t>(value);
    const auto exponent = static_cast<uint16_t>((bits >> 52) & 0x7ff);
    const uint64_t mantissa = (bits & ((uint64_t{1} << 52) - 1)) | (exponent == 0 ? 0 : uint64_t{1} << 52);
    if (mantissa == 0) continue;
    Cell& cell = cells[exponent];
    cell.mantissas += value < 0 ? -UInt128{mantissa} : UInt128{mantissa};
    cell.squares.Add(UInt128{mantissa} * mantissa);
  }
  std::string bytes;
  AppendVarint(bytes, cells.size());
  for (const auto& [exponent, cell] : cells) {
    AppendFixed(bytes, exponent);
    AppendFixed(bytes, static_cast<uint64_t>(cell.mantissas));
    AppendFixed(bytes, static_cast<uint64_t>(cell.mantissas >> 64));
    for (const uint64_t limb : cell.squares.limbs) AppendFixed(bytes, limb);
  }
  return bytes;
}

TEST(FloatSums, WhatVersion1WroteBecomesTheSameState) {
  const std::vector<double> values = WildValues(2'000, /*seed=*/6);
  const std::string old = BytesOfVersion1(values);
  ByteReader reader(old);
  const auto parsed = FloatSums::Parse(reader, /*version=*/1);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  FloatSums sums;
  sums.Add(values);
  EXPECT_EQ(BytesOf(*parsed), BytesOf(sums));
}

TEST(FloatSums, BlocksOfValuesNearEachOtherAndOfOthersSumUpAlike) {
  // All signs, with zeros, subnormals and some values that are far below the others.
  std::mt19937_64 random(7);
  for (const int spread : {1, 5, 11, 12, 13, 30, 300}) {
    std::vector<double> values;
    for (int i = 0; i < 3'000; ++i) {
      const double value =
          std::ldexp(static_cast<double>(static_cast<int64_t>(random())), -static_cast<int>(random() % spread));
      values.push_back(random() % 9 == 0 ? 0.0 : random() % 500 == 0 ? value * 0x1p-1060 : value);
    }
    FloatSums at_once;
    at_once.Add(values);
    FloatSums one_by_one;
    for (const double value : values) one_by_one.Add({&value, 1});
    ASSERT_EQ(BytesOf(at_once), BytesOf(one_by_one)) << spread;
  }
}

TEST(FloatSums, WrongNumbersAreRefused) {
  const auto parse = [](std::initializer_list<uint64_t> magnitude, std::initializer_list<uint64_t> squares,
                        uint8_t sign) {
    std::string bytes;
    AppendFixed(bytes, sign);
    for (const auto& limbs : {magnitude, squares}) {
      AppendVarint(bytes, 0);
      AppendVarint(bytes, limbs.size());
      for (const uint64_t limb : limbs) AppendFixed(bytes, limb);
    }
    ByteReader reader(bytes);
    return FloatSums::Parse(reader, 2).status().code();
  };
  EXPECT_EQ(parse({1}, {1}, 1), absl::StatusCode::kOk);
  EXPECT_EQ(parse({}, {}, 0), absl::StatusCode::kOk);
  EXPECT_EQ(parse({}, {1}, 1), absl::StatusCode::kDataLoss);      // minus zero
  EXPECT_EQ(parse({1}, {}, 0), absl::StatusCode::kDataLoss);      // a sum without squares
  EXPECT_EQ(parse({1, 0}, {1}, 0), absl::StatusCode::kDataLoss);  // zeros above
  EXPECT_EQ(parse({0, 1}, {1}, 0), absl::StatusCode::kDataLoss);  // zeros below
  EXPECT_EQ(parse({1}, {1}, 2), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace roost::profile
