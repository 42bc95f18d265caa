#include "profile/distance.h"

#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/cells.h"
#include "profile/profile.h"

namespace roost::profile {
namespace {

using column::BatchBuilder;
using ::testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Distribution DistributionOf(BatchBuilder& builder) {
  const column::OwnedBatch batch = builder.Build();
  Profile profile;
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  return *profile.DistributionOf("x");
}

Distribution Numbers(const std::vector<std::optional<double>>& values) {
  BatchBuilder builder;
  return DistributionOf(builder.Numbers("x", values));
}

Distribution Times(const std::vector<std::optional<int64_t>>& micros) {
  BatchBuilder builder;
  return DistributionOf(builder.Times("x", micros));
}

Distribution Texts(const std::vector<ValueCount>& counts, int64_t missing = 0) {
  std::vector<std::optional<std::string>> values(missing);
  for (const ValueCount& count : counts) values.insert(values.end(), count.count, count.value);
  BatchBuilder builder;
  return DistributionOf(builder.Texts("x", values));
}

double ValueOf(const Comparison& comparison, Measure measure) {
  const Distance* distance = comparison.Find(measure);
  EXPECT_NE(distance, nullptr) << MeasureName(measure);
  return distance == nullptr ? kNaN : distance->value;
}

double PValueOf(const Comparison& comparison, Measure measure) {
  const Distance* distance = comparison.Find(measure);
  EXPECT_TRUE(distance != nullptr && distance->p_value.has_value()) << MeasureName(measure);
  return distance == nullptr ? kNaN : distance->p_value.value_or(kNaN);
}

std::vector<Measure> MeasuresOf(const Comparison& comparison) {
  std::vector<Measure> measures;
  for (const Distance& distance : comparison.distances) measures.push_back(distance.measure);
  return measures;
}

// now = [(31 * i * i + 7 * i) % 97 for i in range(500)]
Distribution OracleNow() {
  std::vector<std::optional<double>> values;
  for (int i = 0; i < 500; ++i) values.emplace_back((31 * i * i + 7 * i) % 97);
  return Numbers(values);
}

// base = [(17 * i * i + 3 * i) % 113 for i in range(800)]
Distribution OracleBaseline() {
  std::vector<std::optional<double>> values;
  for (int i = 0; i < 800; ++i) values.emplace_back((17 * i * i + 3 * i) % 113);
  return Numbers(values);
}

// The figures below, with SciPy 1.17.1 and NumPy:
//
// ks = stats.ks_2samp(now, base).statistic
// stats.kstwobign.sf(np.sqrt(500 * 800 / 1300) * ks)
// stats.wasserstein_distance(now, base) / base.std()
//
// def shares(values, edges):  # spread evenly within 10 bars
//     counts, own = np.histogram(values, 10)
//     below = np.interp(edges, own, np.concatenate([[0], np.cumsum(counts)]) / len(values), left=0, right=1)
//     return np.diff(below)
// edges = np.union1d(np.histogram(now, 10)[1], np.histogram(base, 10)[1])
// jensenshannon(shares(now, edges), shares(base, edges), 2) ** 2
//
// def cut(tenth):  # the least value below which there is at least that share
//     return min(v for v in np.unique(base) if np.sum(base < v) * 10 >= tenth * len(base))
// edges = [-np.inf] + [cut(tenth) for tenth in range(1, 10)] + [np.inf]
// p, q = (np.maximum(np.histogram(v, edges)[0] / len(v), 1e-4) for v in (now, base))
// np.sum((p - q) * np.log(p / q))
TEST(Compare, GivesTheFiguresOfSciPyForNumbers) {
  const Comparison comparison = Compare(OracleNow(), OracleBaseline());
  EXPECT_THAT(MeasuresOf(comparison), ElementsAre(Measure::kJensenShannon, Measure::kPopulationStability,
                                                  Measure::kWasserstein, Measure::kKolmogorovSmirnov));
  EXPECT_NEAR(ValueOf(comparison, Measure::kKolmogorovSmirnov), 0.17625, 1e-15);
  EXPECT_NEAR(PValueOf(comparison, Measure::kKolmogorovSmirnov) / 9.9748493874578e-09, 1, 1e-9);
  EXPECT_NEAR(ValueOf(comparison, Measure::kWasserstein), 0.1579795344758709, 1e-13);
  EXPECT_NEAR(ValueOf(comparison, Measure::kJensenShannon), 0.12048968546565123, 1e-13);
  EXPECT_NEAR(ValueOf(comparison, Measure::kPopulationStability), 0.8690496120617066, 1e-13);
}

// a = {"air": 120, "bus": 340, "car": 45, "train": 95}
// b = {"air": 100, "bus": 300, "car": 70, "boat": 30}
// x, y their counts over the values of both, p, q their shares; with SciPy 1.17.1:
// np.abs(p - q).max(); np.abs(x - y).max() / (x + y).sum(); jensenshannon(p, q, 2) ** 2
// f, g = np.maximum(p, 1e-4), np.maximum(q, 1e-4); np.sum((f - g) * np.log(f / g))
// stats.chi2_contingency([x, y], correction=False).pvalue; stats.contingency.association([x, y], method="cramer")
TEST(Compare, GivesTheFiguresOfSciPyForTexts) {
  const Comparison comparison = Compare(Texts({{"air", 120}, {"bus", 340}, {"car", 45}, {"train", 95}}),
                                        Texts({{"air", 100}, {"bus", 300}, {"car", 70}, {"boat", 30}}));
  EXPECT_THAT(MeasuresOf(comparison),
              ElementsAre(Measure::kLInfinity, Measure::kJensenShannon, Measure::kNormalizedAbsoluteDifference,
                          Measure::kPopulationStability, Measure::kChiSquare));
  EXPECT_NEAR(ValueOf(comparison, Measure::kLInfinity), 0.15833333333333333, 1e-15);
  EXPECT_NEAR(ValueOf(comparison, Measure::kNormalizedAbsoluteDifference), 0.08636363636363636, 1e-15);
  EXPECT_NEAR(ValueOf(comparison, Measure::kJensenShannon), 0.11670999298460234, 1e-14);
  EXPECT_NEAR(ValueOf(comparison, Measure::kPopulationStability), 1.5914018727947787, 1e-13);
  EXPECT_NEAR(ValueOf(comparison, Measure::kChiSquare), 0.33939684351994837, 1e-14);
  EXPECT_NEAR(PValueOf(comparison, Measure::kChiSquare) / 1.9679680666615847e-26, 1, 1e-9);
}

// TFDV's own example: 2 rows in [1, 2) and 2 in [2, 3) against 2 in [2, 4) and 2 in [4, 6).
TEST(JensenShannon, GivesTheFigureOfTfdv) {
  const std::vector<CellMass> cells{
      {.now = 2, .baseline = 0}, {.now = 2, .baseline = 1}, {.now = 0, .baseline = 1}, {.now = 0, .baseline = 2}};
  EXPECT_NEAR(JensenShannon(cells), 0.65563906222, 1e-10);
}

// By hand: 0..9 once each against 10..19, then against 4.5..13.5: ten bars each of 0.9.
TEST(Compare, TakesTheHistogramsOfBothSidesAsTheyAre) {
  std::vector<std::optional<double>> low, shifted, high;
  for (int i = 0; i < 10; ++i) {
    low.emplace_back(i);
    shifted.emplace_back(i + 4.5);
    high.emplace_back(i + 10);
  }
  EXPECT_EQ(ValueOf(Compare(Numbers(low), Numbers(high)), Measure::kJensenShannon), 1);
  // 4.5 is the beginning of the sixth bar: half the mass of each side is alone, the other half equal.
  EXPECT_NEAR(ValueOf(Compare(Numbers(low), Numbers(shifted)), Measure::kJensenShannon), 0.5, 1e-14);
}

// TFDV keeps bars without width as points of their own: a constant meets only the same constant.
TEST(Compare, LetsAConstantMeetOnlyItself) {
  std::vector<std::optional<double>> spread;
  for (int i = 0; i < 100; ++i) spread.emplace_back(i);
  const Distribution five = Numbers({5, 5, 5});
  EXPECT_EQ(ValueOf(Compare(five, five), Measure::kJensenShannon), 0);
  EXPECT_EQ(ValueOf(Compare(five, Numbers({6, 6})), Measure::kJensenShannon), 1);
  EXPECT_EQ(ValueOf(Compare(five, Numbers(spread)), Measure::kJensenShannon), 1);
}

// TFDV: NaN and infinities are in buckets that do not match. By hand: shares (1/2, 1/2, 0) and (1/2, 0, 1/2).
TEST(Compare, NeverMatchesNaNOrInfinityInJensenShannon) {
  const Distribution nan = Numbers({1, kNaN});
  const Distribution infinite = Numbers({1, kInfinity});
  EXPECT_NEAR(ValueOf(Compare(nan, nan), Measure::kJensenShannon), 0.5, 1e-15);
  EXPECT_NEAR(ValueOf(Compare(infinite, infinite), Measure::kJensenShannon), 0.5, 1e-15);
  EXPECT_NEAR(ValueOf(Compare(Numbers({1, -kInfinity}), infinite), Measure::kJensenShannon), 0.5, 1e-15);
  // (3/4, 1/4) against (1, 0) as in TFDV's tests: 0.25 log2(2) + 0.75 log2(6/7), and log2(8/7), by half.
  EXPECT_NEAR(ValueOf(Compare(Numbers({1, 1, 1, kNaN}), Numbers({1, 1, 1, 1})), Measure::kJensenShannon), 0.13792538096,
              1e-10);
}

// By hand. Deciles of 1..10 are 1, 1, 2, 3, ... 10: a point at 1 (1 row) and bars of one row each between neighbours.
// 2..11 has its point at 2, and shares the bars from 2 to 10: cells (1, 0) at 1, (0, 1) at 2, (1, 0) from 1 to 2,
// (0, 1) from 10 to 11, and 8 equal ones.
TEST(Compare, ComparesDecilesWhereAsked) {
  std::vector<std::optional<double>> first, second;
  for (int i = 1; i <= 10; ++i) {
    first.emplace_back(i);
    second.emplace_back(i + 1);
  }
  const CompareOptions deciles{.jensen_shannon = Histograms::kDeciles};
  EXPECT_NEAR(ValueOf(Compare(Numbers(first), Numbers(second), deciles), Measure::kJensenShannon), 0.2, 1e-14);
  EXPECT_EQ(ValueOf(Compare(Numbers(first), Numbers(first), deciles), Measure::kJensenShannon), 0);
}

// By hand: of 1..6 and fourteen 7s, deciles 1, 2, 4, 6 and eight 7s: a bar from 6 to 7 with 14/7 rows and 12 in the
// point at 7. The other side is the same with 8s.
TEST(Compare, GivesRepeatedDecilesPointsOfTheirOwn) {
  std::vector<std::optional<double>> sevens{1, 2, 3, 4, 5, 6}, eights{1, 2, 3, 4, 5, 6};
  for (int i = 0; i < 14; ++i) {
    sevens.emplace_back(7);
    eights.emplace_back(8);
  }
  const Comparison comparison = Compare(Numbers(sevens), Numbers(eights), {.jensen_shannon = Histograms::kDeciles});
  // 6 rows are the same; (12, 0) at 7, (0, 12) at 8, (2, 1) from 6 to 7 and (0, 1) from 7 to 8, all of 20.
  const double p = 0.1, q = 0.05, m = 0.075;
  const double expected = (0.6 + 0.6 + p * std::log2(p / m) + q * std::log2(q / m) + 0.05) / 2;
  EXPECT_NEAR(ValueOf(comparison, Measure::kJensenShannon), expected, 1e-14);
}

TEST(Compare, GivesZeroForEqualDistributions) {
  for (const Distribution& same :
       {OracleNow(), Texts({{"a", 3}, {"b", 2}}), Numbers({7, 7}), Numbers({0, 0, 0}), Times({5, 6, 7})}) {
    const Comparison comparison = Compare(same, same);
    EXPECT_FALSE(comparison.distances.empty());
    for (const Distance& distance : comparison.distances) {
      EXPECT_EQ(distance.value, 0) << MeasureName(distance.measure);
      if (distance.p_value) {
        EXPECT_EQ(*distance.p_value, 1) << MeasureName(distance.measure);
      }
    }
    EXPECT_TRUE(comparison.contributors.empty());
  }
}

std::vector<std::optional<double>> RandomNumbers(std::mt19937_64& random) {
  std::vector<std::optional<double>> values(1 + random() % 300);
  const double scale = std::ldexp(1, static_cast<int>(random() % 40) - 20);
  const auto step = static_cast<int64_t>(1 + random() % 50);
  for (auto& value : values) {
    value = scale * static_cast<double>(static_cast<int64_t>(random() % 100) / step - 20);
    if (random() % 50 == 0) value = random() % 2 == 0 ? kNaN : random() % 2 == 0 ? kInfinity : -kInfinity;
    if (random() % 50 == 0) value = std::nullopt;
  }
  return values;
}

std::vector<ValueCount> RandomTexts(std::mt19937_64& random) {
  std::vector<ValueCount> values(1 + random() % 40);
  for (ValueCount& value : values) {
    value = {std::string(1, static_cast<char>('a' + random() % 26)), static_cast<int64_t>(1 + random() % 20)};
  }
  return values;
}

TEST(CompareLaws, SymmetricMeasuresAreSymmetricAndAllKeepTheirBounds) {
  std::mt19937_64 random(20260801);
  for (int round = 0; round < 400; ++round) {
    const bool numeric = round % 2 == 0;
    const Distribution first = numeric ? Numbers(RandomNumbers(random)) : Texts(RandomTexts(random));
    const Distribution second = numeric ? Numbers(RandomNumbers(random)) : Texts(RandomTexts(random));
    for (const Histograms histograms : {Histograms::kEqualWidth, Histograms::kDeciles}) {
      const Comparison forth = Compare(first, second, {.jensen_shannon = histograms});
      const Comparison back = Compare(second, first, {.jensen_shannon = histograms});
      for (const Distance& distance : forth.distances) {
        SCOPED_TRACE(MeasureName(distance.measure));
        EXPECT_GE(distance.value, 0);
        const bool unbounded =
            distance.measure == Measure::kPopulationStability || distance.measure == Measure::kWasserstein;
        if (!unbounded) {
          EXPECT_LE(distance.value, 1);
        }
        // These two look at the baseline's tenths and deviation.
        if (!unbounded || !numeric) {
          EXPECT_NEAR(distance.value, ValueOf(back, distance.measure), 1e-12);
        }
        if (distance.p_value) {
          EXPECT_TRUE(*distance.p_value >= 0 && *distance.p_value <= 1);
          EXPECT_NEAR(*distance.p_value, PValueOf(back, distance.measure), 1e-9);
        }
      }
    }
  }
}

TEST(CompareLaws, DoNotDependOnNamesOrUnits) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::optional<double>> first = RandomNumbers(random), second = RandomNumbers(random);
    const Comparison before = Compare(Numbers(first), Numbers(second));
    // A power of two, so that the buckets are the same ones in another place.
    for (auto* values : {&first, &second}) {
      for (auto& value : *values) value = value ? std::optional(*value * 0x1p-30) : std::nullopt;
    }
    const Comparison after = Compare(Numbers(first), Numbers(second));
    ASSERT_EQ(before.distances.size(), after.distances.size());
    for (const Distance& distance : before.distances) {
      EXPECT_NEAR(distance.value, ValueOf(after, distance.measure), 1e-12) << MeasureName(distance.measure);
    }

