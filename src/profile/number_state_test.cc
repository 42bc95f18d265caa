#include "profile/number_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "profile/testing.h"

namespace roost::profile {
namespace {

template <typename T>
NumberState StateOf(const std::vector<T>& values, const char* format, const std::vector<bool>& valid = {}) {
  const TestColumn column("x", format, values, valid);
  NumberState state(NumberState::KindOf(column.View().type()));
  state.Add(column.View());
  return state;
}

// Uniform between 0 and 1, in a sequence that scipy's figures below were computed from.
std::vector<double> Uniform(int count) {
  std::vector<double> values(count);
  uint64_t bits = 12'345;
  for (double& value : values) {
    bits = bits * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    value = static_cast<double>(bits >> 11) / 0x1p53;
  }
  return values;
}

template <typename Value>
std::vector<Value> Mapped(const std::vector<double>& uniform, Value (*map)(double)) {
  std::vector<Value> values;
  for (const double value : uniform) values.push_back(map(value));
  return values;
}

std::vector<double> Normal(double mean, double deviation) {
  const std::vector<double> uniform = Uniform(20'000);
  std::vector<double> values(10'000);
  for (size_t i = 0; i < values.size(); ++i) {
    const double angle = 2 * std::acos(-1.0) * uniform[10'000 + i];
    values[i] = mean + deviation * std::sqrt(-2 * std::log1p(-uniform[i])) * std::cos(angle);
  }
  return values;
}

void ExpectShape(const NumberState& state, double skewness, double kurtosis, double tolerance) {
  const NumberSummary summary = state.Summarize();
  ASSERT_TRUE(summary.skewness && summary.kurtosis);
  EXPECT_NEAR(*summary.skewness, skewness, tolerance);
  EXPECT_NEAR(*summary.kurtosis, kurtosis, tolerance);
}

TEST(NumberState, SkewnessAndKurtosisOfExactBucketsAreThoseOfScipy) {
  ExpectShape(StateOf<int64_t>({1, 2, 3, 4, 10}, "l"), 1.1384199576606167, -0.212, 1e-12);
  ExpectShape(StateOf<int32_t>({-5, 0, 0, 7, 7, 7, 1'000}, "i"), 2.0405904964632717, 2.16525252548428, 1e-12);
  ExpectShape(
      StateOf(Mapped<int32_t>(Uniform(20'000), [](double u) { return static_cast<int32_t>(u * u * 900); }), "i"),
      0.6283494784427247, -0.8773350970986673, 1e-9);
  // Days, as instants.
  ExpectShape(StateOf<int32_t>({1, 2, 3, 4, 10}, "tdD"), 1.1384199576606167, -0.212, 1e-12);
}

TEST(NumberState, SkewnessAndKurtosisAreNearThoseOfScipy) {
  ExpectShape(StateOf(Uniform(20'000), "g"), -0.008442288450622453, -1.1992866585862374, 0.002);
  ExpectShape(StateOf(Mapped<double>(Uniform(20'000), [](double u) { return -std::log1p(-u); }), "g"),
              1.972393052111851, 5.9194787664509025, 0.01);
  ExpectShape(StateOf(Normal(100, 30), "g"), -0.024720142847067354, 0.06281442794918446, 0.002);
  ExpectShape(
      StateOf(Mapped<int32_t>(Uniform(20'000), [](double u) { return static_cast<int32_t>(u * u * 1e6) - 300'000; }),
              "i"),
      0.6282789312547914, -0.877432329214844, 0.002);
  ExpectShape(
      StateOf(Mapped<double>(Uniform(20'000), [](double u) { return (u < .5 ? -1 : 1) * std::exp(12 * (u - .5)); }),
              "g"),
      2.8140400360292226, 7.616529185396487, 0.02);
}

TEST(NumberState, SpreadsThatTheBucketsDoNotShowHaveNoSkewness) {
  for (const NumberState& state :
       {StateOf<double>({5, 5, 5}, "g"), StateOf(Normal(1e6, 100), "g"), StateOf<double>({1e6, 1e6 + 1}, "g"),
        StateOf<double>({1e300, -1e300, 1e-300}, "g")}) {
    const NumberSummary summary = state.Summarize();
    EXPECT_TRUE(!summary.skewness || std::abs(*summary.skewness) < 1e-9) << *summary.skewness;
  }
  EXPECT_FALSE(StateOf<double>({5, 5, 5}, "g").Summarize().skewness);
  EXPECT_FALSE(StateOf(Normal(1e6, 100), "g").Summarize().kurtosis);
}

// All values in a random order, a few at a time.
template <typename T>
std::string InPieces(std::vector<T> values, const char* format, std::mt19937_64& random) {
  std::shuffle(values.begin(), values.end(), random);
  NumberState state = StateOf<T>({}, format);
  for (size_t start = 0; start < values.size();) {
    const size_t size = std::min<size_t>(values.size() - start, 1 + random() % 40);
    state.Merge(StateOf(std::vector<T>(values.begin() + start, values.begin() + start + size), format));
    start += size;
  }
  return BytesOf(state);
}

template <typename T>
class SmallRanges : public ::testing::Test {};
using IntegerTypes = ::testing::Types<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(SmallRanges, IntegerTypes);

TYPED_TEST(SmallRanges, AreCountedAsAnyOtherIntegers) {
  using Limits = std::numeric_limits<TypeParam>;
  const std::string formats = Limits::is_signed ? "csil" : "CSIL";
  const std::string format(1, formats[sizeof(TypeParam) == 1   ? 0
                                      : sizeof(TypeParam) == 2 ? 1
                                      : sizeof(TypeParam) == 4 ? 2
                                                               : 3]);
  std::mt19937_64 random(1);
  for (const TypeParam least : {Limits::min(), TypeParam{0}, static_cast<TypeParam>(Limits::max() - 100),
                                static_cast<TypeParam>(Limits::max() / 3 * 2)}) {
    for (const uint64_t range : {1, 2, 7, 100}) {
      std::vector<TypeParam> values(1'001);
      for (TypeParam& value : values) value = static_cast<TypeParam>(least + static_cast<TypeParam>(random() % range));
      ASSERT_EQ(BytesOf(StateOf(values, format.c_str())), InPieces(values, format.c_str(), random)) << +least << range;
    }
  }
}

TEST(NumberState, BlocksOfEveryRangeGiveTheSameBytesAsPieces) {
  std::mt19937_64 random(2);
  for (const int64_t base : {int64_t{0}, int64_t{-3'000}, int64_t{1} << 49, -(int64_t{1} << 50), int64_t{1} << 61}) {
    for (const uint64_t range : {10, 4'000, 8'192, 8'193, 100'000}) {
      std::vector<int64_t> values(6'000);
      for (int64_t& value : values) value = base + static_cast<int64_t>(random() % range);
      ASSERT_EQ(BytesOf(StateOf(values, "l")), InPieces(values, "l", random)) << base << " + " << range;
    }
  }
}

TEST(NumberState, NullsAreLeftOutInEveryKindOfBlock) {
  std::mt19937_64 random(3);
  std::vector<bool> valid(10'000);
  std::vector<int32_t> integers, kept_integers;
  std::vector<double> doubles, kept_doubles;
  for (size_t i = 0; i < valid.size(); ++i) {
    valid[i] = random() % 3 != 0;
    integers.push_back(static_cast<int32_t>(random() % 5'000));
    doubles.push_back(random() % 50 == 0 ? std::numeric_limits<double>::infinity()
                                         : std::sqrt(static_cast<double>(random())));
    if (!valid[i]) continue;
    kept_integers.push_back(integers.back());
    kept_doubles.push_back(doubles.back());
  }
  EXPECT_EQ(BytesOf(StateOf(integers, "i", valid)), BytesOf(StateOf(kept_integers, "i")));
  EXPECT_EQ(BytesOf(StateOf(doubles, "g", valid)), BytesOf(StateOf(kept_doubles, "g")));
  EXPECT_EQ(BytesOf(StateOf(integers, "tdD", valid)), BytesOf(StateOf(kept_integers, "tdD")));
}

TEST(NumberState, PercentilesOfIntegersAreWholeNumbersAtEveryLevel) {
  // Both signs and 40 exponents: buckets of level 1 and more.
  std::mt19937_64 random(4);
  std::vector<int64_t> values(50'000);
  for (int64_t& value : values) value = static_cast<int64_t>(random()) >> (24 + random() % 40);
  const std::vector<double> percentiles = StateOf(values, "l").Summarize().percentiles;
  std::sort(values.begin(), values.end());
  for (int percent = 0; percent <= 100; ++percent) {
    EXPECT_EQ(percentiles[percent], std::trunc(percentiles[percent]));
    const auto exact = static_cast<double>(values[std::max(percent * 500 - 1, 0)]);
    EXPECT_NEAR(percentiles[percent], exact, std::max(std::abs(exact) * 0.004, 0.5)) << percent;
  }
}

}  // namespace
}  // namespace roost::profile
