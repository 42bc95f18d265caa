#include "schema/drift.h"

#include <cmath>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/special_functions.h"

namespace roost::schema {
namespace {

using column::BatchBuilder;
using profile::Measure;
using profile::Profile;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

std::vector<Measure> DriftedIn(const ColumnDrift& drift) {
  std::vector<Measure> measures;
  for (const DriftedMeasure& drifted : drift.drifted) measures.push_back(drifted.measure);
  return measures;
}

Profile ProfileOf(BatchBuilder& builder) {
  const column::OwnedBatch batch = builder.Build();
  Profile profile;
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  return profile;
}

using TextColumns = std::map<std::string, std::vector<std::optional<std::string>>>;

std::vector<std::optional<std::string>> Texts(int a, int b) {
  std::vector<std::optional<std::string>> texts(a, "a");
  texts.resize(a + b, "b");
  return texts;
}

Profile ProfileOf(const TextColumns& columns) {
  BatchBuilder builder;
  for (const auto& [name, texts] : columns) builder.Texts(name, texts);
  return ProfileOf(builder);
}

TEST(HolmAdjusted, MultipliesTheLeastByTheirNumberAndNeverFalls) {
  // By hand: 0.01 * 4, then max(0.04, 0.02 * 3), max(0.06, 0.03 * 2), max(0.06, 0.5).
  EXPECT_THAT(HolmAdjusted(std::vector{0.02, 0.5, 0.01, 0.03}), ElementsAre(0.06, 0.5, 0.04, 0.06));
  EXPECT_THAT(HolmAdjusted(std::vector{0.9, 0.4}), ElementsAre(0.9, 0.8));
  EXPECT_THAT(HolmAdjusted(std::vector{0.9, 0.6}), ElementsAre(1, 1));
  EXPECT_THAT(HolmAdjusted({}), IsEmpty());
}

TEST(FindDrift, ReportsWhatIsLargeAndSignificant) {
  const DriftLimits limits{{"x", {{Measure::kLInfinity, 0.1}, {Measure::kChiSquare, 0.9}}}};
  const auto drifts = FindDrift(ProfileOf({{"x", Texts(700, 300)}}), ProfileOf({{"x", Texts(500, 500)}}), limits);
  ASSERT_EQ(drifts.size(), 1);
  EXPECT_EQ(drifts[0].column, "x");
  EXPECT_EQ(drifts[0].comparability, Comparability::kCompared);
  EXPECT_LT(*drifts[0].adjusted_p_value, 1e-6);
  ASSERT_EQ(drifts[0].drifted.size(), 1);
  EXPECT_EQ(drifts[0].drifted[0].measure, Measure::kLInfinity);
  EXPECT_NEAR(drifts[0].drifted[0].value, 0.2, 1e-12);
  EXPECT_EQ(drifts[0].drifted[0].limit, 0.1);
}

TEST(FindDrift, ForgivesInSmallDataWhatComesByChance) {
  const DriftLimits limits{{"x", {{Measure::kLInfinity, 0.1}}}};
  const auto drifts = FindDrift(ProfileOf({{"x", Texts(7, 3)}}), ProfileOf({{"x", Texts(5, 5)}}), limits);
  EXPECT_THAT(drifts[0].drifted, IsEmpty());
  EXPECT_GT(*drifts[0].adjusted_p_value, 0.05);
}

TEST(FindDrift, ForgivesInLargeDataWhatIsSmall) {
  const DriftLimits limits{{"x", {{Measure::kLInfinity, 0.1}}}};
  // A thousand rows, and again as many twenty times.
  const auto millions = [](int a, int b) {
    Profile profile = ProfileOf({{"x", Texts(a, b)}});
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(profile.Merge(Profile(profile)).ok());
    EXPECT_EQ(profile.rows(), int64_t{a + b} << 20);
    return profile;
  };
  const auto drifts = FindDrift(millions(510, 490), millions(500, 500), limits);
  EXPECT_THAT(drifts[0].drifted, IsEmpty());
  EXPECT_LT(*drifts[0].adjusted_p_value, 1e-12);
}

TEST(FindDrift, AdjustsForTheNumberOfColumns) {
  // p = 0.0047 by itself.
  const std::vector<std::optional<std::string>> now = Texts(58, 42), baseline = Texts(38, 62);
  const MeasureLimits limits{{Measure::kLInfinity, 0.1}};
  EXPECT_THAT(DriftedIn(FindDrift(ProfileOf({{"x", now}}), ProfileOf({{"x", baseline}}), {{"x", limits}})[0]),
              ElementsAre(Measure::kLInfinity));
  TextColumns many_now{{"x", now}}, many_baseline{{"x", baseline}};
  DriftLimits many_limits{{"x", limits}};
  for (int i = 0; i < 20; ++i) {
    const std::string name = "y" + std::to_string(i);
    many_now[name] = many_baseline[name] = Texts(50, 50);
    many_limits[name] = limits;
  }
  for (const ColumnDrift& drift : FindDrift(ProfileOf(many_now), ProfileOf(many_baseline), many_limits)) {
    EXPECT_THAT(drift.drifted, IsEmpty()) << drift.column;
  }
  many_limits.erase("x");
  EXPECT_EQ(FindDrift(ProfileOf(many_now), ProfileOf(many_baseline), many_limits).size(), 20)
      << "columns without limits are not judged";
}

// The law of the budget, with no limits on the size: of unchanged datasets of 12 columns, at most 5 % have any drift
// (and more than none, or the test says nothing).
TEST(FindDrift, KeepsFalseAlarmsWithinTheBudget) {
  std::mt19937_64 random(1);
  int alarms = 0;
  constexpr int kRounds = 400;
  for (int round = 0; round < kRounds; ++round) {
    TextColumns now, baseline;
    DriftLimits limits;
    for (int column = 0; column < 12; ++column) {
      const std::string name = "c" + std::to_string(column);
      for (TextColumns* side : {&now, &baseline}) {
        for (int row = 0; row < 200; ++row) {
          (*side)[name].push_back(std::to_string(std::min(random() % 10, random() % 10)));
        }
      }
      limits[name] = {{Measure::kLInfinity, 0}};
    }
    bool any = false;
    for (const ColumnDrift& drift : FindDrift(ProfileOf(now), ProfileOf(baseline), limits))
      any = any || !drift.drifted.empty();
    alarms += any ? 1 : 0;
  }
  EXPECT_LE(alarms, kRounds * 0.075);
  EXPECT_GT(alarms, 0);
}

TEST(FindDrift, TellsWhyAColumnWasNotCompared) {
  const std::vector<std::optional<std::string>> texts = Texts(5, 5);
  const std::vector<std::optional<std::string>> nulls(10);
  BatchBuilder builder;
  builder.Texts("added", texts).Numbers("changed", std::vector<std::optional<double>>(10, 1.0)).Texts("emptied", nulls);
  const MeasureLimits limits{{Measure::kJensenShannon, 0.1}};
  const auto drifts =
      FindDrift(ProfileOf(builder), ProfileOf({{"changed", texts}, {"emptied", texts}, {"gone", texts}}),
                {{"added", limits}, {"changed", limits}, {"emptied", limits}, {"gone", limits}});
  ASSERT_EQ(drifts.size(), 4);
  EXPECT_EQ(drifts[0].comparability, Comparability::kNotInBaseline);
  EXPECT_EQ(drifts[1].comparability, Comparability::kOtherKind);
  EXPECT_EQ(drifts[2].comparability, Comparability::kNoValues);
  EXPECT_EQ(drifts[2].comparison.missing_share, 1);
  EXPECT_EQ(drifts[3].comparability, Comparability::kNotInData);
  for (const ColumnDrift& drift : drifts) {
    EXPECT_THAT(drift.drifted, IsEmpty());
    EXPECT_FALSE(drift.adjusted_p_value);
  }
}

TEST(FindDrift, ComparesDecilesWhereAsked) {
  BatchBuilder first, second;
  std::vector<std::optional<double>> values, with_outlier;
  for (int i = 0; i < 100; ++i) values.emplace_back(i % 50);
  with_outlier = values;
  with_outlier[0] = 1e6;
  const Profile now = ProfileOf(first.Numbers("x", with_outlier));
  const Profile baseline = ProfileOf(second.Numbers("x", values));
  const DriftLimits limits{{"x", {{Measure::kJensenShannon, 0.2}}}};
  const auto bars = FindDrift(now, baseline, limits);
  const auto deciles = FindDrift(now, baseline, limits, {.deciles = {"x"}});
  // One outlier makes bars of equal width useless; deciles hardly see it.
  EXPECT_GT(bars[0].comparison.Find(Measure::kJensenShannon)->value, 0.9);
  EXPECT_LT(deciles[0].comparison.Find(Measure::kJensenShannon)->value, 0.2);
}

// Delays of one month: a skewed distribution whose tail changes from month to month.
Profile Month(uint64_t seed, double scale, double unit = 1) {
  std::mt19937_64 random(seed);
  std::vector<std::optional<int64_t>> delays, times;
  std::vector<std::optional<std::string>> airports, tickets;
  for (int i = 0; i < 5000; ++i) {
    const double uniform = (static_cast<double>(random() >> 11) + 1) * 0x1p-53;
    delays.emplace_back(static_cast<int64_t>(std::round((-30 * scale * std::log(uniform) - 10) / unit)));
    airports.emplace_back("A" + std::to_string(std::min(random() % 30, random() % 30)));
    tickets.emplace_back("T" + std::to_string(random()));
    times.emplace_back(static_cast<int64_t>(seed) * 2'678'400'000'000 + i * 500'000'000LL);
  }
  BatchBuilder builder;
  return ProfileOf(
      builder.Integers("delay", delays).Texts("airport", airports).Texts("ticket", tickets).Times("time", times));
}

TEST(ChangesByNature, HoldsForTimesKeysAndNames) {
  using profile::ColumnSummary;
  EXPECT_TRUE(ChangesByNature({.type = column::Type::kTimestamp}));
  ColumnSummary number{.type = column::Type::kInt64, .rows = 10, .distinct = 10, .number = profile::NumberSummary()};
  EXPECT_FALSE(ChangesByNature(number));
  number.number->order = profile::OrderSummary{.rises = 9};
  EXPECT_TRUE(ChangesByNature(number));
  number.number->order->repeats = 1;
  EXPECT_FALSE(ChangesByNature(number));
  ColumnSummary text{.type = column::Type::kString, .rows = 110, .missing = 10, .distinct = 51};
  text.text = profile::TextSummary();
  EXPECT_TRUE(ChangesByNature(text));
  text.distinct = 50;
  EXPECT_FALSE(ChangesByNature(text));
}

TEST(InferDriftLimits, AreTheDefaultsWithoutAHistory) {
  const Profile month = Month(1, 1);
  const std::vector<const Profile*> versions{&month};
  EXPECT_THAT(InferDriftLimits(versions),
              ElementsAre(testing::Pair("airport", ElementsAre(testing::Pair(Measure::kLInfinity, 0.1),
                                                               testing::Pair(Measure::kJensenShannon, 0.25),
                                                               testing::Pair(Measure::kPopulationStability, 0.25),
                                                               testing::Pair(Measure::kChiSquare, 0.2))),
                          testing::Pair("delay", ElementsAre(testing::Pair(Measure::kJensenShannon, 0.25),
                                                             testing::Pair(Measure::kPopulationStability, 0.25),
                                                             testing::Pair(Measure::kWasserstein, 0.35),
                                                             testing::Pair(Measure::kKolmogorovSmirnov, 0.2)))));
  EXPECT_THAT(InferDriftLimits({}), IsEmpty());
}

// By hand, texts "a" and "b" with shares of "a" of 0.5, 0.6, 0.4, 0.7, 0.5: L-infinity 0.1, 0.2, 0.3, 0.2.
TEST(InferDriftLimits, AreUpperPredictionBoundsOfTheHistory) {
  std::vector<Profile> profiles;
  for (const int share : {50, 60, 40, 70, 50}) {
    std::vector<std::optional<std::string>> values(share, "a");
    values.resize(100, "b");
    BatchBuilder builder;
    profiles.push_back(ProfileOf(builder.Texts("x", values)));
  }
  std::vector<const Profile*> versions;
  for (const Profile& profile : profiles) versions.push_back(&profile);
  // Four limits; mean 0.2, standard deviation sqrt(0.02 / 3).
  const double bound = 0.2 + profile::StudentQuantile(1 - 0.05 / 4, 3) * std::sqrt(0.02 / 3) * std::sqrt(1 + 1.0 / 4);
  const double limit = InferDriftLimits(versions).at("x").at(Measure::kLInfinity);
  EXPECT_GE(limit, bound);
  EXPECT_LT(limit, bound + 0.01);
  EXPECT_EQ(limit, std::round(limit * 100) / 100) << "two digits";
  // A budget that is hardly ever to be used up would set the limit out of reach: three times 0.3 is the most.
  EXPECT_EQ(InferDriftLimits(versions, 1e-6).at("x").at(Measure::kLInfinity), 0.9);
  // One distance: three times 0.1. Smaller distances leave the default.
  EXPECT_EQ(InferDriftLimits(std::span(versions).first(2)).at("x").at(Measure::kLInfinity), 0.3);
  const std::vector<const Profile*> same{versions[0], versions[0], versions[0]};
  EXPECT_EQ(InferDriftLimits(same).at("x").at(Measure::kLInfinity), 0.1);
}

TEST(InferDriftLimits, LeaveOutMeasuresThatCouldNotExceedThem) {
  std::vector<Profile> profiles;
  for (const std::string value : {"a", "b", "c"}) {
    BatchBuilder builder;
    profiles.push_back(ProfileOf(builder.Texts("x", std::vector<std::optional<std::string>>(100, value))));
  }
  const std::vector<const Profile*> versions{&profiles[0], &profiles[1], &profiles[2]};
  EXPECT_THAT(InferDriftLimits(versions).at("x"), UnorderedElementsAre(Key(Measure::kPopulationStability)));
}

// The hard case: a change of the unit that no type shows, beside months that vary as they always did.
TEST(InferDriftLimits, PassTheUsualMonthAndRefuseAnotherUnit) {
  std::vector<Profile> profiles;
  const double scales[] = {1, 1.15, 0.9, 1.1};
  for (int i = 0; i < 4; ++i) profiles.push_back(Month(i + 1, scales[i]));
  std::vector<const Profile*> versions;
  for (const Profile& profile : profiles) versions.push_back(&profile);
  const DriftLimits limits = InferDriftLimits(versions);
  EXPECT_THAT(limits, UnorderedElementsAre(Key("airport"), Key("delay")));
  for (const ColumnDrift& drift : FindDrift(Month(5, 0.95), profiles.back(), limits)) {
    EXPECT_THAT(drift.drifted, IsEmpty()) << drift.column;
  }
  const auto drifts = FindDrift(Month(5, 0.95, 60), profiles.back(), limits);
  EXPECT_THAT(drifts[0].drifted, IsEmpty()) << drifts[0].column;
  EXPECT_THAT(DriftedIn(drifts[1]), testing::IsSupersetOf({Measure::kPopulationStability, Measure::kWasserstein,
                                                           Measure::kKolmogorovSmirnov}));
  // What a person sees: the first tenths are crowded, the others empty.
  EXPECT_GT(drifts[1].comparison.contributors[0].share, 0.3);
}

}  // namespace
}  // namespace roost::schema