    std::vector<ValueCount> texts = RandomTexts(random), others = RandomTexts(random);
    const Comparison named = Compare(Texts(texts), Texts(others));
    // The same counts under names whose order is the opposite.
    for (auto* values : {&texts, &others}) {
      for (ValueCount& value : *values) value.value = std::string(1, static_cast<char>('z' - (value.value[0] - 'a')));
    }
    const Comparison renamed = Compare(Texts(texts), Texts(others));
    for (const Measure measure : {Measure::kLInfinity, Measure::kJensenShannon, Measure::kPopulationStability}) {
      EXPECT_NEAR(ValueOf(named, measure), ValueOf(renamed, measure), 1e-12) << MeasureName(measure);
    }
  }
}

TEST(Compare, ChiSquareDoesNotDependOnTheOrderOfValues) {
  std::mt19937_64 random(11);
  Distribution now, baseline;
  for (int i = 0; i < 300; ++i) {
    now.values.push_back({"v" + std::to_string(i), static_cast<int64_t>(random() % 30)});
    baseline.values.push_back({"v" + std::to_string(i * 2), static_cast<int64_t>(random() % 30)});
  }
  const Comparison before = Compare(now, baseline);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(now.values.begin(), now.values.end(), random);
    std::shuffle(baseline.values.begin(), baseline.values.end(), random);
    const Comparison after = Compare(now, baseline);
    EXPECT_NEAR(ValueOf(before, Measure::kChiSquare), ValueOf(after, Measure::kChiSquare), 1e-13);
    EXPECT_NEAR(PValueOf(before, Measure::kChiSquare), PValueOf(after, Measure::kChiSquare), 1e-12);
  }
}

// The level of the tests is what it says: of samples of one distribution, many values of it rare, hardly more than 5 %
// have a p-value below 5 %.
TEST(Compare, TestsKeepTheirLevel) {
  std::mt19937_64 random(3);
  int texts = 0, numbers = 0;
  constexpr int kRounds = 400;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::optional<double>> first, second;
    std::vector<ValueCount> words, others;
    for (int i = 0; i < 400; ++i) {
      // A geometric distribution: a few frequent values, a long tail.
      const auto draw = [&random] {
        return std::floor(-30 * std::log((static_cast<double>(random() >> 11) + 1) * 0x1p-53));
      };
      if (i < 200) first.emplace_back(draw());
      second.emplace_back(draw());
      if (i < 200) words.push_back({std::to_string(*first.back()), 1});
      others.push_back({std::to_string(*second.back()), 1});
    }
    if (PValueOf(Compare(Texts(words), Texts(others)), Measure::kChiSquare) < 0.05) ++texts;
    if (PValueOf(Compare(Numbers(first), Numbers(second)), Measure::kKolmogorovSmirnov) < 0.05) ++numbers;
  }
  EXPECT_LT(texts, kRounds * 0.08);
  EXPECT_GT(texts, kRounds * 0.02);
  EXPECT_LT(numbers, kRounds * 0.08);
}

TEST(Compare, SeesADifferenceInRareValues) {
  // 2,000 values, 2 rows each now; in the baseline the first half 6, the others 1.
  std::vector<ValueCount> now, baseline;
  for (int i = 0; i < 2000; ++i) {
    now.push_back({"v" + std::to_string(i), 2});
    baseline.push_back({"v" + std::to_string(i), i < 1000 ? 6 : 1});
  }
  EXPECT_LT(PValueOf(Compare(Texts(now), Texts(baseline)), Measure::kChiSquare), 1e-9);
}

TEST(Compare, KolmogorovSmirnovTakesNaNForTheGreatestValue) {
  const Distribution half = Numbers({1, kNaN});
  EXPECT_EQ(ValueOf(Compare(half, half), Measure::kKolmogorovSmirnov), 0);
  EXPECT_EQ(ValueOf(Compare(half, Numbers({1, 1})), Measure::kKolmogorovSmirnov), 0.5);
  EXPECT_EQ(ValueOf(Compare(half, Numbers({1, kInfinity})), Measure::kKolmogorovSmirnov), 0.5);
  EXPECT_EQ(ValueOf(Compare(Numbers({1, -kInfinity}), Numbers({1, 1})), Measure::kKolmogorovSmirnov), 0.5);
  EXPECT_EQ(ValueOf(Compare(Numbers({kNaN}), Numbers({1, 1})), Measure::kKolmogorovSmirnov), 1);
}

TEST(Compare, WassersteinIsInDeviationsOfTheBaseline) {
  // Moved by 3, in which the deviation is 1.
  EXPECT_NEAR(ValueOf(Compare(Numbers({4, 6}), Numbers({1, 3})), Measure::kWasserstein), 3, 1e-13);
  // Two constants: each is one deviation of both together away from the middle.
  EXPECT_NEAR(ValueOf(Compare(Numbers({4, 4}), Numbers({1})), Measure::kWasserstein), 2, 1e-13);
  // Infinities and NaN do not count, and nothing is left of some.
  EXPECT_NEAR(ValueOf(Compare(Numbers({4, 6, kNaN}), Numbers({1, 3, kInfinity})), Measure::kWasserstein), 3, 1e-13);
  EXPECT_EQ(Compare(Numbers({kNaN}), Numbers({1})).Find(Measure::kWasserstein), nullptr);
}

TEST(Compare, StaysFiniteAtTheEndsOfTheDoubles) {
  const Distribution huge = Numbers({-1.7e308, 1.7e308, 1e300});
  const Distribution tiny = Numbers({5e-324, 1e-300, -5e-324});
  for (const auto& [now, baseline] : {std::pair(huge, tiny), std::pair(tiny, huge), std::pair(huge, huge)}) {
    for (const Histograms histograms : {Histograms::kEqualWidth, Histograms::kDeciles}) {
      for (const Distance& distance : Compare(now, baseline, {.jensen_shannon = histograms}).distances) {
        EXPECT_TRUE(std::isfinite(distance.value)) << MeasureName(distance.measure);
      }
    }
  }
}

// Six months of days against a single one of them: the buckets of the six months are more than an hour wide.
TEST(Compare, TimesInBucketsOfDifferentWidthShowNoDifferenceThatIsNotThere) {
  constexpr int64_t kHour = 3'600'000'000;
  std::mt19937_64 random(5);
  std::vector<std::optional<int64_t>> coarse, fine;
  for (int i = 0; i < 200'000; ++i) coarse.emplace_back(static_cast<int64_t>(random() % (180 * 24)) * kHour + i);
  // A sample of the same hours: at most 4,096 of them, so that its buckets are single instants.
  for (int i = 0; i < 4'000; ++i) fine.emplace_back(static_cast<int64_t>(random() % (180 * 24)) * kHour);
  const Comparison comparison = Compare(Times(fine), Times(coarse));
  EXPECT_LT(ValueOf(comparison, Measure::kKolmogorovSmirnov), 0.03);
  EXPECT_GT(PValueOf(comparison, Measure::kKolmogorovSmirnov), 0.01);
  EXPECT_LT(ValueOf(comparison, Measure::kWasserstein), 0.05);
}

TEST(Compare, HasNoDistancesWhereASideHasNoValues) {
  const Comparison comparison = Compare(Numbers({std::nullopt, std::nullopt}), Numbers({1, std::nullopt, 3, 4}));
  EXPECT_TRUE(comparison.distances.empty());
  EXPECT_TRUE(comparison.contributors.empty());
  EXPECT_EQ(comparison.missing_share, 1);
  EXPECT_EQ(comparison.baseline_missing_share, 0.25);
}

TEST(Compare, LeavesMissingValuesOutOfTheShares) {
  const Comparison comparison = Compare(Texts({{"a", 1}, {"b", 1}}, 98), Texts({{"a", 2}, {"b", 2}}));
  EXPECT_EQ(ValueOf(comparison, Measure::kLInfinity), 0);
  EXPECT_EQ(comparison.missing_share, 0.98);
  EXPECT_EQ(comparison.baseline_missing_share, 0);
}

MATCHER_P3(IsContributor, value, share, baseline_share, "") {
  return arg.value == value && std::abs(arg.share - share) < 1e-12 &&
         std::abs(arg.baseline_share - baseline_share) < 1e-12;
}

TEST(Compare, NamesTheTextsThatDiffer) {
  const Comparison comparison =
      Compare(Texts({{"LWB", 10}, {"JFK", 50}, {"SFO", 40}}), Texts({{"JFK", 55}, {"SFO", 40}, {"AKN", 5}}));
  EXPECT_THAT(comparison.contributors, ElementsAre(IsContributor("LWB", 0.1, 0), IsContributor("JFK", 0.5, 0.55),
                                                   IsContributor("AKN", 0, 0.05)));
}

TEST(Compare, NamesAtMostTenValues) {
  std::vector<ValueCount> now, baseline;
  for (int i = 0; i < 50; ++i) {
    now.push_back({"n" + std::to_string(i), 50 - i});
    baseline.push_back({"b" + std::to_string(i), 1});
  }
  const Comparison comparison = Compare(Texts(now), Texts(baseline));
  ASSERT_EQ(comparison.contributors.size(), 10);
  EXPECT_EQ(comparison.contributors[0].value, "n0");
}

TEST(Compare, NamesRangesOfNumbersAndWhatLiesOutside) {
  std::vector<std::optional<double>> baseline, now;
  for (int i = 0; i < 100; ++i) {
    baseline.emplace_back(i);
    now.emplace_back(i < 40 ? 5 : i < 70 ? 1000 : i < 80 ? -7 : i < 85 ? kNaN : i < 90 ? -kInfinity : i);
  }
  EXPECT_THAT(Compare(Numbers(now), Numbers(baseline)).contributors,
              ElementsAre(IsContributor("0 to 9", 0.4, 0.1), IsContributor("above 99", 0.3, 0),
                          IsContributor("below 0", 0.15, 0), IsContributor("10 to 19", 0, 0.1),
                          IsContributor("20 to 29", 0, 0.1), IsContributor("30 to 39", 0, 0.1),
                          IsContributor("40 to 49", 0, 0.1), IsContributor("50 to 59", 0, 0.1),
                          IsContributor("60 to 69", 0, 0.1), IsContributor("70 to 79", 0, 0.1)));
}

TEST(Compare, NamesASingleNumberAsItself) {
  const Comparison comparison = Compare(Numbers({0, 0, 0, 9999}), Numbers({0, 0, 1, 1}));
  EXPECT_THAT(comparison.contributors, ElementsAre(IsContributor("1", 0, 0.5), IsContributor("0", 0.75, 0.5),
                                                   IsContributor("above 1", 0.25, 0)));
}

TEST(Compare, NamesTimesAsTimes) {
  constexpr int64_t kDay = 86'400'000'000;
  const Comparison comparison = Compare(Times({0, 0, 0, 40 * kDay}), Times({0, 0, 9 * kDay, 9 * kDay}));
  EXPECT_THAT(comparison.contributors, ElementsAre(IsContributor("1970-01-10T00:00:00Z", 0, 0.5),
                                                   IsContributor("1970-01-01T00:00:00Z", 0.75, 0.5),
                                                   IsContributor("above 1970-01-10T00:00:00Z", 0.25, 0)));
}

TEST(Compare, TakesTheRareValuesOfASketchForOneValue) {
  const Distribution now{.values = {{"a", 400}, {"b", 120}, {"c", 5}}, .exact = false, .others = 475};
  const Distribution baseline{.values = {{"a", 500}, {"d", 6}}, .exact = false, .others = 494};
  // "c" and "d" could be among the other side's others, "b" would have been seen.
  EXPECT_THAT(
      Compare(now, baseline).contributors,
      ElementsAre(IsContributor("b", 0.12, 0), IsContributor("a", 0.4, 0.5), IsContributor("other values", 0.48, 0.5)));
  // Lists that are exact are taken at their word.
  const Distribution exact{.values = {{"a", 500}, {"d", 500}}};
  EXPECT_THAT(Compare(now, exact).contributors,
              ElementsAre(IsContributor("d", 0, 0.5), IsContributor("other values", 0.475, 0),
                          IsContributor("b", 0.12, 0), IsContributor("a", 0.4, 0.5), IsContributor("c", 0.005, 0)));
}

TEST(MeasureNames, ReadBack) {
  for (const Measure measure : {Measure::kLInfinity, Measure::kChiSquare, Measure::kKolmogorovSmirnov}) {
    EXPECT_EQ(MeasureOf(MeasureName(measure)), measure);
  }
  EXPECT_EQ(MeasureOf("l_infinty"), std::nullopt);
}

}  // namespace
}  // namespace roost::profile
